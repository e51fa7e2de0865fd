"""People who are called answer, fail, speak and press keys by themselves, as the script says."""

from __future__ import annotations

from pathlib import Path

from tests.replay.calls import fails, passes

from voxrun.replay.resources import Resources


def test_a_call_to_somebody_who_answers_speaks_and_presses_keys(resources: Resources, tmp_path: Path) -> None:
    scenario = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
      call.answer();
      const other = VoxEngine.callPSTN('+49301234', '+4999');
      other.handleTones(true);
      other.addEventListener(CallEvents.Ringing, () => Logger.write('rings'));
      other.addEventListener(CallEvents.Connected, () => VoxEngine.sendMediaBetween(call, other));
      other.addEventListener(CallEvents.ToneReceived, ({ tone }) => {
        Logger.write(`tone ${tone}`);
        other.sendDigits('77');
      });
      other.addEventListener(CallEvents.Disconnected, () => call.hangup());
      call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
    });
    """
    script = """
callees:
  "+49*": {rings: 200ms, answers: 1s, does: [say: Operator here good day., dtmf: 5, wait: 3s, hangup]}
steps:
  - expect: {call: "+49301234", with: {kind: pstn, callerid: "+4999"}}
  - expect: {log: rings}
  - expect: {caller_hears: operator here}
  - expect: {log: tone 5}
  - expect: {dtmf: 77, as: "+49*"}
  - expect: {ended: "+49*", as: "+49*"}
  - expect: {ended: scenario}
"""
    passes(resources, tmp_path, script, scenario)


def test_callees_refuse_or_never_answer_and_unknown_ones_fail_the_script(
    resources: Resources, tmp_path: Path
) -> None:
    scenario = """
    VoxEngine.addEventListener(AppEvents.Started, () => {
      const call = VoxEngine.callUser({ username: VoxEngine.customData(), callerid: 'x' });
      call.addEventListener(CallEvents.Failed, ({ code }) => {
        Logger.write(`failed ${code}`);
        VoxEngine.terminate();
      });
    });
    """
    callees = "callees: {busy: {fails: {code: 486, after: 3s}}, deaf: {answers: never}}\n"
    steps = "steps: [{expect: {log: failed %s, within: 70s}}]\n"
    passes(resources, tmp_path, callees + "start: {custom_data: busy}\n" + steps % 486, scenario)
    passes(resources, tmp_path, callees + "start: {custom_data: deaf}\n" + steps % 408, scenario)
    text = fails(resources, tmp_path, callees + "start: {custom_data: bob}\n" + steps % 404, scenario)
    assert "'bob'" in text
    assert "callees" in text


EARLY = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  call.addEventListener(CallEvents.Disconnected, VoxEngine.terminate);
  for (const name of ['eve', 'bob']) {
    const other = VoxEngine.callUser({ username: name, callerid: 'me' });
    other.addEventListener(CallEvents.AudioStarted, () => {
      Logger.write(`audio of ${name}`);
      other.sendMediaTo(call);
    });
    other.addEventListener(CallEvents.Failed, ({ code }) => Logger.write(`${name} failed ${code}`));
    other.addEventListener(CallEvents.Connected, () => Logger.write(`${name} is up`));
  }
});
"""
EARLY_STEPS = """
callees:
  eve: {rings: 200ms, early_media: [wait: 200ms, say: the number has changed], fails: {code: 404, after: 5s}}
  bob:
    rings: 6s
    answers: 8s
    early_media: [tone: 425, say: one two three four five six seven eight nine ten eleven]
    does: [say: hello here is bob, hangup]
steps:
  - expect: {log: audio of eve}
  - expect: {caller_hears: the number has changed}
  - expect: {log: eve failed 404}
  - expect: {log: audio of bob}
  - expect: {caller_hears: one two}
  - expect: {log: bob is up}
  - expect: {caller_hears: here is bob}
  - expect: {caller_hears: ten eleven, absent: true}
"""


def test_what_callees_say_before_the_answer_is_heard_until_then(resources: Resources, tmp_path: Path) -> None:
    passes(resources, tmp_path, EARLY_STEPS, EARLY)
