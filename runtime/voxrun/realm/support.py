"""Members of the platform's API that do not, or do not wholly, do here what they do there.

Read by the coverage table (docs/coverage.md) and by ``voxrun check``. Names are dotted ("Call.record",
"CallEvents.VideoTrackCreated"). A member that is only not built yet needs no entry: that is found out by
looking.
"""

from __future__ import annotations

from typing import Final

_QUEUES: Final = "call queues and their operators are a service of the platform"
_VIDEO: Final = "voxrun carries audio only"
_MUSIC: Final = "the platform identifies music with a service of its own"
_STREAMS: Final = "streaming to a video platform needs video, and voxrun carries audio only"

NOT_HERE: Final[dict[str, str]] = {
    "ACDEvents": _QUEUES,
    "ACDRequest": _QUEUES,
    "CCAI": "Google's contact center is reached through the platform only",
    "CallEvents.AudioIdentificationError": _MUSIC,
    "CallEvents.AudioIdentificationResult": _MUSIC,
    "CallEvents.AudioIdentificationStarted": _MUSIC,
    "CallEvents.AudioIdentificationStopped": _MUSIC,
    "CallEvents.FirstVideoPacketReceived": _VIDEO,
    "CallEvents.Forwarding": "nothing is known of when the platform raises it",
    "CallEvents.Statistics": "the platform has retired it: use CallEvents.MediaStatisticsReceived",
    "CallEvents.VideoTrackCreated": _VIDEO,
    "Modules.ACD": _QUEUES,
    "Modules.Avatar": "avatars live on the platform",
    "Modules.SmartQueue": _QUEUES,
    "Modules.StreamingAgent": _STREAMS,
    "Modules.VoximplantAPI": "it manages an account of the platform",
    "MeasurementProtocol": "Google Analytics no longer takes its messages",
    "Net.sendMail": "voxrun sends no mail",
    "Net.sendMailAsync": "voxrun sends no mail",
    "SmartQueueEvents": _QUEUES,
    "SmartQueueTask": _QUEUES,
    "StreamingAgent": _STREAMS,
    "StreamingAgentEvents": _STREAMS,
    "VoxEngine.createStreamingAgent": _STREAMS,
    "VoxEngine.enqueueACDRequest": _QUEUES,
    "VoxEngine.enqueueTask": _QUEUES,
    "VoximplantAPI": "it manages an account of the platform",
    "VoximplantAvatar": "avatars live on the platform",
}
"""Will not come: the name of a member, or of the namespace, class or enum that holds it -> why.

A module in it can be required, so that scenarios get to the line that needs it."""

PARTLY: Final[dict[str, str]] = {
    "AI.detectVoicemail": "decided by cadence and beeps, whatever the model (docs/fidelity.md)",
    "AMD.create": "decided by cadence and beeps, whatever the model (docs/fidelity.md)",
    "Call.transferTo": "calls from browsers cannot be transferred: they give TransferFailed",
    "Call.reInvite": "calls from browsers take no re-INVITE: they give ReInviteRejected",
    "Call.answer": "the parameters for video and audio levels are ignored",
    "VoxEngine.createASR": "of the provider's own options only phrases to expect count: phraseHints, dict, "
    "speechContexts, adaptation",
    "Conference.add": "no video: mode FORWARD gives the mix, like MIX",
    "Endpoint.manageEndpoint": "no video: there are no streams to choose from",
    "PhoneNumber.getInfo": "location is the country, without city or state",
    "Call.record": "expire, secure and provider change nothing here, and video is not recorded",
    "VoxEngine.createRecorder": "expire, secure and provider change nothing here, and video is not recorded",
    "ConferenceRecorder.setPriority": "it arranges pictures, and recordings here have audio only",
    "ConferenceRecorder.update": "it arranges pictures, and recordings here have audio only",
}
"""Works, with what is missing."""

IGNORED: Final[dict[str, tuple[str, ...]]] = {
    "Call.answer": ("audioLevelExtension", "mixStreams"),
    "Call.record": ("provider", "expire", "secure", "video", "videoParameters"),
    "VoxEngine.createRecorder": ("provider", "expire", "secure", "video", "videoParameters"),
    "VoxEngine.createTTSPlayer": ("request", "apiKey"),
    "Call.say": ("request",),
    "VoxEngine.callSIP": ("video", "regId"),
    "VoxEngine.callUser": ("video", "analyticsLabel"),
    "VoxEngine.callUserDirect": ("video", "analyticsLabel"),
    "Net.httpRequest": ("enableSystemLog",),
    "Net.httpRequestAsync": ("enableSystemLog",),
}
"""Options that are taken and have no effect: ``voxrun check`` says so where one is written."""


def not_here(name: str) -> str:
    """Why a member will not come, "" for those that may."""
    while name:
        if name in NOT_HERE:
            return NOT_HERE[name]
        name = name.rpartition(".")[0]
    return ""
