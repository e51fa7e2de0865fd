"""Calls: incoming legs, outgoing calls, and the commands of Call objects."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, ClassVar

from voxrun.errors import ScenarioError
from voxrun.legs.base import DialRequest, IncomingInfo, Leg
from voxrun.legs.refused import RefusedLeg
from voxrun.services.alerting import alerting_fields
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.call import CallKind, CallState, Timeouts
from voxrun.services.call_codes import CALL_LIMIT, INVALID_NUMBER, REASONS
from voxrun.services.ports import Surroundings
from voxrun.services.units import Unit, Units
from voxrun.session.messages import Command, Event

log = logging.getLogger(__name__)

CALL_TIMEOUT_HEADER = "vi-calltimeout"
LONGEST_MESSAGE = 8192
"""Platform: bytes of sendMessage and sendInfo."""
LONGEST_ADDRESS = 4096
LONGEST_NAME = 64
MOST_DIGITS = 20
AROUND_HEADER = 4
"""Bytes that ": " and the end of its line add to a header."""
DIGITS = frozenset("0123456789*#ABCDabcdpP")
KINDS = ("user", "pstn", "sip", "whatsapp", "conference")


class CallService(Service):
    """Owns the calls of a session. ``changed(live)`` is told how many calls live after each change."""

    handles: ClassVar[frozenset[str]] = frozenset(
        f"call.{name}"
        for name in (
            "dial", "answer", "reject", "hangup", "ring", "earlymedia", "dtmf", "message", "info", "watch",
        )
    )  # fmt: skip

    def __init__(
        self,
        context: ServiceContext,
        units: Units,
        around: Surroundings,
        changed: Callable[[int], None],
    ) -> None:
        super().__init__(context)
        self._units = units
        self._around = around
        self._changed = changed
        self._calls: dict[str, CallState] = {}
        self._attempts = 0
        self._closing: set[asyncio.Task[None]] = set()
        self.on_call: list[Callable[[CallState], None]] = []
        """Told of every call when it begins (recording)."""

    @property
    def live(self) -> int:
        """Calls that are not over."""
        return sum(not call.over for call in self._calls.values())

    def get(self, call_id: str) -> CallState | None:
        return self._calls.get(call_id)

    def needed(self, command: Command) -> CallState:
        """The call that a command is for. Raises ScenarioError where there never was one."""
        call = self._calls.get(command.target)
        if call is None:
            raise ScenarioError(f"{command.kind}: no such call")
        return call

    def headers(self, data: Arguments) -> dict[str, str]:
        """The headers of a command. Raises ScenarioError above the platform's limit."""
        headers = data.headers()
        size = sum(_bytes(name) + _bytes(value) + AROUND_HEADER for name, value in headers.items())
        if size > self._around.limits.headers_bytes:
            raise ScenarioError(f"headers of {size} bytes; the limit is {self._around.limits.headers_bytes}")
        return headers

    def incoming(self, leg: Leg, info: IncomingInfo) -> Event:
        """Take an incoming leg; gives the CallAlerting event to raise."""
        call_id = self.context.new_id("incoming")
        self._attempts += 1
        self._add(call_id, leg, incoming=True, answer_ms=self._around.limits.answer_ms)
        return Event("Application.CallAlerting", call_id, alerting_fields(info))

    def listen(self, call_id: str) -> None:
        """Let the events of an incoming leg through (after CallAlerting was queued)."""
        self._calls[call_id].begin()

    def execute(self, command: Command) -> None:
        if command.kind == "call.dial":
            self._dial(command)
            return
        call = self.needed(command)
        if not call.over:
            self._perform(call, command.kind, Arguments(command))

    def _perform(self, call: CallState, kind: str, data: Arguments) -> None:
        match kind:
            case "call.answer":
                call.answer(self.headers(data))
            case "call.reject":
                call.reject(int(data.number("code", 300, 699)), self.headers(data))
            case "call.hangup":
                call.hangup(self.headers(data))
            case "call.ring":
                call.ring(self.headers(data))
            case "call.earlymedia":
                call.early_media(self.headers(data))
            case "call.watch":
                call.watch(data.needed("event", LONGEST_NAME).removeprefix("Call."))
            case "call.dtmf":
                call.leg.send_dtmf(digits(data.needed("digits", LONGEST_MESSAGE)))
            case "call.message":
                call.leg.send_message(data.needed("text", LONGEST_MESSAGE))
            case "call.info":
                mime, body = data.needed("mime", 255), data.needed("body", LONGEST_MESSAGE)
                call.leg.send_info(mime, body, self.headers(data))

    def _dial(self, command: Command) -> None:
        data = Arguments(command)
        kind = command.data.get("kind")
        if kind not in KINDS:
            raise ScenarioError(f"call.dial: the kind must be one of {', '.join(KINDS)}, got {kind!r:.60}")
        if command.target in self._calls:
            raise ScenarioError("call.dial: there is a call of that id")
        request = DialRequest(
            kind,
            data.needed("destination", LONGEST_ADDRESS),
            data.text("callerid", LONGEST_ADDRESS),
            data.text("displayName", LONGEST_ADDRESS),
            self.headers(data),
            data.mapping("options"),
        )
        if not self._may_dial() or not data.flag("allowed"):
            self._fail(command.target, CALL_LIMIT)
        elif kind == "pstn" and not is_number(request.destination):
            self._fail(command.target, INVALID_NUMBER)
        else:
            leg = self._around.dialer(request)
            answer_ms = call_timeout_ms(dict(request.headers), self._around.limits.answer_ms)
            what = CallKind(request.options.get("allow180After183") is True, data.flag("direct"))
            self._add(command.target, leg, False, answer_ms, what).begin()

    def _fail(self, call_id: str, code: int) -> None:
        """A call that never was: only the scenario knows of it, and what it asks of it means nothing."""
        call = CallState(
            call_id,
            RefusedLeg(code, REASONS[code]),
            False,
            self.context.clock,
            self._emit,
            Timeouts(self._around.limits.answer_ms, self._around.limits.early_media_ms),
        )
        self._calls[call_id] = call
        call.begin()

    def _may_dial(self) -> bool:
        """Counts the attempt; False beyond the platform's limits."""
        self._attempts += 1
        limits = self._around.limits
        waiting = sum(
            not call.incoming and not call.connected and not call.over for call in self._calls.values()
        )
        return self._attempts <= limits.calls and waiting < limits.calls_progressing

    def _add(
        self, call_id: str, leg: Leg, incoming: bool, answer_ms: int, kind: CallKind | None = None
    ) -> CallState:
        timeouts = Timeouts(answer_ms, self._around.limits.early_media_ms)
        call = CallState(call_id, leg, incoming, self.context.clock, self._emit, timeouts, kind)
        self._calls[call_id] = call
        self._units.add(Unit(call_id, call.audio, call.sink))
        call.on_over.append(lambda: self._over(call))
        for listener in self.on_call:
            listener(call)
        self._changed(self.live)
        return call

    def _emit(self, kind: str, call_id: str, fields: dict[str, Any]) -> None:
        self.context.emit(Event(kind, call_id, fields))

    def _over(self, call: CallState) -> None:
        self._units.remove(call.id)
        task = asyncio.get_running_loop().create_task(self._free(call))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        self._changed(self.live)

    async def _free(self, call: CallState) -> None:
        try:
            await call.leg.close()
        except Exception:
            log.exception("the leg of call %s could not be closed", call.id)

    async def close(self) -> None:
        for call in self._calls.values():
            try:
                await call.close()
            except Exception:  # the other calls are to be hung up all the same
                log.exception("call %s could not be closed", call.id)
        await asyncio.gather(*self._closing)


def digits(text: str) -> str:
    """``text`` if it is made of keys. Raises ScenarioError."""
    if not DIGITS.issuperset(text):
        raise ScenarioError("call.dtmf: digits are 0-9 * # A-D, and p for a pause")
    return text


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def is_number(text: str) -> bool:
    """Whether a text can be a telephone number: digits with the usual signs between them."""
    bare = text.translate(_SIGNS)
    return 0 < len(bare) <= MOST_DIGITS and set(bare) <= _KEYS


_SIGNS = {ord(sign): None for sign in " +-().\u00a0"}
_KEYS = frozenset("0123456789*#")


def call_timeout_ms(headers: dict[str, str], default_ms: int) -> int:
    """How long an outgoing call may ring: VI-CallTimeout (10 to 400 s), else the platform's default."""
    for name, value in headers.items():
        if name.lower() == CALL_TIMEOUT_HEADER and value.strip().isdecimal():
            return min(400, max(10, int(value.strip()[:9]))) * 1000
    return default_ms
