"""What ``voxrun replay CASSETTE`` says of a playback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from voxrun.replay.cassette_compare import shown
from voxrun.replay.cassette_session import Played

MOST_PLACES: Final = 6


def report(played: Played) -> Iterator[str]:
    """The outcome, a line each."""
    folder = played.cassette.folder
    if played.cassette.end is None:
        yield f"{folder}: recording cut off at {played.cassette.last_t} ms, played as far as it goes"
    if played.difference is None:
        seconds = f"{played.ended_ms / 1000:.1f} s"
        yield f"{folder}: same: {_counted(played)}, {seconds} of virtual time"
        return
    found = played.difference
    at = f" from {played.where}" if played.where else ""
    yield f"{folder}: differs{at} at {found.t} ms: {found.what}"
    if found.recorded is None or found.actual is None or not found.places:
        yield f"  recorded: {_side(found.recorded)}"
        yield f"  now:      {_side(found.actual)}"
    else:
        for place in found.places[:MOST_PLACES]:
            yield f"  {place.path or 'the whole'}"
            yield f"    recorded: {shown(place.before)}"
            yield f"    now:      {shown(place.after)}"
        if len(found.places) > MOST_PLACES:
            yield f"  ... and {len(found.places) - MOST_PLACES} more"
    yield f"  the same until then: {_counted(played)}"
    rest = _rest(played)
    if rest:
        yield f"  not comparable any more: {rest}"


def _side(value: object) -> str:
    return "nothing" if value is None else shown(value)


def _counted(played: Played) -> str:
    return _words(played.requests, played.messages)


def _rest(played: Played) -> str:
    """What the cassette holds beyond what was compared, the one that differs not counted."""
    cassette = played.cassette
    requests = len(cassette.requests) - played.requests
    messages = sum(len(socket.outgoing) for socket in cassette.sockets.values()) - played.messages
    what = played.difference.what if played.difference is not None else ""
    if what.startswith(("request", "a request")):
        requests -= 1
    elif what.startswith("message"):
        messages -= 1
    return _words(requests, messages) if requests > 0 or messages > 0 else ""


def _words(requests: int, messages: int) -> str:
    return f"{_count(requests, 'request')} and {_count(messages, 'message')} to the provider"


def _count(number: int, what: str) -> str:
    return f"{max(0, number)} {what}" + ("" if number == 1 else "s")
