"""Transfers, asked for by the scenario and by the far end; re-INVITEs."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.harness import Stage, play

from voxrun.legs.scripted import ScriptedLeg

TAKE = """
let call, other;
const show = (of) => (e) => {
  const {call: c, id, ...rest} = e;
  Logger.write(of + " " + JSON.stringify(rest));
};
VoxEngine.addEventListener(AppEvents.CallAlerting, (e) => {
  call = e.call;
  call.answer();
  for (const name of ["TransferComplete", "TransferFailed", "BlindTransferRequested", "ReInviteAccepted",
                      "ReInviteRejected", "Disconnected"]) {
    call.addEventListener(CallEvents[name], show("call"));
  }
  %s
});
"""
CONSULT = """
other = VoxEngine.callSIP("sip:target@x", "me");
for (const name of ["TransferComplete", "TransferFailed", "Disconnected"]) {
  other.addEventListener(CallEvents[name], show("other"));
}
other.addEventListener(CallEvents.Connected, () => call.transferTo({to: "sip:target@x", call: other}));
"""


def told(stage: Stage, who: str = "call") -> list[dict[str, object]]:
    """Events of a call, without "Call." and the end's fields."""
    rows = [json.loads(line.split(" ", 1)[1]) for line in stage.logs() if line.startswith(who + " ")]
    return [{**row, "name": row["name"].removeprefix("Call.")} for row in rows]


def names(stage: Stage, who: str = "call") -> list[object]:
    return [row["name"] for row in told(stage, who)]


async def sip(stage: Stage, source: str) -> ScriptedLeg:
    """A caller whose phone can be transferred."""
    leg = await stage.call_in(TAKE % source)
    leg.can_transfer = leg.can_reinvite = True
    return leg


BLIND = "call.addEventListener(CallEvents.Connected, () => call.transferTo(%s));"


@pytest.mark.covers("Call.transferTo", "CallEvents.TransferComplete")
def test_transfer_to_is_a_sip_refer_and_a_transfer_that_worked_ends_the_call() -> None:
    async def story(stage: Stage) -> None:
        leg = await sip(stage, BLIND % "{to: 'sip:100@pbx', headers: {'X-A': 'b'}}")
        await stage.until(lambda: any(what == "transfer" for what, _ in leg.log))
        assert leg.log[-1][1] == {"to": "sip:100@pbx", "attended": None, "headers": {"X-A": "b"}}
        leg.remote.go_over({"X-By": "pbx"})
        await stage.until(lambda: "Disconnected" in names(stage))
        assert told(stage)[0] == {
            "name": "TransferComplete", "role": "transferee", "headers": {"X-By": "pbx"}
        }  # fmt: skip

    play(story)


def test_with_call_the_transfer_is_attended_and_both_calls_are_told_their_role() -> None:
    async def story(stage: Stage) -> None:
        leg = await sip(stage, CONSULT)
        other = await stage.dialled_leg()
        other.remote.answer()
        await stage.until(lambda: any(what == "transfer" for what, _ in leg.log))
        assert leg.log[-1][1]["attended"] is other
        leg.remote.go_over()
        await stage.until(lambda: "Disconnected" in names(stage, "other"))
        assert (told(stage)[0]["role"], told(stage, "other")[0]["role"]) == ("transferee", "target")
        assert names(stage) == names(stage, "other") == ["TransferComplete", "Disconnected"]

    play(story)


@pytest.mark.covers("CallEvents.TransferFailed")
def test_a_transfer_that_is_refused_fails_with_code_and_reason_and_the_call_goes_on() -> None:
    async def story(stage: Stage) -> None:
        leg = await sip(stage, BLIND % "{to: '100'}")
        await stage.until(lambda: any(what == "transfer" for what, _ in leg.log))
        leg.remote.refuse_transfer(603, "Decline")
        await stage.until(stage.logs)
        assert told(stage) == [
            {"name": "TransferFailed", "code": 603, "reason": "Decline", "role": "transferee", "headers": {}}
        ]
        assert not leg.over

    play(story)


