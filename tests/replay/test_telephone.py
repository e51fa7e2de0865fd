"""What people do with their telephones, in whole calls: the scenario sees it, and they see the scenario."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.replay.calls import fails, passes

from voxrun.errors import ScriptError
from voxrun.replay import telephone
from voxrun.replay.deeds import Hold, Info, Network, ReInvite, Transfer
from voxrun.replay.people import Party
from voxrun.replay.resources import Resources

FORWARDS = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, destination }) => {
  const other = VoxEngine.callSIP(`sip:${destination}@example.com`, { callerid: '+4930' });
  VoxEngine.easyProcess(call, other, () => Logger.write('connected'), true);
  other.addEventListener(CallEvents.Connected, ({ customData }) => Logger.write(`brought ${customData}`));
});
"""
"""Connects two telephones, as most scenarios do."""

WATCHES = """
VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
  call.answer();
  call.handleTones(true, DTMFType.ALL);
  call.addEventListener(CallEvents.Disconnected, () => VoxEngine.terminate());
  for (const name of ['ToneReceived', 'InfoReceived', 'RtpStopped', 'RtpResumed', 'ReInviteAccepted',
    'ReInviteRejected', 'TransferComplete', 'TransferFailed']) {
    call.addEventListener(CallEvents[name], (e) =>
      Logger.write([name, e.tone, e.type, e.mimeType, e.body, e.code].join(' ').replace(/ +/g, ' ')));
  }
  call.addEventListener(CallEvents.MessageReceived, ({ text }) => eval(text));
});
"""
"""Tells what comes, and does what it is told in a message."""

CALLEE = 'callees: {"sip:200@example.com": {answers: 1s%s}}\n'


def test_a_held_call_is_silent_until_it_is_taken_back(resources: Resources, tmp_path: Path) -> None:
    script = (
        CALLEE % ", custom_data: {crm: 7}"
        + """
call: {to: "200"}
steps:
  - expect: [{log: 'brought {"crm":7}'}, {log: connected}]
  - hold
  - expect: {event: Call.OnHold}
  - say: nobody can hear these words
  - expect: {caller_hears: nobody can hear, as: "sip:200@example.com", absent: true, within: 1s}
  - unhold
  - expect: {event: Call.OffHold}
  - say: now you can hear me again
  - expect: {caller_hears: hear me again, as: "sip:200@example.com"}
  - hold: {as: "sip:200@example.com"}
  - expect: {event: Call.OnHold}
  - hangup
"""
    )
    outcome = passes(resources, tmp_path, script, FORWARDS)
    told = [moment.text for moment in outcome.timeline.moments if moment.kind == "does"]
    assert told == ["holds the call", "takes the call back", "holds the call"]


def test_a_re_invite_crosses_a_forwarded_call(resources: Resources, tmp_path: Path) -> None:
    bob = '"sip:200@example.com"'
    script = (
        CALLEE % ", reinvites: {body: pong, mime: a/c}"
        + f"""
call: {{to: "200", client: sip, reinvites: {{body: again}}}}
steps:
  - expect: {{log: connected}}
  - reinvite: {{body: ping, mime: a/b}}
  - expect: {{reinvite: ping, with: {{mime: a/b}}, as: {bob}}}
  - expect: {{reinvite_accepted: pong, with: {{mime: a/c}}}}
  - {{reinvite: {{body: back}}, as: {bob}}}
  - expect: {{reinvite: back}}
  - expect: {{reinvite_accepted: again, as: {bob}}}
  - hangup
"""
    )
    passes(resources, tmp_path, script, FORWARDS)
    refusing = script.replace("{body: pong, mime: a/c}", "{fails: 488, reason: No}")
    text = fails(resources, tmp_path, refusing, FORWARDS)
    assert "reinvite_accepted" in text
    passes(
        resources,
        tmp_path,
        refusing[: refusing.index("  - expect: {reinvite_accepted")]
        + "  - expect: {reinvite_rejected: 488, with: {reason: No}}\n  - hangup\n",
        FORWARDS,
    )


def test_a_blind_transfer_that_is_asked_for(resources: Resources, tmp_path: Path) -> None:
    scenario = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call }) => {
      call.answer();
      const ask = VoxEngine.callSIP('sip:200@example.com');
      ask.handleBlindTransfer(true);
      VoxEngine.easyProcess(call, ask);
      ask.addEventListener(CallEvents.BlindTransferRequested, ({ transferTo }) => {
        const next = VoxEngine.callPSTN(transferTo, '+4930');
        next.addEventListener(CallEvents.Connected, () => ask.notifyBlindTransferSuccess());
        next.addEventListener(CallEvents.Failed, ({ code }) => ask.notifyBlindTransferFailed(code, 'no'));
      });
    });
    """
    script = """
callees:
  "sip:200@example.com": {answers: 1s, does: [wait: 1s, transfer: "+49301"]}
  "+49301": {answers: 1s}
steps:
  - expect: {call: "+49301"}
  - expect: {transferred: success, as: "sip:200@example.com"}
