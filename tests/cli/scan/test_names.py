from __future__ import annotations

import pytest

from voxrun.cli.scan.built import Built
from voxrun.cli.scan.names import scan_names
from voxrun.cli.scan.surface import load_surface
from voxrun.realm.port import Script

BUILT = Built(
    frozenset({"ultravox"}),
    frozenset({"MeasurementProtocol.setup", "Net.sendMail", "Call.transferTo", "trace"}),
)


def found(*sources: str) -> list[str]:
    scripts = [Script(f"{number}.js", source) for number, source in enumerate(sources, 1)]
    return [str(finding) for finding in scan_names(scripts, load_surface(), BUILT)]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "VoxEngine.termnate();",
            'VoxEngine has no member "termnate": calling it throws. Did you mean "terminate"?',
        ),
        (
            "f(Net.httpRequst);",
            'Net has no member "httpRequst": it is undefined. Did you mean "httpRequest"?',
        ),
        ("Logger.wirte('x');", 'Logger has no member "wirte": calling it throws. Did you mean "write"?'),
        ("f(CallEvents.Conected);", 'no member "Conected": it is undefined. Did you mean "Connected"?'),
        ("f(AppEvents.MessageReceived);", 'AppEvents has no member "MessageReceived": it is undefined.'),
        ("f(WebSocketEvents.Message);", 'no member "Message": it is undefined. Did you mean "MESSAGE"?'),
        ("VoxEngine.callUser({}).hangUp();", 'no member "hangUp": calling it throws. Did you mean "hangup"?'),
        ("Net.HttpRequestMethod.POST;", 'Net has no member "HttpRequestMethod": it is undefined.'),
        ("VoxEngine.Logger.write('x');", "Logger stands by itself, without VoxEngine."),
        ("require(Modules.Ultravx);", 'no member "Ultravx": it is undefined. Did you mean "Ultravox"?'),
        ("require('ultravx');", 'no module is called "ultravx": require throws. Did you mean "ultravox"?'),
        ("require();", "require needs a module"),
        ("require(Modules.OpenAI);", 'voxrun does not have the module "openai" yet: require throws.'),
        ("MeasurementProtocol.setup('x');", "MeasurementProtocol.setup is not available in voxrun (Google"),
        (
            "Net.sendMail('x');",
            "Net.sendMail is not available in voxrun (voxrun sends no mail): calling it thr",
        ),
        (
            "VoxEngine.callUser({}).transferTo({});",
            "voxrun does not have Call.transferTo yet: calling it thr",
        ),
        ("trace('x');", "voxrun does not have trace yet: calling it throws."),
        ("Ultravox.createWebSocketAPIClient({});", "Put require(Modules.Ultravox); above."),
        (
            "require(Modules.Ultravox); f(Ultravox.WebSocketAPIEvents.Transcrip);",
            'Ultravox.WebSocketAPIEvents has no member "Transcrip": it is undefined. Did you mean "Trans',
        ),
    ],
)
def test_a_mistake_is_found(source: str, message: str) -> None:
    (only,) = found(source)
    assert message in only


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "f(CallEvents.VideoTrackCreated);",
            "never comes in voxrun (voxrun carries audio only): listeners get",
        ),
        ("require(Modules.ACD);", "Modules.ACD is not available in voxrun (call queues"),
        ("require('smartqueue');", "Modules.SmartQueue is not available in voxrun (call queues"),
        (
            "VoxEngine.callUser({username: 'x', video: true});",
            'option "video" of VoxEngine.callUser is ignored',
        ),
        (
            "const c = VoxEngine.callUser({}); c.answer({}, {mixStreams});",
            '"mixStreams" of Call.answer is ign',
        ),
    ],
)
def test_what_is_only_ignored_is_a_note(source: str, message: str) -> None:
    (only,) = found(source)
    assert ": note: " in only
    assert message in only


