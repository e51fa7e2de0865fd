"""What people do with their telephones, done: the steps of ``deeds``, and how phones answer the scenario."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from voxrun.errors import ScriptError
from voxrun.legs.scripted import Remote
from voxrun.replay.deeds import Answer, Deed, Hold, Info, Manners, Network, ReInvite, Transfer
from voxrun.replay.people import Party, Person


def do(person: Party, deed: Deed) -> None:
    """Do one thing. Raises ScriptError where this kind of phone cannot."""
    match deed:
        case Hold():
            person.hand.hold(deed.on)
        case Info():
            person.hand.info(deed.mime, deed.body, deed.headers)
        case Transfer():
            _remote(person).refer(deed.to, deed.headers)
        case ReInvite():
            _remote(person).reinvite(deed.mime, deed.body, deed.headers)
        case Network(up=True):
            person.hand.resume_sending()
        case Network():
            person.hand.stop_sending()
    person.tell_moment("does", in_words(deed))


def in_words(deed: Deed) -> str:
    """What somebody does: "holds the call"."""
    match deed:
        case Hold():
            return "holds the call" if deed.on else "takes the call back"
        case Transfer():
            return f"asks for a transfer to {deed.to}"
        case ReInvite():
            return f"sends a re-INVITE: {deed.body}"
        case Info():
            return f"sends INFO: {deed.body}"
        case Network():
            return f"has the network {'up' if deed.up else 'down'}"


def answer(person: Party, headers: Mapping[str, str], custom_data: str) -> None:
    """Pick up. Raises ScriptError where this kind of phone brings no custom data."""
    if custom_data:
        _remote(person).answer(headers, custom_data)
    else:
        person.hand.answer(headers)


def press(person: Party, digit: str, method: str) -> None:
    """Press one key."""
    person.hand.press(digit, method)


def _remote(person: Party) -> Remote:
    if isinstance(person.hand, Remote):
        return person.hand
    raise ScriptError(f"{person.name} has no telephone that could do this")


def mind(person: Person, manners: Manners) -> None:
    """Let a phone answer transfers and re-INVITEs of the scenario, after a while each."""
    remote = person.remote
    transfer, reinvite = manners.transfer or Answer(), manners.reinvite or Answer()
    person.can_transfer = person.can_transfer or manners.transfer is not None
    person.can_reinvite = person.can_reinvite or manners.reinvite is not None

    def decide_transfer() -> None:
        if transfer.code:
            remote.refuse_transfer(transfer.code, transfer.reason)
        else:
            remote.go_over()

    def decide_reinvite() -> None:
        if reinvite.code:
            remote.reject_reinvite(reinvite.code, reinvite.reason)
        else:
            remote.accept_reinvite(reinvite.mime, reinvite.body)

    person.on_transfer = lambda: _later(transfer, decide_transfer)
    person.on_reinvite = lambda: _later(reinvite, decide_reinvite)


def _later(answer: Answer, decide: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(answer.after_ms / 1000, decide)
