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
    "VoxEngine.getSecretValue": [1, ""],
    "VoxEngine.callSIP": [8, "Call"],
    "VoxEngine.callUser": [6, "Call"],
    "VoxEngine.callConference": [5, "Call"],
    "VoxEngine.callUserDirect": [5, "Call"],
    "trace": [1, ""],
    "Deepgram.createVoiceAgentClient": [1, "Deepgram.VoiceAgentClient"],
    "ElevenLabs.createConversationalAIClient": [1, "ElevenLabs.AgentsClient"],
    "Cartesia.createAgentsClient": [1, ""],
    "Google.createRealtimeTTSPlayer": [1, "Player"],
    "Grok.createVoiceAgentAPIClient": [1, "Grok.VoiceAgentAPIClient"],
    "Inworld.createRealtimeAPIClient": [1, ""],
    "Inworld.createRealtimeTTSPlayer": [1, "Player"],
    "MCP.createClient": [1, "MCP.Client"],
    "OpenAI.createChatCompletionsAPIClient": [1, ""],
    "OpenAI.createResponsesAPIClient": [1, ""],
    "Pipecat.createTurnDetector": [1, "Pipecat.TurnDetector"],
    "Silero.createVAD": [1, "Silero.VAD"],
    "VoxTTS.createRealtimeTTSPlayer": [1, ""],
    "XAI.createRealtimeTTSPlayer": [1, ""],
}

_LISTENERS: Final = {"addEventListener": [2, ""], "removeEventListener": [2, ""]}
_CLIENT: Final = {
    "id": [0, ""],
    "webSocketId": [0, ""],
    "close": [0, ""],
    "sendMediaTo": [2, ""],
    "stopMediaTo": [1, ""],
    "clearMediaBuffer": [1, ""],
    **_LISTENERS,
}
_DETECTOR: Final = {"id": [0, ""], "webSocketId": [0, ""], "close": [0, ""], "reset": [0, ""], **_LISTENERS}

CLASSES: Final[dict[str, dict[str, list[Any]]]] = {
    "Deepgram.VoiceAgentClient": {
        **_CLIENT,
        "sendInjectUserMessage": [1, ""],
        "sendInjectAgentMessage": [1, ""],
        "sendUpdatePrompt": [1, ""],
        "sendUpdateSpeak": [1, ""],
        "sendFunctionCallResponse": [1, ""],
    },
    "Grok.VoiceAgentAPIClient": {
        **_CLIENT,
        "sessionUpdate": [1, ""],
        "conversationItemCreate": [1, ""],
        "inputAudioBufferClear": [1, ""],
        "responseCreate": [1, ""],
    },
    "MCP.Client": {"id": [0, ""], "close": [0, ""], "listTools": [1, ""], "callTool": [1, ""], **_LISTENERS},
    "Net.HttpRequestOptions": {
        name: [0, ""] for name in ("method", "headers", "postData", "params", "rawOutput", "timeout")
    },
    "Pipecat.TurnDetector": {**_DETECTOR, "predict": [0, ""]},
    "Silero.VAD": dict(_DETECTOR),
}

MORE_METHODS: Final[dict[str, dict[str, list[Any]]]] = {
    "Call": {
        "monitorMediaStatistics": [1, ""],
        # Used by the vendor's own easyprocess.js.
        "reInvite": [3, ""],
        "acceptReInvite": [3, ""],
        "rejectReInvite": [2, ""],
        "is_conf": [0, ""],
    },
    "OpenAI.RealtimeAPIClient": {"inputAudioBufferCommit": [1, ""]},
    "Ultravox.WebSocketAPIClient": {
        "userTextMessage": [1, ""],
        "hangUp": [1, ""],
        "forcedAgentMessage": [1, ""],
        "dataConnectionToolResult": [1, ""],
    },
}

MORE_MEMBERS: Final[dict[str, dict[str, Any]]] = {
    "CallEvents": {"MediaStatisticsReceived": "Call.MediaStatisticsReceived"},
    "PlayerEvents": {"AudioChunksPlaybackFinished": "Player.AudioChunksPlaybackFinished"},
    "AMD.Model": {"ES": "es"},
    "Gemini.LiveAPIEvents": {"SetupComplete": "Gemini.LiveAPI.SetupComplete"},
    "Ultravox.WebSocketAPIEvents": {
        "DataConnectionToolInvocation": "Ultravox.WebSocketAPI.DataConnectionToolInvocation"
    },
}

RETIRED: Final = {
    "ElevenLabs.createConversationalAIClient": "ElevenLabs.createAgentsClient",
    "ElevenLabs.ConversationalAIEvents": "ElevenLabs.AgentsEvents",
    "ElevenLabs.ConversationalAIClient": "ElevenLabs.AgentsClient",
}
"""Old names that still work, and the names of today."""
