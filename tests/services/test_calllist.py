"""CallList: a row comes as custom data, reports are journaled, logged and answered."""

from __future__ import annotations

import pytest
from tests.harness import Stage, play
from tests.services.parts import Given

from voxrun.errors import ScenarioError
from voxrun.services.calllist import CallListService
from voxrun.session.clock import LoopClock
from voxrun.session.messages import Command
from voxrun.session.virtual import run_virtual

ROW = '{"phone":"+1555","name":"Ann","__task_uuid":"u1"}'


def reports(stage: Stage) -> list[tuple[str, str]]:
    return [(str(c["data"]["kind"]), str(c["data"]["data"])) for c in stage.commands("calllist.report")]


@pytest.mark.covers("CallList.reportResult", "CallList.reportProgress")
def test_a_row_is_called_and_its_result_reported_before_the_session_ends() -> None:
    source = """
    require(Modules.CallList);
    var row = JSON.parse(VoxEngine.customData());
    VoxEngine.addEventListener(AppEvents.Started, function () {
      var call = VoxEngine.callPSTN(row.phone, "+1444");
      call.addEventListener(CallEvents.Connected, function () {
        CallList.reportProgress("talking to " + row.name, function (r) { Logger.write(r.code); });
        call.hangup();
      });
      call.addEventListener(CallEvents.Disconnected, function (e) {
        CallList.reportResult({result: true, duration: e.duration}, VoxEngine.terminate);
      });
    });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source, ROW)
        (await stage.dialled_leg()).remote.answer()
        ending = await stage.ended()
        assert ending.reason == "Normal termination"
        assert stage.clock.now() < 1
        assert reports(stage) == [("progress", "talking to Ann"), ("result", '{"result":true,"duration":0}')]
        assert stage.logs() == ["200"]
        assert 'CallList.reportResult: {"result":true,"duration":0}' in stage.logs("system")

    play(story)


@pytest.mark.covers("CallList.reportError")
def test_a_failed_call_is_reported_through_the_old_name_too() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      const call = VoxEngine.callPSTN("+1555", "+1444");
      call.addEventListener(CallEvents.Failed, (e) => {
        VoxEngine.CallList.reportError("Voicemail", call.hangup());
        CallList.reportError({result: false, msg: "Failed", code: e.code}, VoxEngine.terminate);
      });
    });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source)
        (await stage.dialled_leg()).remote.refuse(486)
        assert (await stage.ended()).reason == "Normal termination"
        assert reports(stage) == [
            ("error", "Voicemail"),
            ("error", '{"result":false,"msg":"Failed","code":486}'),
        ]

    play(story)


ASYNC = ("reportResultAsync", "reportErrorAsync", "reportProgressAsync", "requestNextAttemptAsync")


@pytest.mark.covers(
    "CallList.reportErrorAsync",
    "CallList.reportProgressAsync",
    "CallList.reportResultAsync",
    "CallList.requestNextAttempt",
    "CallList.requestNextAttemptAsync",
)
def test_every_form_answers_as_a_request_does() -> None:
    calls = "".join(f"log('{name}', await CallList.{name}({{n: {n}}}));" for n, name in enumerate(ASYNC))
    source = f"""
    const log = (name, r) => Logger.write(name + " " + JSON.stringify(r));
    VoxEngine.addEventListener(AppEvents.Started, async () => {{
      {calls}
      CallList.requestNextAttempt({{next_attempt_time: "later"}}, (r) => log("requestNextAttempt", r));
      CallList.reportResult("no callback");
      CallList.reportResult();
    }});
    """

    async def story(stage: Stage) -> None:
        await stage.start(source)
        await stage.until(lambda: len(stage.logs()) == 5)
        answer = '{"code":200,"text":"{\\"result\\":1}","headers":[],"raw_headers":""}'
        assert stage.logs() == [f"{name} {answer}" for name in (*ASYNC, "requestNextAttempt")]
        assert [kind for kind, _ in reports(stage)] == [
            *("result", "error", "progress", "next", "next", "result", "result"),
        ]
        assert stage.logs("warning") == ["CallList.reportResult was given nothing to report"]
        assert stage.errors() == []

    play(story)


def test_a_report_counts_among_the_requests() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      try { for (let i = 0; i < 50; i++) CallList.reportProgress(i); } catch (e) { Logger.write(e.message); }
    });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source)
        await stage.until(stage.logs)
        assert "Exceeded the HTTP connection count limit!" in stage.logs()[0]
        assert len(reports(stage)) == 35

    play(story)


def test_terminating_may_make_one_report_and_after_terminate_answers_still_come() -> None:
    source = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      CallList.reportResultAsync("first").then(() => Logger.write("first answered"));
      VoxEngine.terminate();
    });
    VoxEngine.addEventListener(AppEvents.Terminating, () => {
      CallList.reportResult("last", () => Logger.write("last answered"));
      CallList.reportResult("too many", () => Logger.write("must not come"));
    });
    """

    async def story(stage: Stage) -> None:
        await stage.start(source)
        await stage.ended()
        assert stage.logs() == ["first answered", "last answered"]

    play(story)


@pytest.mark.parametrize("data", [{}, {"kind": "praise", "data": "x"}, {"kind": "result", "data": 5}])
def test_a_command_that_makes_no_sense_is_refused(data: dict[str, object]) -> None:
    async def main(clock: LoopClock) -> None:
        service = CallListService(Given(clock).context)
        with pytest.raises(ScenarioError, match=r"calllist\.report: "):
            service.execute(Command("calllist.report", "r1", data))  # type: ignore[arg-type]

    run_virtual(main)