def test_a_phone_that_cannot_be_transferred_says_so() -> None:
    async def story(stage: Stage) -> None:
        leg = await stage.call_in(TAKE % (BLIND % "{to: '100'}"))
        await stage.until(stage.logs)
        assert (told(stage)[0]["name"], told(stage)[0]["code"]) == ("TransferFailed", 501)
        assert not leg.over

    play(story)


def test_before_the_call_is_connected_there_is_nothing_to_transfer() -> None:
    async def story(stage: Stage) -> None:
        source = "VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => { %s });"
        failed = "call.addEventListener(CallEvents.TransferFailed, (e) => Logger.write(e.code));"
        await stage.call_in(source % (failed + "call.transferTo({to: '100'});"))
        await stage.until(stage.logs)
        assert stage.logs() == ["481"]

    play(story)


def test_the_eleventh_sip_refer_of_a_call_fails() -> None:
    async def story(stage: Stage) -> None:
        source = "for (let i = 0; i < 11; i++) call.transferTo({to: '1' + i});"
        leg = await sip(stage, f"call.addEventListener(CallEvents.Connected, () => {{ {source} }});")
        await stage.until(stage.logs)
        assert sum(what == "transfer" for what, _ in leg.log) == 10
        assert (told(stage)[0]["name"], told(stage)[0]["code"]) == ("TransferFailed", 403)

    play(story)


ASK = "call.handleBlindTransfer(true);"


@pytest.mark.covers(
    "Call.handleBlindTransfer",
    "Call.notifyBlindTransferSuccess",
    "Call.notifyBlindTransferFailed",
    "CallEvents.BlindTransferRequested",
)
@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("call.notifyBlindTransferSuccess()", {"code": 200, "reason": ""}),
        ("call.notifyBlindTransferFailed(486, 'Busy')", {"code": 486, "reason": "Busy"}),
    ],
)
def test_a_blind_transfer_that_the_far_end_asks_for_is_the_scenario_s_to_answer(
    answer: str, result: dict[str, object]
) -> None:
    async def story(stage: Stage) -> None:
        leg = await sip(
            stage,
            ASK + f"call.addEventListener(CallEvents.BlindTransferRequested, () => {answer});",
        )
        await stage.until(lambda: leg.connected)
        leg.remote.refer("200", {"X-A": "b"})
        await stage.until(lambda: leg.log[-1][0] == "answer_refer")
        assert leg.log[-1][1] == result
        assert told(stage) == [
            {"name": "BlindTransferRequested", "transferTo": "200", "headers": {"X-A": "b"}}
        ]

    play(story)


@pytest.mark.parametrize("handle", ["", ASK + "call.handleBlindTransfer(false);"])
def test_a_transfer_that_nobody_handles_is_refused_with_a_warning(handle: str) -> None:
    async def story(stage: Stage) -> None:
        leg = await sip(stage, handle)
        await stage.until(lambda: leg.connected)
        leg.remote.refer("200")
        await stage.until(stage.logs)
        assert leg.log[-1] == ("answer_refer", {"code": 501, "reason": "Not Implemented"})
        assert (told(stage)[0]["name"], told(stage)[0]["role"]) == ("TransferFailed", "transferor")
        assert "handleBlindTransfer(true)" in stage.logs("warning")[0]

    play(story)


def test_an_answer_without_a_request_is_ignored_with_a_warning() -> None:
    async def story(stage: Stage) -> None:
        leg = await sip(stage, ASK + "call.notifyBlindTransferSuccess();")
        await stage.until(lambda: stage.logs("warning"))
        assert [what for what, _ in leg.log] == ["answer"]

    play(story)


