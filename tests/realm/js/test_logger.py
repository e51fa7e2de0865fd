"""js/logger.js: everything that is logged becomes text, and nothing that is logged ends the session."""

from __future__ import annotations

import pytest
from tests.realm.js.conftest import Platform


@pytest.mark.covers("Logger.write")
@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("'hello'", "hello"),
        ("", ""),
        ("undefined", "undefined"),
        ("null", "null"),
        ("5, true, 'x'", "5 true x"),
        ("'two', {arguments: 1}", 'two {"arguments":1}'),
        ("new Error('broken')", "Error: broken"),
        ("new TypeError('wrong')", "TypeError: wrong"),
        ("{a: [1, {b: null}]}", '{"a":[1,{"b":null}]}'),
        ("[1, 'x', undefined]", '[1,"x",null]'),
        ("(() => { const o = {}; o.self = o; return o; })()", "[object Object]"),
        ("{toString() { throw new Error('no'); }}", "{}"),
        ("{toJSON() { throw new Error('no'); }}", "[object Object]"),
        ("Object.defineProperty(new Error(), 'message', {get() { throw 1; }})", "Error"),
        ("new Proxy({}, {get() { throw 1; }, ownKeys() { throw 1; }})", "[object]"),
        ("Symbol('s')", "Symbol(s)"),
        ("10n", "10"),
        ("new Map([[1, 2]])", "{}"),
        ("'\\ud800 alone'", "\ufffd alone"),
        ("'nul\\u0000 inside'", "nul\0 inside"),
    ],
)
def test_logger_write_takes_anything(platform: Platform, call: str, text: str) -> None:
    result = platform.boot(f"Logger.write({call});")
    assert result.error is None
    assert platform.logs() == [text]


def test_a_message_ends_at_15000_characters(platform: Platform) -> None:
    platform.boot("Logger.write('x'.repeat(15000)); Logger.write('y'.repeat(15001)); Logger.write('z');")
    whole, cut, after = platform.logs()
    assert whole == "x" * 15000
    assert cut == "y" * 15000 + "… (cut at 15000 characters)"
    assert after == "z"


def test_logger_write_works_unbound_and_names_its_line(platform: Platform) -> None:
    platform.boot("const {write} = Logger;\n['a', 'b'].forEach((x) => write(x));")
    assert platform.logs() == ["a", "b"]
    assert platform.sent("log")[0].where.startswith("a.js:2:")


@pytest.mark.covers("trace")
def test_trace_and_console_have_levels_of_their_own(platform: Platform) -> None:
    platform.boot(
        "trace('t'); console.log('c', 1); console.info('i'); console.debug('d'); console.warn('w');"
        "console.error(new Error('e')); console.trace('x');"
    )
    assert platform.logs("trace") == ["t"]
    assert platform.logs("console") == ["c 1", "i", "d", "w", "Error: e", "x"]


@pytest.mark.parametrize(("call", "hidden"), [("", True), ("true", True), ("false", False)])
def test_hide_tones_is_told_to_the_log(platform: Platform, call: str, hidden: bool) -> None:
    platform.boot(f"Logger.hideTones({call});")
    assert platform.sent("log.tones")[0].data == {"hide": hidden}


def test_a_logger_works_after_a_scenario_overwrote_the_builtins(platform: Platform) -> None:
    platform.boot(
        "String.prototype.slice = JSON.stringify = () => 'stolen'; Array.prototype.join = null;"
        "Logger.write('a', {b: 1}, 'x'.repeat(20000));"
    )
    assert platform.logs()[0].startswith('a {"b":1} xxx')
