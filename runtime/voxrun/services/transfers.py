"""Transfers and re-INVITEs.

transferTo sends a call's far end elsewhere (REFER, RFC 3515; attended with ``call``, RFC 3891)::

    TransferComplete{role "transferee"}, of the other call {role "target"}    or TransferFailed{code, reason}

A far end that asks for a transfer itself gives BlindTransferRequested{transferTo, headers} where the scenario
handles them; its notifyBlindTransfer... is the answer. Where it does not, the platform would open a second
session for the new call; here the request is refused, with a TransferFailed{role "transferor"}.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final

from voxrun.errors import ScenarioError
from voxrun.services.arguments import Arguments
from voxrun.services.base import Service, ServiceContext
from voxrun.services.call import CallState
from voxrun.services.calls import LONGEST_ADDRESS, LONGEST_MESSAGE, CallService
from voxrun.services.notes import warn
from voxrun.session.messages import Command

NO_DIALOG: Final = 481
"""SIP: Call/Transaction Does Not Exist."""
LIMIT: Final = 403
NOT_HERE: Final = 501
TRANSFERRED: Final = 200
LONGEST_MIME = 255
LONGEST_REASON = 1024


class TransferService(Service):
    """See the module docstring."""

    handles: ClassVar[frozenset[str]] = frozenset(
        f"call.{name}"
        for name in (
            "transfer", "handletransfer", "transferred", "reinvite", "acceptreinvite", "rejectreinvite",
        )
    )  # fmt: skip

    def __init__(self, context: ServiceContext, calls: CallService) -> None:
        super().__init__(context)
        self._calls = calls
        self._handled: set[str] = set()
        self._asked: dict[str, int] = {}
        """Requests of a call's far end that wait for their answer."""
        self._targets: dict[str, CallState | None] = {}
        """By the call that is being transferred: to whom, where that is a call."""
        calls.on_call.append(self._begin)

    def execute(self, command: Command) -> None:
        call, data = self._calls.needed(command), Arguments(command)
        if call.over:
            return
        match command.kind:
            case "call.transfer":
                self._transfer(call, data)
            case "call.handletransfer":
                (self._handled.add if data.flag("on") else self._handled.discard)(call.id)
            case "call.transferred":
                code = int(data.number("code", TRANSFERRED, 699))
                self._answer(call, code, data.text("reason", LONGEST_REASON))
            case _:
                self._reinvite(call, command.kind, data)

    # -- what the scenario asks for

    def _transfer(self, call: CallState, data: Arguments) -> None:
        to, headers = data.needed("to", LONGEST_ADDRESS), self._calls.headers(data)
        other_id = data.text("call")
        other = self._calls.get(other_id) if other_id else None
        if other_id and other is None:
            raise ScenarioError("call.transfer: the other call is none")
        if not data.flag("allowed"):
            self._fail(call, LIMIT, "too many transfers of this call")
        elif not call.connected or (other is not None and (other.over or not other.connected)):
            self._fail(
                call, NO_DIALOG, "both calls must be connected" if other else "the call is not connected"
            )
        else:
            self._targets[call.id] = other
            call.leg.transfer(to, other.leg if other is not None else None, headers)

    def _answer(self, call: CallState, code: int, reason: str) -> None:
        if not self._asked.get(call.id):
            warn(self.context, "notifyBlindTransfer... ignored: this call did not ask for a transfer")
            return
        self._asked[call.id] -= 1
        call.leg.answer_refer(code, reason)

    def _reinvite(self, call: CallState, kind: str, data: Arguments) -> None:
        if not call.connected:
            warn(self.context, f"{kind.removeprefix('call.')} ignored: the call is not connected")
            return
        headers = self._calls.headers(data)
        if kind == "call.rejectreinvite":
            code = int(data.number("code", 300, 699))
            call.leg.reject_reinvite(code, data.text("reason", LONGEST_REASON), headers)
            return
        mime, body = data.text("mime", LONGEST_MIME), data.text("body", LONGEST_MESSAGE)
        if kind == "call.reinvite":
            call.leg.reinvite(mime, body, headers)
        else:
            call.leg.accept_reinvite(mime, body, headers)

    # -- what legs tell

    def _begin(self, call: CallState) -> None:
        call.on_leg["refer"] = lambda data: self._referred(call, data)
        call.on_leg["transferred"] = lambda data: self._complete(call, data)
        call.on_leg["transfer_failed"] = lambda data: self._failed(call, data)

    def _referred(self, call: CallState, data: dict[str, Any]) -> None:
        to, headers = str(data["to"]), data.get("headers", {})
        if call.id in self._handled:
            self._asked[call.id] = self._asked.get(call.id, 0) + 1
            call.send("BlindTransferRequested", transferTo=to, headers=headers)
            return
        warn(
            self.context,
            f"the far end asked for a transfer to {to}: refused, because the scenario does not handle it "
            "(call.handleBlindTransfer(true)). The platform would open a second session for it",
        )
        call.leg.answer_refer(NOT_HERE, "Not Implemented")
        self._fail(call, NOT_HERE, "Not Implemented", role="transferor", headers=headers)

    def _complete(self, call: CallState, data: dict[str, Any]) -> None:
        target = self._targets.pop(call.id, None)
        headers = data.get("headers", {})
        call.send("TransferComplete", role="transferee", headers=headers)
        if target is not None:
            target.send("TransferComplete", role="target", headers=headers)

    def _failed(self, call: CallState, data: dict[str, Any]) -> None:
        self._targets.pop(call.id, None)
        self._fail(call, int(data["code"]), str(data.get("reason") or ""), headers=data.get("headers", {}))

    def _fail(
        self,
        call: CallState,
        code: int,
        reason: str,
        role: str = "transferee",
        headers: dict[str, str] | None = None,
    ) -> None:
        call.send("TransferFailed", code=code, reason=reason, role=role, headers=headers or {})