@pytest.mark.covers("Call.reInvite", "CallEvents.ReInviteAccepted", "CallEvents.ReInviteRejected")
@pytest.mark.parametrize("accepts", [True, False])
def test_a_re_invite_of_the_scenario_is_accepted_or_rejected_by_the_far_end(accepts: bool) -> None:
    source = "call.addEventListener(CallEvents.Connected, () => call.reInvite({'X-A': 'b'}, 'a/b', '{}'));"

    async def story(stage: Stage) -> None:
        leg = await sip(stage, source)
        await stage.until(lambda: any(what == "reinvite" for what, _ in leg.log))
        assert leg.log[-1][1] == {"mime": "a/b", "body": "{}", "headers": {"X-A": "b"}}
        if accepts:
            leg.remote.accept_reinvite("a/b", "ok")
            expected = {"name": "ReInviteAccepted", "mimeType": "a/b", "body": "ok", "headers": {}}
        else:
            leg.remote.reject_reinvite(488, "no")
            expected = {"name": "ReInviteRejected", "code": 488, "reason": "no", "headers": {}}
        await stage.until(stage.logs)
        assert told(stage) == [expected]

    play(story)


@pytest.mark.covers("Call.acceptReInvite", "Call.rejectReInvite", "CallEvents.ReInviteReceived")
@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (
            "call.acceptReInvite({'X-A': 'b'}, e.mimeType, e.body + '!')",
            ("accept_reinvite", {"mime": "a/b", "body": "hold!", "headers": {"X-A": "b"}}),
        ),
        ("call.rejectReInvite({}, {code: 603, reason: 'no'})",
         ("reject_reinvite", {"code": 603, "reason": "no", "headers": {}})),
        ("call.rejectReInvite()", ("reject_reinvite", {"code": 488, "reason": "", "headers": {}})),
    ],
)  # fmt: skip
def test_a_re_invite_of_the_far_end_is_the_scenario_s_to_answer(answer: str, result: object) -> None:
    async def story(stage: Stage) -> None:
        leg = await sip(stage, f"call.addEventListener(CallEvents.ReInviteReceived, (e) => {answer});")
        await stage.until(lambda: leg.connected)
        leg.remote.reinvite("a/b", "hold")
        await stage.until(lambda: len(leg.log) == 2)
        assert leg.log[-1] == result

    play(story)


def test_a_re_invite_that_nobody_listens_to_is_accepted() -> None:
    async def story(stage: Stage) -> None:
        leg = await sip(stage, "")
        await stage.until(lambda: leg.connected)
        leg.remote.reinvite("a/b", "hold")
        await stage.until(lambda: len(leg.log) == 2)
        assert leg.log[-1] == ("accept_reinvite", {"mime": "a/b", "body": "", "headers": {}})

    play(story)


def test_a_re_invite_before_the_answer_is_ignored_with_a_warning() -> None:
    source = "call.reInvite({}, 'a/b', ''); call.acceptReInvite({}, 'a/b', '');"

    async def story(stage: Stage) -> None:
        leg = await stage.call_in(
            "VoxEngine.addEventListener(AppEvents.CallAlerting, ({call}) => {" + source + "});"
        )
        await stage.until(lambda: len(stage.logs("warning")) == 2)
        assert leg.log == []

    play(story)


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("call.transferTo()", "needs 'to'"),
        ("call.transferTo({call: {}})", "needs 'to'"),
        ("call.transferTo({to: '1', call: {}})", "needs a media unit"),
        ("call.notifyBlindTransferFailed(200)", "300 to 699"),
        ("call.rejectReInvite({}, {code: 'no'})", "300 to 699"),
        ("call.reInvite({}, 'a/b', 'x'.repeat(8193))", "the limit is 8192"),
    ],
)
def test_arguments_that_cannot_be_are_errors_that_say_what_is_wrong(what: str, message: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.call_in(TAKE % f"try {{ {what}; }} catch (error) {{ Logger.write(error.message); }}")
        await stage.until(stage.logs)
        await asyncio.sleep(0)
        assert message in stage.logs()[0]

    play(story)
