"""js/surface.js: every name of the platform outside the providers exists, with its values and its arity."""

from __future__ import annotations

import json

import pytest
from tests.covers.table import PROVIDERS, UNSEEN
from tests.realm.js.conftest import Platform

from voxrun.cli.scan.built import OBJECTS, find_built
from voxrun.cli.scan.surface import load_surface
from voxrun.realm import sources
from voxrun.realm.realm import Realm

SURFACE = load_surface()
BUILT = find_built(SURFACE)
LATER = {*PROVIDERS, "Ultravox"}
REQUIRE = "".join(
    f"require('{SURFACE.modules[module]}');"
    for name, module in SURFACE.namespaces.items()
    if module and name not in LATER and (SURFACE.modules[module] in BUILT.modules or name.startswith("Vox"))
)
"""Modules that are there, and those that are not available but bring their names."""


def is_reachable(name: str) -> bool:
    """Outside the providers, and not behind a module that is not built yet."""
    root = name.split(".")[0]
    module = SURFACE.namespaces.get(root, "")
    return root not in LATER and (not module or f"'{SURFACE.modules[module]}'" in REQUIRE)


VALUES = {name: members for name, members in SURFACE.enums.items() if is_reachable(name)}


PLAIN = (
    "ASRDictionary", "ASRModel", "CallAudioQuality", "ConferenceDirection", "ConferenceMode",
    "DTMFType", "DialogflowModel", "DialogflowModelVariant", "DialogflowSsmlVoiceGender", "Modules",
    "RecordExpireTime", "RecorderDirection", "RecorderLabelFont", "RecorderLabelPosition",
    "RecorderLabelTextAlign", "RecorderLayout", "RecorderObjectFit", "RecorderProfile",
    "SmartQueueOperatorSettingsMode", "TTSEffectsProfile", "TaskWaitingCode", "TerminationStatus",
    "TranscriptionProvider", "URLPlayerRequestMethod", "WebSocketAudioEncoding",
    "WebSocketCloseCode", "WebSocketReadyState",
)  # fmt: skip
"""Enums of plain values."""


@pytest.mark.covers(*PLAIN)
def test_every_enum_has_the_platform_s_members_and_values(platform: Platform) -> None:
    every = {**VALUES, "Modules": SURFACE.modules}
    result = platform.boot(REQUIRE + "".join(f"Logger.write(JSON.stringify({name}));" for name in every))
    assert result.error is None, result.error.message
    assert dict(zip(every, map(json.loads, platform.logs()), strict=True)) == every
    assert set(PLAIN) <= set(every)


def test_the_members_of_an_enum_come_in_their_order_and_belong_to_the_scenario(platform: Platform) -> None:
    platform.boot(
        "Logger.write(Object.keys(RecordExpireTime).join()); CallEvents.Connected = 'mine';"
        "Logger.write(CallEvents.Connected + (CallEvents === CallEvents));"
        "Logger.write(Object.keys(globalThis).length + String('CallEvents' in globalThis));"
    )
    keys = ",".join(SURFACE.enums["RecordExpireTime"])
    assert platform.logs() == [keys, "minetrue", "0true"]


def test_every_function_is_there_with_the_platform_s_number_of_arguments(platform: Platform) -> None:
    functions = {name: about[2] for name, about in SURFACE.functions.items() if is_reachable(name)}
    lengths = ", ".join(f'"{name}": {name}.length' for name in functions)
    assert platform.value(f"({REQUIRE.replace(';', ',')} {{{lengths}}})") == functions


@pytest.mark.parametrize("name", [n for n in SURFACE.classes if is_reachable(n) and n not in UNSEEN])
def test_every_class_can_be_named_and_is_not_constructed_by_scenarios(platform: Platform, name: str) -> None:
    if name in ("IVRState", "WebSocket"):
        pytest.skip("scenarios construct it")
    attempt = f"(() => {{ try {{ new {name}(); }} catch (e) {{ return e.message; }} }})()"
    why = platform.value(f"({REQUIRE.replace(';', ',')} {attempt})")
    assert "has no public constructor" in why or "is not available in voxrun: " in why
    assert why.startswith(name)


