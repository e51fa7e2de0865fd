"""Steps and manners of telephones as they are read."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.replay.test_format import read, wrong

from voxrun.replay.deeds import Answer, Hold, Info, Manners, Network, ReInvite, Transfer
from voxrun.replay.script import Callee, Dtmf, Incoming, Step


def without_place(step: Step) -> Step:
    return replace(step, where="")


def test_every_deed_has_its_forms(tmp_path: Path) -> None:
    script = read(
        tmp_path,
        """
callees: {bob: {answers: 2s, does: [hold, wait: 1s, unhold, transfer: 7]}}
steps:
  - hold
  - unhold
  - {hold: {as: bob}}
  - unhold: {}
    as: bob
  - transfer: "007"
  - {transfer: {to: bob, headers: {X-A: 1}}, as: bob}
  - reinvite: {}
  - reinvite: {body: {a: 1}, mime: application/x, headers: {X-B: 2}}
  - info: hello
  - {info: {body: {a: 1}, mime: text/plain}, as: bob}
  - network: down
  - {network: up, as: bob}
  - {dtmf: 12, by: inband}
  - {dtmf: 3, by: info, as: bob}
  - dtmf: 4
""",
    )
    assert [without_place(step) for step in script.steps] == [
        Hold(),
        Hold(False),
        Hold(who="bob"),
        Hold(False, "bob"),
        Transfer("007"),
        Transfer("bob", {"X-A": "1"}, "bob"),
        ReInvite(),
        ReInvite('{"a":1}', "application/x", {"X-B": "2"}),
        Info("hello"),
        Info('{"a":1}', "text/plain", {}, "bob"),
        Network(False),
        Network(True, "bob"),
        Dtmf("12", method="inband"),
        Dtmf("3", "bob", method="info"),
        Dtmf("4"),
    ]
    assert [type(step).__name__ for step in script.callees[0].does] == ["Hold", "Wait", "Hold", "Transfer"]


def test_manners_of_those_who_call_and_are_called(tmp_path: Path) -> None:
    script = read(
        tmp_path,
        """
call: {transfers: true, reinvites: {body: {ok: 1}, mime: a/b, after: 2s}}
callers: {eve: {transfers: false}}
callees:
  bob: {transfers: 603, custom_data: {id: 7}}
  tom: {transfers: {fails: 486, reason: Busy, after: 1s}, reinvites: 488}
  ann: {}
steps: [hangup]
""",
    )
    call, eve = script.call, script.callers[0].call
    bob, tom, ann = script.callees
    assert isinstance(call, Incoming)
    assert call.manners == Manners(Answer(), Answer(body='{"ok":1}', mime="a/b", after_ms=2000))
    assert eve.manners == Manners(Answer(501, "Not Implemented", after_ms=0))
    assert bob.manners == Manners(Answer(603))
    assert tom.manners == Manners(Answer(486, "Busy", after_ms=1000), Answer(488))
    assert (ann.manners, ann.custom_data) == (Manners(), "")
    assert isinstance(bob, Callee)
    assert bob.custom_data == '{"id":7}'


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("[transfer]", "'transfer' needs a value"),
        ("[{transfer: {headers: {a: b}}}]", "transfer needs 'to'"),
        ("[{info: {mime: a/b}}]", "info needs 'body'"),
        ("[{network: off}]", "network must be down or up, not 'off'"),
        ("[{dtmf: 1, by: sip}]", "by must be rfc2833 or inband or info, not 'sip'"),
        ("[{hold: {as: nobody}}]", "nobody"),
        ("[{hold: {for: 3s}}]", "for"),
        ("[{hold: }]", "write '- hold' without a colon"),
        ("[{expect: {hold: true}}]", "hold"),
        ("[{transfer: 7, with: {a: 1}}]", "with"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, steps: str, message: str) -> None:
    assert message in wrong(tmp_path, f"steps: {steps}")


def test_a_websocket_has_no_telephone(tmp_path: Path) -> None:
    sockets = "websockets: [{url: x, name: bot}]\nsteps: "
    told = wrong(tmp_path, sockets + "[{transfer: 7, as: bot}]")
    assert "bot is a WebSocket, and none has anything like 'transfer'" in told
    told = wrong(tmp_path, sockets + "[{hold: {as: bot}}]")
    assert ":2:16: bot is a WebSocket, and none has anything like 'hold'" in told


@pytest.mark.parametrize(
    ("manners", "message"),
    [
        ("transfers: 200", "300"),
        ("transfers: maybe", "transfers"),
        ("transfers: {body: x}", "body"),
        ("reinvites: {fails: 1000}", "699"),
    ],
)
def test_manners_nobody_has_are_told(tmp_path: Path, manners: str, message: str) -> None:
    assert message in wrong(tmp_path, f"call: {{{manners}}}\nsteps: [hangup]")
