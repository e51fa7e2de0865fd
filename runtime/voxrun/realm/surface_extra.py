"""What the API facts do not hold: names that are newer, and older ones that scenarios still use.

Used by ``voxrun.realm.make_surface`` alone; the shapes are those of ``surface.json`` explained there.
"""

from __future__ import annotations

from typing import Any, Final

LENIENT: Final = (
    "VoiceList",
    "Language",
    "ASRLanguage",
    "ASRProfileList",
    "ASRModelList",
    "DialogflowLanguage",
)
"""Lookups by names that come and go with the providers: any member is taken (``js/voices.js``)."""

OPEN: Final = (
    "Deepgram",
    "Google",
    "Grok",
    "Inworld",
    "MCP",
    "Pipecat",
    "Silero",
    "VoxTTS",
    "XAI",
    "Cartesia.AgentsEvents",
    "Cartesia.Events",
    "OpenAI.ChatCompletionsAPIEvents",
    "OpenAI.ResponsesAPIEvents",
    "VoximplantAPI",
)
"""Namespaces and enums that hold more than is known here: any member passes a check."""

MODULES: Final = {
    "Deepgram": "deepgram",
    "Google": "google",
    "Grok": "grok",
    "Inworld": "inworld",
    "MCP": "mcp",
    "Pipecat": "pipecat",
    "Silero": "silero",
    "VoxTTS": "voxtts",
    "XAI": "xai",
    # Not in the typings, required by scenarios in production nevertheless.
    "AMD": "amd",
    "CallList": "calllist",
    "Net": "net",
    "Player": "player",
    "WebSocket": "websocket",
}

MODULE_OF: Final = {
    "AI": "AI",
    "ApplicationStorage": "ApplicationStorage",
    "Cartesia": "Cartesia",
    "Deepgram": "Deepgram",
    "ElevenLabs": "ElevenLabs",
    "Gemini": "Gemini",
    "Google": "Google",
    "Grok": "Grok",
    "Inworld": "Inworld",
    "IVR": "IVR",
    "MCP": "MCP",
    "OpenAI": "OpenAI",
    "Pipecat": "Pipecat",
    "Silero": "Silero",
    "Ultravox": "Ultravox",
    "VoximplantAPI": "VoximplantAPI",
    "VoximplantAvatar": "Avatar",
    "VoxTTS": "VoxTTS",
    "XAI": "XAI",
    "Yandex": "Yandex",
}
"""The member of Modules that a namespace needs; a namespace that is absent here needs none.

AMD and CallList stand outside: the typings have no such module, and scenarios get by without it."""

FUNCTIONS: Final[dict[str, list[Any]]] = {
    "VoxEngine.getSecretValue": [1, "", 1],
    "VoxEngine.callSIP": [8, "Call", 1],
    "VoxEngine.callUser": [6, "Call", 1],
    "VoxEngine.callConference": [5, "Call", 3],
    "VoxEngine.callUserDirect": [5, "Call", 2],
    "trace": [1, "", 1],
    "Deepgram.createVoiceAgentClient": [1, "Deepgram.VoiceAgentClient", 1],
    "ElevenLabs.createConversationalAIClient": [1, "ElevenLabs.AgentsClient", 1],
    "Cartesia.createAgentsClient": [1, "", 1],
    "Google.createRealtimeTTSPlayer": [1, "Player", 1],
    "Grok.createVoiceAgentAPIClient": [1, "Grok.VoiceAgentAPIClient", 1],
    "Inworld.createRealtimeAPIClient": [1, "", 1],
    "Inworld.createRealtimeTTSPlayer": [1, "Player", 1],
    "MCP.createClient": [1, "MCP.Client", 1],
    "OpenAI.createChatCompletionsAPIClient": [1, "", 1],
    "OpenAI.createResponsesAPIClient": [1, "", 1],
    "Pipecat.createTurnDetector": [1, "Pipecat.TurnDetector", 1],
    "Silero.createVAD": [1, "Silero.VAD", 1],
    "VoxTTS.createRealtimeTTSPlayer": [1, "", 1],
    "XAI.createRealtimeTTSPlayer": [1, "", 1],
}

