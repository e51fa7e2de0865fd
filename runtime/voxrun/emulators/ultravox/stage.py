"""Call stages: a tool's result that changes the call's properties. Pure."""

from __future__ import annotations

import json

from msgspec.structs import replace

from voxrun.emulators.ultravox.call_config import CallConfig
from voxrun.emulators.ultravox.tools import read_tools
from voxrun.emulators.ultravox.values import Invalid, optional_text


def next_stage(config: CallConfig, result: str) -> tuple[CallConfig, str, str]:
    """The config of the new stage, the result text for the agent, and what is wrong ("" when nothing).

    ``result`` is a JSON object of changed properties; what it does not name stays.
    """
    try:
        changes = json.loads(result)
    except (ValueError, RecursionError):
        return config, "", "the result of a new-stage answer must be JSON"
    if not isinstance(changes, dict):
        return config, "", "the result of a new-stage answer must be a JSON object"
    try:
        selected = changes.get("selectedTools")
        tools = config.tools if selected is None else read_tools(selected)
        return (
            replace(
                config,
                system_prompt=optional_text(changes, "systemPrompt") or config.system_prompt,
                voice=optional_text(changes, "voice") or config.voice,
                language=optional_text(changes, "languageHint") or config.language,
                tools=tools,
            ),
            optional_text(changes, "toolResultText") or "OK",
            "",
        )
    except Invalid as error:
        return config, "", f"new stage: {error}"
