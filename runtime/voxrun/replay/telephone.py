"""What people do with their telephones, done: the steps of ``deeds``, and how phones answer the scenario."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from voxrun.errors import ScriptError
from voxrun.legs.base import Headers
from voxrun.replay.deeds import Answer, Deed, Hold, Info, Manners, Network, ReInvite, Transfer
from voxrun.replay.people import Party


class Answering(Protocol):
    """How a phone answers what the scenario wants of it."""

    def go_over(self) -> None: ...

    def refuse_transfer(self, code: int, reason: str = "") -> None: ...

    def accept_reinvite(self, mime: str = "", body: str = "") -> None: ...

    def reject_reinvite(self, code: int = 488, reason: str = "") -> None: ...


@runtime_checkable
class Asking(Protocol):
    """What a hand can do that holds a telephone and no softphone. As ``legs.scripted.Remote``."""

    def answer(self, headers: Headers | None = None, custom_data: str = "") -> None: ...

    def refer(self, to: str, headers: Headers | None = None) -> None: ...

    def reinvite(self, mime: str, body: str, headers: Headers | None = None) -> None: ...


class Phone(Protocol):
    """A phone that can be taught how to answer."""

    can_transfer: bool
    can_reinvite: bool
    on_transfer: Callable[[], None]
    """Told that the scenario wants to transfer it, and it can be."""
    on_reinvite: Callable[[], None]
    """Told of a re-INVITE of the scenario that it can take."""

    @property
    def remote(self) -> Answering: ...


def do(person: Party, deed: Deed) -> None:
    """Do one thing. Raises ScriptError where this kind of phone cannot."""
    match deed:
        case Hold():
            person.hand.hold(deed.on)
        case Info():
            person.hand.info(deed.mime, deed.body, deed.headers)
        case Transfer():
            _telephone(person).refer(deed.to, deed.headers)
        case ReInvite():
            _telephone(person).reinvite(deed.mime, deed.body, deed.headers)
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
        _telephone(person).answer(headers, custom_data)
    else:
        person.hand.answer(headers)


def press(person: Party, digit: str, method: str) -> None:
    """Press one key."""
    person.hand.press(digit, method)


def _telephone(person: Party) -> Asking:
    hand = person.hand
    if isinstance(hand, Asking):
        return hand
    raise ScriptError(f"{person.name} has no telephone that could do this")


def mind(phone: Phone, manners: Manners) -> None:
    """Let a phone answer transfers and re-INVITEs of the scenario, after a while each."""
    remote = phone.remote
    transfer, reinvite = manners.transfer or Answer(), manners.reinvite or Answer()
    phone.can_transfer = phone.can_transfer or manners.transfer is not None
    phone.can_reinvite = phone.can_reinvite or manners.reinvite is not None

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

    phone.on_transfer = lambda: _later(transfer, decide_transfer)
    phone.on_reinvite = lambda: _later(reinvite, decide_reinvite)


def _later(answer: Answer, decide: Callable[[], None]) -> None:
    asyncio.get_running_loop().call_later(answer.after_ms / 1000, decide)