def test_every_object_of_a_class_has_all_methods_of_the_class(platform: Platform) -> None:
    made = {name: make for name, make in OBJECTS.items() if not BUILT.lacks(name) and is_reachable(name)}
    wanted = {name: SURFACE.classes[name] for name in made}
    methods = {name: [m for m, about in wanted[name].items() if about[0] >= 0] for name in made}
    lengths = ", ".join(
        f'"{name}": (o => ({{{", ".join(f"{m}: o.{m}.length" for m in methods[name])}}}))({make})'
        for name, make in made.items()
    )
    found: dict[str, dict[str, int]] = platform.value(f"({REQUIRE.replace(';', ',')} {{{lengths}}})")
    wrong = {
        f"{name}.{member}": length
        for name, members in found.items()
        for member, length in members.items()
        if not BUILT.lacks(f"{name}.{member}")
        and not wanted[name][member][2] <= length <= wanted[name][member][0]
    }
    assert "Call" in found
    assert wrong == {}, "methods that take fewer or more arguments than the platform's"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("VoxEngine.enqueueACDRequest('q', '1')", "VoxEngine.enqueueACDRequest() IS NOT: call queues"),
        ("VoxEngine.enqueueTask({})", "VoxEngine.enqueueTask() IS NOT: call queues"),
        ("VoxEngine.createStreamingAgent({})", "VoxEngine.createStreamingAgent() IS NOT: streaming"),
        ("Net.sendMailAsync()", "Net.sendMailAsync() IS NOT: voxrun sends no mail"),
        ("MeasurementProtocol.setup()", "MeasurementProtocol.setup() IS NOT: Google Analytics"),
        ("VoximplantAvatar.createVoiceAvatar({})", "VoximplantAvatar.createVoiceAvatar() IS NOT: avatars"),
        ("new VoximplantAPI.Client()", "VoximplantAPI.Client IS NOT: it manages an account"),
        ("new CCAI.Agent()", "CCAI.Agent IS NOT: Google's contact center"),
    ],
)
def test_what_is_not_here_names_itself_with_its_reason_when_it_is_called(
    platform: Platform, call: str, message: str
) -> None:
    message = message.replace("IS NOT", "is not available in voxrun")
    source = (
        "for (const name of ['ACD', 'SmartQueue', 'StreamingAgent', 'VoximplantAPI', 'Avatar'])"
        " require(Modules[name]);\n"
        "Logger.write([ACDEvents.Queued, SmartQueueEvents.Waiting, VoximplantAvatar.Events.Reply].join());\n"
    )
    result = platform.boot(source + f"if (typeof Net === 'object') {call};")
    assert platform.logs() == ["ACD.Queued,SmartQueue.Waiting,AvatarEvents.Reply"]
    assert result.error is not None
    assert f"Error: {message}" in result.error.message
    assert result.error.where.startswith("a.js:3:")


def test_what_is_not_built_yet_names_itself_when_it_is_called(platform: Platform) -> None:
    files = [(f.name, f.source) for f in sources.platform().files]
    extended = [
        (name, source.replace('"VoxEngine": "', '"VoxEngine": "fly=2|').replace('"Call": "', '"Call": "fly|'))
        for name, source in files
    ]
    platform.realm.close()
    platform.realm = Realm(sources.lay_out(extended, []))
    result = platform.call_in(
        "Logger.write(VoxEngine.fly.length + VoxEngine.fly.name); try { VoxEngine.fly(); }"
        " catch (e) { Logger.write(e.message); } try { call.fly(); } catch (e) { Logger.write(e.message); }"
    )
    assert result.error is None
    says = "is part of the platform, but voxrun does not have it yet"
    assert platform.logs() == ["2fly", f"VoxEngine.fly() {says}", f"Call.fly() {says}"]


def test_modules_that_are_not_here_are_told_of_when_they_are_required(platform: Platform) -> None:
    platform.boot("require(Modules.ACD); require(Modules.Avatar); require(Modules.PushService);")
    assert platform.logs("warning") == [
        'require("acd"): call queues and their operators are a service of the platform; calling it will fail',
        'require("avatar"): avatars live on the platform; calling it will fail',
    ]


@pytest.mark.parametrize(
    "source",
    [
        "const CallEvents = {Connected: 'mine'}; let AMD = 1; Logger.write(CallEvents.Connected);",
        "var CallEvents = {Connected: 'mine'}; Logger.write(CallEvents.Connected);",
        "CallEvents = {Connected: 'mine'}; Logger.write(CallEvents.Connected);",
        "function CallEvents() { return 'mine'; } Logger.write(CallEvents());",
        "function f(CallEvents) { return CallEvents; } Logger.write(f('mine'));",
    ],
)
def test_a_scenario_may_use_the_name_for_its_own(platform: Platform, source: str) -> None:
    result = platform.boot(source)
    assert result.error is None, result.error.message
    assert platform.logs() == ["mine"]


def test_instanceof_tells_the_classes_apart(platform: Platform) -> None:
    platform.call_in(
        "Logger.write([call instanceof Call, call instanceof Player, {} instanceof Call,"
        " null instanceof Call, VoxEngine instanceof Call].join());"
    )
    assert platform.logs() == ["true,false,false,false,false"]


def test_names_work_after_a_scenario_overwrote_the_builtins(platform: Platform) -> None:
    platform.boot(
        "String.prototype.split = Object.keys = Object.defineProperty = String.prototype.slice = null;"
        "Object.defineProperties = Array.prototype.push = null; Object.prototype.__proto__ = null;"
        "Logger.write(ConferenceEvents.Started + AMD.ResultClass.HUMAN + MeasurementProtocol.setup.length);"
    )
    assert platform.logs() == ["Conference.StartedHUMAN3"]
