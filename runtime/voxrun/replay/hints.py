"""Why a call may have gone wrong: what a person who knows the platform would look at first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from voxrun.emulators.ultravox.mind import Mind
from voxrun.replay.outcome import Outcome
from voxrun.replay.script import Incoming
from voxrun.replay.texts import similarity, words
from voxrun.replay.timeline import Moment

GIVING_UP: Final = ("call.reject", "call.hangup")


def hints(outcome: Outcome) -> list[str]:
    """Plain sentences, the most likely reason first."""
    found = list(_not_answered(outcome))
    if not found:
        found = [*_foreign_voice(outcome), *_media(outcome), *_vocabulary(outcome)]
    return [*found, *outcome.hints, *(f"the local voice AI says: {note}" for note in outcome.notes)]


def _not_answered(outcome: Outcome) -> Iterator[str]:
    caller = isinstance(outcome.script.call, Incoming)
    # What came after the failure is the call being cleared away.
    until = outcome.failure.moments if outcome.failure else None
    moments = outcome.timeline.moments[:until]
    kinds = {moment.kind for moment in moments if moment.who == "caller"}
    # The platform rejects by itself what nobody answers for a minute.
    refused = any(moment.kind == "command" and moment.text in GIVING_UP for moment in moments)
    if caller and not refused and not kinds & {"answered", "early_media"}:
        yield "the scenario never answered the call (call.answer())"


def _media(outcome: Outcome) -> Iterator[str]:
    """Which way audio was never connected."""
    commands = [moment for moment in outcome.timeline.moments if moment.kind == "command"]
    clients = {str(m.data["$id"]) for m in commands if m.text == "connector.create"}
    if not clients:
        return
    edges = [(str(m.data["$id"]), str(m.data.get("to"))) for m in commands if m.text == "media.connect"]
    if not any(target in clients for _, target in edges):
        yield (
            "the agent is deaf: the scenario never sends a call's audio to it "
            "(VoxEngine.sendMediaBetween(call, client), or call.sendMediaTo(client))"
        )
    if not any(source in clients for source, _ in edges):
        yield (
            "nobody hears the agent: the scenario never sends its audio to a call "
            "(VoxEngine.sendMediaBetween(call, client), or client.sendMediaTo(call))"
        )


def _foreign_voice(outcome: Outcome) -> Iterator[str]:
    wish = outcome.failure.wish if outcome.failure else None
    if outcome.ai == "cloud" and wish is not None and wish.kind == "caller_hears":
        yield (
            "of the voice AI in the cloud only its own transcript is known, its voice is not one of ours: "
            "expect agent_says"
        )


def _vocabulary(outcome: Outcome) -> Iterator[str]:
    """Phrases that were said and that the agent has no rule for."""
    agent = outcome.script.agent
    if agent is None or not agent.rules or outcome.ai == "cloud":
        return
    phrases = Mind(agent).phrases
    known = {" ".join(words(phrase)) for phrase in phrases}
    for moment in outcome.timeline.moments:
        if moment.kind == "said" and not _is_file(moment) and " ".join(words(moment.text)) not in known:
            near = max(phrases, key=lambda phrase: similarity(phrase, moment.text))
            yield f'the agent has no rule that hears "{moment.text}"; the nearest is "{near}"'


def _is_file(moment: Moment) -> bool:
    data: Mapping[str, Any] = moment.data
    return bool(data.get("file"))