"""
    passes(resources, tmp_path, script, scenario)
    busy = script.replace("{answers: 1s}", "{fails: 486}").replace("transferred: success", "transferred: 486")
    passes(resources, tmp_path, busy, scenario)
    assert "transferred" in fails(resources, tmp_path, busy.replace("486, as", "487, as"), scenario)


def test_how_a_phone_takes_a_transfer(resources: Resources, tmp_path: Path) -> None:
    scenario = """
    VoxEngine.addEventListener(AppEvents.CallAlerting, ({ call, destination }) => {
      const other = VoxEngine.callSIP(`sip:${destination}@example.com`);
      VoxEngine.easyProcess(call, other, () => call.transferTo({ to: 'sip:200@example.com', call: other }));
      call.addEventListener(CallEvents.TransferComplete, () => Logger.write('went over'));
      call.addEventListener(CallEvents.TransferFailed, ({ code, reason }) =>
        Logger.write(`stayed ${code} ${reason}`));
    });
    """
    script = (
        CALLEE % ""
        + """
call: {to: "200", client: %s}
steps:
  - expect: {transfer: "sip:200*", with: {attended: "sip:200@example.com"}}
  - expect: {log: %s}
"""
    )
    passes(resources, tmp_path, script % ("sip", "went over"), scenario)
    refuses = "sip, transfers: {fails: 603, reason: Never, after: 3s}"
    passes(resources, tmp_path, script % (refuses, "stayed 603 Never"), scenario)
    passes(resources, tmp_path, script % ("pstn", "stayed 501"), scenario)
    passes(resources, tmp_path, script % ("pstn, transfers: true", "went over"), scenario)


def test_how_a_phone_takes_a_re_invite(resources: Resources, tmp_path: Path) -> None:
    script = """
call: {client: %s}
steps:
  - message: "call.reInvite({}, 'a/b', 'ping')"
  - expect: {reinvite: ping, with: {mime: a/b}}
  - expect: {log: %s}
"""
    passes(resources, tmp_path, script % ("sip", "ReInviteAccepted"), WATCHES)
    passes(resources, tmp_path, script % ("sip, reinvites: {body: pong}", "pong"), WATCHES)
    passes(resources, tmp_path, script % ("sip, reinvites: 603", "ReInviteRejected 603"), WATCHES)
    passes(resources, tmp_path, script % ("user", "ReInviteRejected 488"), WATCHES)
    passes(resources, tmp_path, script % ("user, reinvites: true", "ReInviteAccepted"), WATCHES)


def test_keys_come_in_three_ways_and_info_as_it_is(resources: Resources, tmp_path: Path) -> None:
    script = """
steps:
  - expect: answered
  - {dtmf: 12, by: inband}
  - expect: [{log: ToneReceived 1 2}, {log: ToneReceived 2 2}]
  - {dtmf: 3, by: info}
  - expect: {log: ToneReceived 3 3}
  - dtmf: 4
  - expect: {log: ToneReceived 4 1}
  - {dtmf: 5, by: inband}           # the phone can do better: what sounds is no key any more
  - expect: {log: ToneReceived 5, absent: true, within: 1s}
  - info: {body: {a: 1}, mime: text/x}
  - expect: {log: 'InfoReceived text/x {"a":1}'}
  - message: "call.sendInfo('text/y', 'hi')"
  - expect: {info: hi, with: {mime: text/y}}
"""
    passes(resources, tmp_path, script, WATCHES)


def test_a_network_that_drops_and_comes_back(resources: Resources, tmp_path: Path) -> None:
    script = """
steps:
  - expect: answered
  - wait: 1s
  - network: down
  - expect: {log: RtpStopped}
  - network: up
  - expect: {log: RtpResumed}
"""
    passes(resources, tmp_path, script, WATCHES)


class Handset:
    """It has keys, holds, sends INFO and can lose its network, as a softphone."""

    def __init__(self) -> None:
        self.did: list[object] = []

    def press(self, digits: str, method: str = "rfc2833") -> None:
        self.did.append((digits, method))

    def hold(self, on: bool = True) -> None:
        self.did.append(on)

    def stop_sending(self) -> None:
        self.did.append("down")

    def resume_sending(self) -> None:
        self.did.append("up")

    def info(self, mime: str, body: str, headers: object = None) -> None:
        self.did.append((mime, body))


class Somebody:
    def __init__(self) -> None:
        self.name = "eve"
        self.hand = Handset()
        self.moments: list[str] = []

    def tell_moment(self, kind: str, text: str = "", **_: object) -> None:
        self.moments.append(f"{kind} {text}")


def test_a_softphone_does_what_it_can_and_says_what_it_cannot() -> None:
    person = Somebody()
    party: Party = person  # type: ignore[assignment]
    telephone.press(party, "5", "rfc2833")
    telephone.press(party, "6", "info")
    telephone.do(party, Hold(False))
    telephone.do(party, Info("x", "text/plain"))
    telephone.do(party, Network(False))
    telephone.do(party, Network(True))
    assert person.hand.did == [("5", "rfc2833"), ("6", "info"), False, ("text/plain", "x"), "down", "up"]
    assert person.moments[:2] == ["does takes the call back", "does sends INFO: x"]
    for deed in (Transfer("7"), ReInvite("x")):
        with pytest.raises(ScriptError, match="eve has no telephone"):
            telephone.do(party, deed)
    with pytest.raises(ScriptError, match="eve has no telephone"):
        telephone.answer(party, {}, "data")
    assert len(person.moments) == 4


def test_deeds_in_words() -> None:
    assert telephone.in_words(Hold()) == "holds the call"
    assert telephone.in_words(Hold(False)) == "takes the call back"
    assert telephone.in_words(Transfer("7")) == "asks for a transfer to 7"
    assert telephone.in_words(ReInvite("x")) == "sends a re-INVITE: x"
    assert telephone.in_words(Info("x")) == "sends INFO: x"
    assert telephone.in_words(Network(False)) == "has the network down"