@pytest.mark.parametrize(
    "source",
    [
        # What the scenario tests for, sets or declares itself.
        "if (VoxEngine.something) VoxEngine.something();",
        "VoxEngine.something?.();",
        "if (Net.sendMail) Net.sendMail('x');",
        "function setup(MeasurementProtocol) { MeasurementProtocol.setup(); }",
        "const f = VoxEngine.something || (() => 1);",
        "const f = VoxEngine.something ?? null;",
        "typeof VoxEngine.something === 'function' && VoxEngine.something();",
        "const t = VoxEngine.something ? 1 : 2;",
        "VoxEngine.something = () => 1; VoxEngine.something();",
        "const c = VoxEngine.callUser({}); c.mine = 1; f(c.mine);",
        "const Net = {get() {}}; Net.get();",
        "class Call { go() {} } new Call().go();",
        "function f(Logger) { Logger.info('x'); }",
        "CallEvents = {Mine: 1}; f(CallEvents.Mine);",
        # Lookups that take any member.
        "call.say('x', VoiceList.Future.en_US_Somebody);",
        "call.say('x', Language.US_ENGLISH_FEMALE);",
        "f(ASRProfileList.Google.xx_XX, ASRLanguage.KLINGON, ASRModelList.Tinkoff.x, DialogflowLanguage.X);",
        # Old and new forms.
        "new Net.HttpRequestOptions().method = 'POST';",
        "VoxEngine.getSecretValue('x'); VoxEngine.CallList.reportError('x'); f(VoxEngine.RecordExpireTime);",
        "VoxEngine.callUser({username: 'x', video: false}); call.record({dict: 1}); f({video: true});",
        "VoxEngine.callUser({}).monitorMediaStatistics({});",
        "require(Modules.Ultravox); require('ultravox'); f(Ultravox.HTTPEndpoint.JOIN_CALL);",
        "require(Modules.Net); require(Modules.WebSocket); require(Modules.Player);",
        "require(Modules.CallList); require(Modules.AMD);",
        "CallList.reportResult({}); AMD.create({}); PhoneNumber.getInfo('1'); Crypto.md5('x');",
        "const m = pick(); require(m); Ultravox.createWebSocketAPIClient({});",
        "if (typeof Ultravox !== 'undefined') f(); require(Modules.Ultravox);",
        # Things of JavaScript and of every object.
        "CallEvents.toString(); Object.keys(CallEvents); VoxEngine.hasOwnProperty('x');",
        "setTimeout(VoxEngine.terminate, 100); Math.max(1); JSON.parse('1'); console.log(1);",
        "const s = {VoxEngine: 1, Net: 2}; f(s.VoxEngine.foo);",
        "f(x.CallEvents.foo, this.Net.foo);",
        "JSession.close(); JSession_GC();",
    ],
)
def test_what_the_platform_accepts_is_not_flagged(source: str) -> None:
    assert found(source) == []


def test_providers_may_have_newer_members_than_our_tables() -> None:
    assert found("require(Modules.Ultravox); f(Ultravox.WebSocketAPIEvents.Zzzzzzzzz);") == []
    deepgram = found("require(Modules.Deepgram); f(Deepgram.VoiceAgentEvents.Anything);")
    assert deepgram == ['1.js:1:9: voxrun does not have the module "deepgram" yet: require throws.']


def test_a_missing_module_is_told_once_a_namespace() -> None:
    assert len(found("Ultravox.createWebSocketAPIClient({}); Ultravox.Events;")) == 1


def test_scripts_of_a_rule_share_what_they_require() -> None:
    assert found("require(Modules.Ultravox);", "Ultravox.createWebSocketAPIClient({});") == []


def test_findings_come_in_the_order_of_the_source_with_their_place() -> None:
    places = [line.split(": ")[0] for line in found("\n  Net.foo();\nNet.bar();", "Net.baz();")]
    assert places == ["1.js:2:7", "1.js:3:5", "2.js:1:5"]