_LISTENERS: Final = {"addEventListener": [2, "", 0], "removeEventListener": [2, "", 0]}
_CLIENT: Final = {
    "id": [0, "", 0],
    "webSocketId": [0, "", 0],
    "close": [0, "", 0],
    "sendMediaTo": [2, "", 0],
    "stopMediaTo": [1, "", 0],
    "clearMediaBuffer": [1, "", 0],
    **_LISTENERS,
}
_DETECTOR: Final = {
    "id": [0, "", 0],
    "webSocketId": [0, "", 0],
    "close": [0, "", 0],
    "reset": [0, "", 0],
    **_LISTENERS,
}

CLASSES: Final[dict[str, dict[str, list[Any]]]] = {
    "Deepgram.VoiceAgentClient": {
        **_CLIENT,
        "sendInjectUserMessage": [1, "", 0],
        "sendInjectAgentMessage": [1, "", 0],
        "sendUpdatePrompt": [1, "", 0],
        "sendUpdateSpeak": [1, "", 0],
        "sendFunctionCallResponse": [1, "", 0],
    },
    "Grok.VoiceAgentAPIClient": {
        **_CLIENT,
        "sessionUpdate": [1, "", 0],
        "conversationItemCreate": [1, "", 0],
        "inputAudioBufferClear": [1, "", 0],
        "responseCreate": [1, "", 0],
    },
    "MCP.Client": {
        "id": [0, "", 0],
        "close": [0, "", 0],
        "listTools": [1, "", 0],
        "callTool": [1, "", 0],
        **_LISTENERS,
    },
    "Net.HttpRequestOptions": {
        name: [-1, ""] for name in ("method", "headers", "postData", "params", "rawOutput", "timeout")
    },
    "Pipecat.TurnDetector": {**_DETECTOR, "predict": [0, "", 0]},
    "Silero.VAD": dict(_DETECTOR),
}

MORE_METHODS: Final[dict[str, dict[str, list[Any]]]] = {
    "Call": {
        "monitorMediaStatistics": [1, "", 0],
        # Old and newer forms take more.
        "say": [3, "", 1],
        "stopMediaTo": [2, "", 1],
        # Used by the vendor's own easyprocess.js.
        "reInvite": [3, "", 0],
        "acceptReInvite": [3, "", 0],
        "rejectReInvite": [2, "", 0],
        "is_conf": [-1, ""],
        # Retired, and still in use.
        "detectProgressTone": [1, "", 0],
        "detectVoicemailTone": [2, "", 0],
    },
    "OpenAI.RealtimeAPIClient": {"inputAudioBufferCommit": [1, "", 0]},
    "Ultravox.WebSocketAPIClient": {
        "userTextMessage": [1, "", 0],
        "hangUp": [1, "", 0],
        "forcedAgentMessage": [1, "", 0],
        "dataConnectionToolResult": [1, "", 0],
    },
}

MORE_MEMBERS: Final[dict[str, dict[str, Any]]] = {
    "CallEvents": {
        "MediaStatisticsReceived": "Call.MediaStatisticsReceived",
        "VoicemailToneDetected": "Call.VoicemailToneDetected",
        "VoicemailToneNotDetected": "Call.VoicemailToneNotDetected",
    },
    "PlayerEvents": {"AudioChunksPlaybackFinished": "Player.AudioChunksPlaybackFinished"},
    "AMD.Model": {"ES": "es"},
    "Gemini.LiveAPIEvents": {"SetupComplete": "Gemini.LiveAPI.SetupComplete"},
    "Ultravox.WebSocketAPIEvents": {
        "DataConnectionToolInvocation": "Ultravox.WebSocketAPI.DataConnectionToolInvocation"
    },
}

RETIRED: Final = {
    "VoxEngine.CallList": "CallList",
    "VoxEngine.RecordExpireTime": "RecordExpireTime",
    "ElevenLabs.createConversationalAIClient": "ElevenLabs.createAgentsClient",
    "ElevenLabs.ConversationalAIEvents": "ElevenLabs.AgentsEvents",
    "ElevenLabs.ConversationalAIClient": "ElevenLabs.AgentsClient",
}
"""Old names that still work, and the names of today."""
