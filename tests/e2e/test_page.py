"""The softphone page in a real Chromium: what a person sees, hears, and can do, with keyboard and eyes alike.

The server is tests/e2e/page_server.py, so that each test decides what voxrun says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Playwright, expect, sync_playwright
from tests.e2e.browser import ALLOW, FAKE_MICROPHONE, Watch, chromium, new_page, watched
from tests.e2e.page_server import Message, PageServer
from tests.e2e.page_story import CLIENT, Record, Story, hang_up, weather_call

HERE = Path(__file__).parent
pytestmark = [pytest.mark.browser, pytest.mark.live]

LEVEL_MOVES = """
new Promise((resolve) => {
  const meter = document.getElementById("mic-level");
  const look = () => (meter.getAttribute("aria-valuenow") === "0" ? requestAnimationFrame(look) : resolve());
  look();
})
"""
"""Looks in every frame: the fake microphone's beeps are short."""
SESSION = "5e55107a5e55107a5e55107a5e55107a"


@pytest.fixture(scope="module")
def playwright() -> Generator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Generator[Browser]:
    """Has a microphone that beeps, and lets pages use it."""
    with chromium(playwright, *FAKE_MICROPHONE, *ALLOW) as browser:
        yield browser


@dataclass
class Softphone:
    """The page in a browser, and the server it talks to."""

    server: PageServer
    page: Page
    watch: Watch

    def open(self, query: str = "") -> None:
        self.page.goto(self.server.url + query)
        expect(self.status).to_have_text("Connected")
        self.server.wait("register")

    @property
    def status(self) -> Locator:
        return self.page.locator("#link-state")

    @property
    def conversation(self) -> Locator:
        return self.page.get_by_role("region", name="Conversation")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def offer(self, session: str = SESSION) -> Message:
        """Press Call; the call as voxrun gets it, in its new session."""
        self.button("Call").click()
        call = self.server.wait("call")
        self.server.send(type="trying", id=call["id"], session=session)
        self.server.wait("watch", session=session)
        return call

    def talk(self, tone: float = 0.0) -> Message:
        """A call that is up."""
        call = self.offer()
        self.server.answer(call, tone=tone)
        expect(self.page.locator(".call .phase")).to_have_text("Connected")
        return call

    def tell(self, *records: Record) -> None:
        self.server.record(SESSION, *records)

    def ring(self, **fields: Any) -> str:
        """An incoming call; returns its id."""
        incoming = {"id": "in-1", "from": "+4940123456", "displayName": "Order desk", "to": "anna"}
        message = incoming | {"kind": "user", "headers": {}} | fields
        self.server.send(type="incoming", **message)
        expect(self.button("Answer")).to_be_visible()
        return str(message["id"])


@pytest.fixture
def phone(browser: Browser) -> Generator[Softphone]:
    """A page that must not complain in the console nor ask another host for anything."""
    with PageServer() as server:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = new_page(context)
        watch = watched(page, f"127.0.0.1:{server.port}")
        yield Softphone(server, page, watch)
        context.close()
    assert watch.complaints == []
    assert watch.foreign == []


# -- the page at rest -----------------------------------------------------------------------------------


def test_the_page_says_what_runs_with_which_ai_and_what_to_do_next(phone: Softphone) -> None:
    phone.open()
    expect(phone.page.get_by_role("banner")).to_contain_text("inbound.js")
    expect(phone.page.get_by_role("banner")).to_contain_text("Ultravox: local emulator")
    expect(phone.conversation).to_contain_text("Press Call to talk to inbound.js.")
    expect(phone.page.get_by_role("tabpanel", name="Log")).to_contain_text("Logger.write appears here")
    expect(phone.page).to_have_title("inbound.js – voxrun")


def test_a_link_fills_in_the_number_and_the_call_button_waits_for_enter(phone: Softphone) -> None:
    phone.open("?to=%2B4930999&from=%2B4940111&name=Anna&data=vip")
    expect(phone.page.get_by_label("Number or user")).to_have_value("+4930999")
    expect(phone.button("Call")).to_be_focused()
    phone.page.keyboard.press("Enter")
    call = phone.server.wait("call")
    expected = {"to": "+4930999", "from": "+4940111", "displayName": "Anna", "customData": "vip"}
    assert expected.items() <= call.items()


def test_the_page_registers_for_every_call_and_for_the_user_named_in_the_options(phone: Softphone) -> None:
    phone.open()
    assert phone.server.sent("register")[0]["user"] == "*"
    phone.page.get_by_text("Call options").click()
    phone.page.get_by_label("Incoming calls ring here for").fill("anna")
    phone.page.get_by_label("Display name").click()
    phone.server.wait("register", user="anna")


def test_everything_has_a_name_a_role_and_enough_contrast(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    phone.tell(*weather_call())
    phone.ring()
    expect(phone.conversation).to_contain_text("Goodbye, and stay dry.")
    for scheme in ("light", "dark"):
        phone.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        phone.page.mouse.move(640, 60)
        for check in ("audit.js", "contrast.js"):
            assert phone.page.evaluate((HERE / check).read_text()) == []


def test_nothing_is_written_inline_and_the_policy_of_the_server_holds(phone: Softphone) -> None:
    phone.open()
    phone.talk(tone=440)
    phone.tell(*weather_call())
    expect(phone.page.locator("#timeline .tick-mark").first).to_be_attached()
    assert phone.page.locator("[style], style, script:not([src])").count() == 0
    # A violation of the policy would be a console error, which every test watches for.


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 1920])
def test_nothing_is_cut_off_at_any_width(phone: Softphone, width: int) -> None:
    phone.page.set_viewport_size({"width": width, "height": 844})
    phone.open()
    phone.talk()
    phone.tell(*weather_call())
    expect(phone.conversation).to_contain_text("Goodbye, and stay dry.")
    wide = phone.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    if width >= 1280:
        assert phone.page.evaluate("document.documentElement.scrollHeight") <= 844
    expect(phone.button("Hang up")).to_be_in_viewport()


def test_a_window_made_narrower_is_filled_and_no_more(phone: Softphone) -> None:
    phone.page.set_viewport_size({"width": 1920, "height": 844})
    phone.open()
    phone.talk()
    phone.tell(*weather_call())
    expect(phone.conversation).to_contain_text("Goodbye, and stay dry.")
    for width in (1280, 900, 390):
        phone.page.set_viewport_size({"width": width, "height": 844})
        phone.page.wait_for_function("width => document.documentElement.scrollWidth <= width", arg=width)


def test_colours_follow_the_system_until_the_switch_is_used(phone: Softphone) -> None:
    background = "getComputedStyle(document.documentElement).backgroundColor"

    def dark() -> bool:
        return max(int(n) for n in re.findall(r"\d+", phone.page.evaluate(background))[:3]) < 60

    phone.page.emulate_media(color_scheme="dark")
    phone.open()
    assert dark()
    phone.page.get_by_role("button", name="Colours: as the system").click()
    expect(phone.page.get_by_role("button", name="Colours: light")).to_be_visible()
    assert not dark()
    phone.page.reload()
    assert not dark()
    phone.page.get_by_role("button", name="Colours: light").click()
    phone.page.emulate_media(color_scheme="light")
    assert dark()


def test_nothing_moves_for_those_who_asked_for_calm(phone: Softphone) -> None:
    phone.open()
    phone.ring()
    assert phone.page.evaluate("document.getAnimations().length") > 0
    phone.page.emulate_media(reduced_motion="reduce")
    assert phone.page.evaluate("document.getAnimations().length") == 0


# -- calling --------------------------------------------------------------------------------------------


def test_call_rings_is_answered_and_both_sides_hear_each_other(phone: Softphone) -> None:
    phone.open()
    call = phone.offer()
    assert "m=audio" in call["sdp"]
    assert "a=candidate" in call["sdp"]
    phone.server.send(type="ringing", id=call["id"], headers={})
    expect(phone.page.locator(".call .phase")).to_have_text("Ringing")
    phone.server.answer(call, tone=440)
    expect(phone.page.locator(".call .phase")).to_have_text("Connected")
    expect(phone.page.get_by_role("timer")).to_have_text(re.compile(r"0:0[1-9]"))
    phone.server.until(lambda: any(phone.server.heard))
    heard = phone.page.evaluate(
        "[...document.querySelectorAll('audio')].some((a) => !a.paused && a.srcObject?.active)"
    )
    assert heard
    phone.tell({"n": 1, "t": 0, "k": "session", "state": "started"})
    expect(phone.page.locator("#timeline .wave.agent")).to_have_attribute("d", re.compile("M.+"))


def test_the_microphones_level_shows_during_a_call(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    meter = phone.page.get_by_role("meter", name="Microphone level")
    phone.page.evaluate(LEVEL_MOVES)
    phone.button("Hang up").click()
    expect(meter).to_have_attribute("aria-valuenow", "0")


def test_hanging_up_ends_the_call_and_gives_the_call_button_back(phone: Softphone) -> None:
    phone.open()
    call = phone.talk()
    phone.button("Hang up").click()
    phone.server.wait("hangup", id=call["id"])
    expect(phone.page.get_by_text(re.compile(r"You hung up after 0:\d\d\."))).to_be_visible()
    expect(phone.button("Call")).to_be_focused()


def test_the_scenarios_hang_up_is_told_with_the_length_of_the_call(phone: Softphone) -> None:
    phone.open()
    call = phone.talk()
    end = {"code": 200, "reason": "Normal call clearing", "by": "scenario", "duration": 83.2}
    phone.server.send(type="ended", id=call["id"], headers={}, **end)
    expect(phone.page.get_by_text("The scenario hung up after 1:23.")).to_be_visible()


def test_a_busy_signal_is_told_in_words(phone: Softphone) -> None:
    phone.open()
    call = phone.offer()
    end = {"code": 486, "reason": "Busy Here", "by": "scenario", "duration": 0}
    phone.server.send(type="ended", id=call["id"], headers={}, **end)
    expect(phone.page.get_by_text("Busy (486 Busy Here).")).to_be_visible()


def test_a_refused_call_says_what_was_wrong(phone: Softphone) -> None:
    phone.open()
    phone.button("Call").click()
    call = phone.server.wait("call")
    phone.server.send(type="error", re="call", id=call["id"], message="headers must be short.")
    expect(phone.page.locator("#last-call")).to_have_text("headers must be short.")
    expect(phone.button("Call")).to_be_visible()


def test_early_media_is_heard_before_the_answer(phone: Softphone) -> None:
    phone.open()
    call = phone.offer()
    phone.server.answer(call, kind="early", tone=440)
    expect(phone.page.locator(".call .phase")).to_have_text("Before the answer")
    phone.server.until(lambda: any(phone.server.heard))
    phone.server.send(type="answered", id=call["id"], headers={})
    expect(phone.page.locator(".call .phase")).to_have_text("Connected")


def test_an_empty_number_and_a_broken_header_are_told_at_their_field(phone: Softphone) -> None:
    phone.open()
    phone.page.get_by_label("Number or user").fill(" ")
    phone.button("Call").click()
    expect(phone.page.get_by_text("Enter a number or a user to call.")).to_be_visible()
    expect(phone.page.get_by_label("Number or user")).to_be_focused()
    phone.page.get_by_label("Number or user").fill("123")
    phone.page.get_by_text("Call options").click()
    phone.page.get_by_label("Headers").fill("X-Account 42")
    phone.button("Call").click()
    expect(phone.page.get_by_text("“X-Account 42” is no header")).to_be_visible()
    phone.page.get_by_label("Headers").fill("X-Account: 42\nX-Empty:")
    phone.button("Call").click()
    assert phone.server.wait("call")["headers"] == {"X-Account": "42", "X-Empty": ""}


def test_mute_hold_and_text_messages(phone: Softphone) -> None:
    phone.open()
    call = phone.talk()
    phone.button("Mute").click()
    expect(phone.button("Mute")).to_have_attribute("aria-pressed", "true")
    expect(phone.page.get_by_role("meter")).to_have_attribute("aria-valuenow", "0")
    phone.button("Hold").click()
    phone.server.wait("hold", id=call["id"], on=True)
    phone.server.send(type="hold", id=call["id"], on=True)
    expect(phone.page.locator(".call .phase")).to_have_text("On hold")
    phone.button("Message").click()
    phone.page.get_by_label("Text message to the scenario").fill("Grüße")
    phone.page.keyboard.press("Enter")
    assert phone.server.wait("message")["text"] == "Grüße"


# -- keys -----------------------------------------------------------------------------------------------


def test_keys_go_as_messages_when_the_answer_takes_no_tones(phone: Softphone) -> None:
    phone.open()
    call = phone.talk()
    phone.button("5").click()
    phone.button("hash").click()
    phone.page.keyboard.type("1*")
    digits = [phone.server.wait("dtmf", id=call["id"])["digits"] for _ in range(4)]
    assert digits == ["5", "#", "1", "*"]
    expect(phone.page.get_by_label("Keys pressed")).to_have_text("5#1*")


def test_keys_go_by_rtp_when_the_answer_takes_tones(phone: Softphone) -> None:
    phone.server.tones = True
    phone.open()
    phone.talk()
    phone.page.keyboard.type("42")  # what is pressed before packets have a way waits for it
    phone.server.until(lambda: phone.server.key_packets >= 10)
    assert phone.server.sent("dtmf") == []


def test_digits_typed_into_a_field_stay_in_the_field(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    phone.button("Message").click()
    phone.page.keyboard.type("12")
    expect(phone.page.get_by_label("Text message to the scenario")).to_have_value("12")
    assert phone.server.sent("dtmf") == []


def test_without_a_call_keys_dial(phone: Softphone) -> None:
    phone.open("?to=")
    phone.page.get_by_label("Number or user").fill("")
    phone.button("Call").focus()
    phone.page.keyboard.type("030")
    phone.button("Keypad").click()
    phone.button("star").click()
    expect(phone.page.get_by_label("Number or user")).to_have_value("030*")


def test_a_call_from_end_to_end_with_nothing_but_the_keyboard(phone: Softphone) -> None:
    phone.open()
    keys = phone.page.keyboard
    keys.press("Shift+Tab")
    expect(phone.page.get_by_label("Caller ID")).to_be_focused()
    keys.press("Shift+Tab")
    keys.press("Control+A")
    keys.type("777")
    keys.press("Enter")
    call = phone.server.wait("call")
    assert call["to"] == "777"
    phone.server.send(type="trying", id=call["id"], session=SESSION)
    phone.server.answer(call)
    expect(phone.button("Hang up")).to_be_focused()
    outline = phone.button("Hang up").evaluate("(b) => getComputedStyle(b).outlineStyle")
    assert outline == "solid"
    keys.press("9")
    assert phone.server.wait("dtmf")["digits"] == "9"
    keys.press("Enter")
    phone.server.wait("hangup", id=call["id"])
    expect(phone.button("Call")).to_be_focused()


def test_the_tab_key_reaches_every_control_in_reading_order(phone: Softphone) -> None:
    phone.open()
    phone.page.locator(".skip").focus()
    seen = ["Skip to the conversation"]
    for _ in range(40):
        phone.page.keyboard.press("Tab")
        here = phone.page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()")
        if here in seen or phone.page.evaluate("document.activeElement === document.body"):
            break
        seen.append(here)
    expected = ["Skip to the conversation", "theme", "to", "from", "call", "keypad-toggle", "Call options"]
    expected += ["mic-device", "mic-test", "custom-data", "start-button", "conversation", "tab-log", "filter"]
    assert seen == [*expected, "copy", "panel-log"]


# -- incoming calls -------------------------------------------------------------------------------------

COUNT_TONES = """
window.tones = 0;
const Native = window.OscillatorNode;
window.OscillatorNode = class extends Native {
  start(...rest) { window.tones += 1; super.start(...rest); }
  stop(...rest) { window.tones -= 1; super.stop(...rest); }
};
"""


def test_an_incoming_call_rings_shows_who_calls_and_is_answered(phone: Softphone) -> None:
    phone.page.add_init_script(COUNT_TONES)
    phone.open()
    phone.ring(session=SESSION)
    card = phone.page.get_by_role("region", name="Order desk")
    expect(card).to_contain_text("Incoming call")
    expect(card).to_contain_text("+4940123456 · for anna")
    expect(phone.page.get_by_role("alert")).to_have_text("Incoming call: Order desk, +4940123456 · for anna")
    expect(phone.page).to_have_title("Incoming call: Order desk")
    expect(phone.button("Answer")).to_be_focused()
    assert phone.page.evaluate("window.tones") > 0
    phone.page.keyboard.press("Enter")
    answer = phone.server.wait("answer", id="in-1")
    phone.server.answer(answer, tone=440)
    expect(phone.page.locator(".call .phase")).to_have_text("Connected")
    expect(phone.page).to_have_title("inbound.js – voxrun")
    assert phone.page.evaluate("window.tones") == 0
    phone.server.until(lambda: any(phone.server.heard))


def test_declining_says_603(phone: Softphone) -> None:
    phone.open()
    phone.ring()
    phone.button("Decline").click()
    assert phone.server.wait("decline", id="in-1")["code"] == 603
    expect(phone.page.get_by_text("You declined.")).to_be_visible()


@pytest.mark.parametrize(
    ("code", "sentence"),
    [(487, "The caller gave up."), (408, "You did not answer in time."), (200, "Answered on another page.")],
)
def test_an_incoming_call_that_is_over_says_why(phone: Softphone, code: int, sentence: str) -> None:
    phone.open()
    phone.ring()
    phone.server.send(type="cancelled", id="in-1", code=code, reason="")
    expect(phone.page.get_by_text(sentence)).to_be_visible()
    expect(phone.button("Answer")).to_have_count(0)


def test_an_incoming_call_does_not_take_the_focus_from_somebody_who_types(phone: Softphone) -> None:
    phone.open()
    phone.page.get_by_label("Custom data", exact=True).focus()
    phone.ring()
    expect(phone.page.get_by_label("Custom data", exact=True)).to_be_focused()


def test_a_second_call_can_be_answered_beside_the_first(phone: Softphone) -> None:
    phone.open("?to=sales")
    first = phone.talk()
    phone.ring()
    expect(phone.page.get_by_text("The other one stays up.")).to_be_visible()
    phone.button("Answer").click()
    phone.server.answer(phone.server.wait("answer", id="in-1"))
    others = phone.page.get_by_role("list", name="Other calls")
    expect(others).to_contain_text("sales")
    phone.button("Talk to sales").click()
    expect(others).to_contain_text("Order desk")
    phone.button("Hang up Order desk").click()
    phone.server.wait("hangup", id="in-1")
    expect(others).to_be_hidden()
    phone.button("Hang up").click()
    phone.server.wait("hangup", id=first["id"])


# -- what is in the way ---------------------------------------------------------------------------------


def test_a_denied_microphone_is_told_and_a_call_without_it_is_offered(playwright: Playwright) -> None:
    with chromium(playwright, *FAKE_MICROPHONE) as browser, PageServer() as server:
        page = new_page(browser)
        phone = Softphone(server, page, watched(page, f"127.0.0.1:{server.port}"))
        phone.open()
        phone.button("Call").click()
        notices = page.get_by_role("region", name="Notices")
        expect(notices).to_contain_text("The browser does not let this page use the microphone.")
        expect(notices).to_contain_text("Allow it in the site settings")
        assert server.sent("call") == []
        phone.button("Call without a microphone").click()
        server.answer(server.wait("call"))
        expect(page.locator(".call .phase")).to_have_text("Connected")
        expect(phone.button("Mute")).to_be_disabled()
        expect(notices).to_be_hidden()
        assert phone.watch.complaints == []


def test_a_missing_microphone_is_told(playwright: Playwright) -> None:
    with chromium(playwright, *ALLOW) as browser, PageServer() as server:
        page = new_page(browser)
        phone = Softphone(server, page, watched(page, f"127.0.0.1:{server.port}"))
        phone.open()
        phone.button("Test").click()
        expect(page.get_by_text("No microphone was found.")).to_be_visible()


def test_plain_http_from_another_machine_is_explained_before_the_first_call(
    playwright: Playwright,
) -> None:
    with (
        PageServer() as server,
        chromium(playwright, "--host-resolver-rules=MAP voxrun.test 127.0.0.1") as browser,
    ):
        page = new_page(browser)
        page.goto(f"http://voxrun.test:{server.port}/")
        notices = page.get_by_role("region", name="Notices")
        expect(notices).to_contain_text("Browsers give no microphone to a page that came over plain http")
        expect(notices).to_contain_text("http://localhost")
        expect(notices).to_contain_text("--tls self-signed")
        page.get_by_role("button", name="Call", exact=True).click()
        page.get_by_role("button", name="Call without a microphone").click()
        server.wait("call")


def test_a_server_that_goes_is_told_and_found_again_without_a_reload(browser: Browser) -> None:
    server = PageServer().__enter__()
    page = new_page(browser.new_context())
    phone = Softphone(server, page, watched(page, f"127.0.0.1:{server.port}", tolerate=("WebSocket",)))
    phone.open()
    phone.talk()
    phone.tell(*weather_call())
    expect(phone.conversation).to_contain_text("Goodbye, and stay dry.")
    server.stop()
    notices = page.get_by_role("region", name="Notices")
    expect(notices).to_contain_text("voxrun does not answer any more.")
    expect(phone.status).to_have_text("Not connected")
    expect(page.get_by_text("The connection to voxrun was lost after")).to_be_visible()
    expect(phone.button("Call")).to_be_disabled()
    expect(phone.conversation).to_contain_text("Goodbye, and stay dry.")
    with PageServer(port=server.port) as again:
        phone.server = again
        expect(phone.status).to_have_text("Connected", timeout=15_000)
        expect(notices).to_be_hidden()
        again.wait("register")
        expect(page.locator("#session-state")).to_contain_text("voxrun was stopped")
        again.answer(phone.offer(session="another"))
        expect(page.locator(".call .phase")).to_have_text("Connected")
    page.context.close()
    assert phone.watch.complaints == []


def test_a_server_that_never_was_there_is_told_with_the_command_that_starts_it(phone: Softphone) -> None:
    phone.page.route_web_socket("**/ws", lambda ws: ws.close())
    phone.page.goto(phone.server.url)
    expect(phone.page.get_by_text("voxrun cannot be reached.")).to_be_visible()
    expect(phone.page.get_by_text("bin/voxrun scenarios/inbound.js")).to_be_visible()


def test_garbage_of_the_server_does_not_stop_the_page(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    for text in ("not json", "null", "[]", "7", '{"type": 3}', '{"type": "record"}', '{"type": "incoming"}'):
        phone.server.send_text(text)
    strange: list[Any] = [None, 1, {}, {"n": 1}, {"n": 2, "k": "event"}, {"n": 3, "k": "log", "text": None}]
    strange += [{"n": 4, "k": "event", "kind": "Ultravox.WebSocketAPI.Transcript", "data": None}]
    strange += [{"n": 5, "k": "event", "kind": ["x"], "data": 7}, {"n": 6, "k": "command", "kind": {}}]
    strange += [{"n": 7, "k": "event", "kind": "A.State", "data": {"data": {"payload": "speaking"}}}]
    phone.tell(*strange)
    phone.tell({"n": 8, "t": 5, "k": "log", "level": "write", "text": "still here", "where": ""})
    expect(phone.page.get_by_role("tabpanel", name="Log")).to_contain_text("still here")
    expect(phone.button("Hang up")).to_be_visible()
    phone.watch.complaints.clear()


# -- microphone -----------------------------------------------------------------------------------------


def test_the_microphone_can_be_chosen_and_tried_before_a_call(phone: Softphone) -> None:
    phone.open()
    meter = phone.page.get_by_role("meter", name="Microphone level")
    phone.button("Test").click()
    phone.page.evaluate(LEVEL_MOVES)
    choice = phone.page.get_by_role("combobox", name="Microphone")
    labels = choice.locator("option").all_text_contents()
    assert labels[0] == "System default"
    assert len(labels) > 1
    choice.select_option(index=1)
    phone.page.evaluate(LEVEL_MOVES)
    phone.button("Stop").click()
    expect(meter).to_have_attribute("aria-valuenow", "0")
    phone.page.reload()
    assert choice.evaluate("(s) => s.selectedOptions[0].label") == labels[1]


# -- the session as it happens --------------------------------------------------------------------------


def test_the_transcript_grows_word_by_word_in_one_line(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    story = Story()
    story.transcript(100, "agent", 0, False, text="Hello")
    story.transcript(200, "agent", 0, False, text="", delta=", this")
    story.transcript(300, "agent", 0, False, text="", delta=" is Nora")
    phone.tell(*story.records)
    line = phone.conversation.get_by_role("article")
    expect(line).to_contain_text("Hello, this is Nora")
    expect(line).to_have_attribute("data-open", "true")
    story.transcript(400, "agent", 0, True, text="Hello, this is Nora. ")
    story.transcript(900, "user", 1, True, text="Hi!")
    phone.tell(*story.records[3:])
    expect(line).to_have_count(2)
    expect(line.first).to_contain_text("Agent")
    expect(line.first).to_have_attribute("data-open", "false")
    expect(line.last).to_contain_text("You")
    spoken = phone.page.get_by_role("log", name="Finished sentences")
    expect(spoken).to_have_text("Agent: Hello, this is Nora.You: Hi!")


def test_an_interruption_shows_what_was_not_heard(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    story = Story()
    story.agent_is_cut(500, 0, "It rains until four and then it stays dry", "It rains until four")
    phone.tell(*story.records)
    line = phone.conversation.get_by_role("article")
    expect(line).to_contain_text("interrupted")
    expect(line.locator("s")).to_have_text("and then it stays dry")
    expect(phone.page.locator("#timeline .cut")).to_be_attached()
    expect(phone.page.get_by_role("img", name=re.compile("1 interruptions"))).to_be_attached()


def test_a_tool_call_shows_its_arguments_then_its_result(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    records = weather_call()
    answer = next(
        i for i, each in enumerate(records) if each.get("data", {}).get("method") == "clientToolResult"
    )
    phone.tell(*records[:answer])
    tool = phone.conversation.get_by_role("article").filter(has_text="getWeather")
    expect(tool).to_contain_text('{"city":"Hamburg","day":"today"}')
    expect(tool).to_contain_text("waiting for the result")
    phone.tell(*records[answer:])
    expect(tool).to_contain_text("light rain")
    expect(tool).to_contain_text("690 ms")
    tool.locator("summary").click()
    expect(tool.locator("pre").last).to_contain_text('"dryFrom": "16:00"')


def test_a_failed_tool_is_told_as_such(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    story = Story()
    story.ultravox(10, "ClientToolInvocation", toolName="pay", invocationId="i", parameters={})
    argument = {"invocationId": "i", "errorType": "implementation-error", "errorMessage": "card declined"}
    story.command(20, "connector.call", 9, CLIENT, method="clientToolResult", argument=argument)
    phone.tell(*story.records)
    expect(phone.conversation.locator(".failed")).to_have_text("card declined")


def test_keys_and_messages_of_both_sides_are_lines_of_the_conversation(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    story = Story()
    for index, key in enumerate("12#"):
        story.event(100 + index * 300, "Call.ToneReceived", tone=key, type="rfc2833")
    story.event(2000, "Call.MessageReceived", text="Ping")
    story.command(2100, "call.message", 5, text="Pong")
    phone.tell(*story.records)
    expect(phone.conversation).to_contain_text("You pressed 12#")
    expect(phone.conversation.get_by_role("article").first).to_contain_text("YouPing")
    expect(phone.conversation.get_by_role("article").last).to_contain_text("ScenarioPong")


def test_the_log_shows_each_line_with_its_place_and_can_be_filtered(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    phone.tell(*weather_call())
    log = phone.page.get_by_role("tabpanel", name="Log")
    expect(log).to_contain_text("Connected, creating the Ultravox client")
    expect(log).to_contain_text("inbound.js:26")
    expect(log.locator(".row.warning")).to_contain_text("No forecast cached")
    phone.page.get_by_label("Filter the log and the events").fill("tone")
    expect(log.locator(".row")).to_have_count(1)
    phone.page.get_by_label("Filter the log and the events").fill("xyz")
    expect(log).to_contain_text("Nothing contains “xyz”.")


def test_events_and_commands_are_listed_also_kinds_nobody_knows(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    story = Story()
    story.event(1000, "Tomorrow.Invented", depth={"a": 1})
    story.command(1500, "call.answer", 12)
    story.add(1600, "wire", dir="out", what="http", payload={"url": "/calls"})
    story.add(1700, "novelty")
    phone.tell(*story.records)
    phone.page.get_by_role("tab", name="Log").focus()
    phone.page.keyboard.press("ArrowRight")
    events = phone.page.get_by_role("tabpanel", name="Events")
    expect(events.locator(".row")).to_have_count(3)
    phone.page.get_by_label("Traffic").check()
    expect(events.locator(".row")).to_have_count(4)
    expect(events).to_contain_text("out http")
    expect(events).to_contain_text("inbound.js:12")
    expect(events).to_contain_text("novelty")
    row = events.locator(".row").first
    row.locator("summary").focus()
    phone.page.keyboard.press("Enter")
    shown = row.locator("pre").text_content()
    assert json.loads(shown or "")["data"] == {"depth": {"a": 1}}


def test_the_parts_of_one_sentence_share_a_row_of_the_events(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    said = Story()
    said.agent_says(100, 0, "One two three four five six.")
    story = Story()
    for record in said.records:
        story.add(record["t"], "wire", dir="in", what="ws", payload={})
        story.add(**{name: value for name, value in record.items() if name != "n"})
    phone.tell(*story.records)
    phone.page.get_by_role("tab", name="Events").click()
    rows = phone.page.get_by_role("tabpanel", name="Events").locator(".row")
    expect(rows).to_have_count(3)
    expect(rows.nth(1)).to_contain_text("One two three four five six.")


def test_a_mark_of_the_timeline_leads_to_its_record(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    phone.tell(*weather_call(), *hang_up())
    expect(phone.page.locator("#session-state")).to_contain_text("Ended after 0:35: terminate")
    key = phone.page.locator("#timeline .pick").filter(has=phone.page.locator(".key"))
    key.click()
    row = phone.page.get_by_role("tabpanel", name="Events").locator(".row.found")
    expect(row).to_contain_text("Call.ToneReceived")
    expect(row).to_be_in_viewport()


def test_a_scenario_that_fails_says_so_in_conversation_and_log(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    message = "TypeError: call.anser is not a function\n  12 | call.anser();\n     | ~~~~~~~~~~"
    phone.tell(
        {"n": 1, "t": 300, "k": "error", "message": message, "where": "inbound.js:12:3"},
        {"n": 2, "t": 310, "k": "session", "state": "ended", "reason": "JS session error"},
    )
    expect(phone.conversation).to_contain_text("The scenario failed: TypeError: call.anser is not a function")
    error = phone.page.get_by_role("tabpanel", name="Log").locator(".row.error")
    expect(error).to_contain_text("12 | call.anser();")
    expect(error).to_contain_text("inbound.js:12")


def test_the_list_stays_where_somebody_reads_and_offers_the_way_back(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    lines = [{"n": n, "t": n, "k": "log", "level": "write", "text": f"line {n}"} for n in range(1, 400)]
    phone.tell(*lines[:200])
    log = phone.page.get_by_role("tabpanel", name="Log")
    expect(log.get_by_text("line 200", exact=True)).to_be_in_viewport()
    log.evaluate("(box) => { box.scrollTop = 0; }")
    phone.page.evaluate("new Promise(requestAnimationFrame)")
    phone.tell(*lines[200:])
    expect(phone.button("Latest").last).to_be_visible()
    expect(log.get_by_text("line 1", exact=True)).to_be_in_viewport()
    phone.button("Latest").last.click()
    expect(log.get_by_text("line 399", exact=True)).to_be_in_viewport()


def test_files_and_recordings_of_the_session_are_links(phone: Softphone) -> None:
    phone.open()
    phone.talk()
    files = [{"name": "journal", "url": f"/sessions/{SESSION}/files/journal.jsonl?token=x"}]
    files.append({"name": "bad", "url": "javascript:alert(1)"})
    phone.server.send(type="session", id=SESSION, state="started", reason="", folder="/tmp/s", files=files)
    story = Story()
    story.event(1, "Call.RecordStarted", url="/sessions/x/files/a.wav")
    story.event(2, "Recorder.Started", url="/sessions/x/files/b.mp3")
    phone.tell(*story.records)
    expect(phone.page.get_by_role("link", name="journal")).to_be_visible()
    recording = phone.page.get_by_role("link", name="Recording 1")
    expect(recording).to_have_attribute("href", "/sessions/x/files/a.wav")
    other = phone.page.get_by_role("link", name="Recording 2")
    expect(other).to_have_attribute("href", "/sessions/x/files/b.mp3")
    expect(phone.page.get_by_role("link", name="bad")).to_have_count(0)
    expect(phone.button("Copy folder path")).to_be_visible()


# -- sessions without a call ----------------------------------------------------------------------------


def test_a_session_can_be_started_with_custom_data_again_and_again(phone: Softphone) -> None:
    phone.open()
    data = phone.page.get_by_label("Custom data", exact=True)
    for turn in (1, 2):
        data.fill(json.dumps({"number": turn}))
        phone.button("Start session").click()
        assert json.loads(phone.server.wait("start")["customData"]) == {"number": turn}
        phone.server.send(type="session", id=f"s{turn}", state="started", reason="")
        phone.server.send(type="started", session=f"s{turn}")
        phone.server.wait("watch", session=f"s{turn}")
    expect(phone.page.locator("#start-result")).to_have_text("Started (2 times).")
    phone.server.record("s2", {"n": 1, "t": 5, "k": "log", "level": "write", "text": "second"})
    expect(phone.page.get_by_role("tabpanel", name="Log")).to_contain_text("second")
    phone.page.get_by_label("Session to show").select_option("s1")
    phone.server.wait("watch", session="s1")
    expect(phone.page.get_by_role("tabpanel", name="Log")).not_to_contain_text("second")


def test_a_slip_in_json_custom_data_and_a_refusal_are_told_there(phone: Softphone) -> None:
    phone.open()
    phone.page.get_by_label("Custom data", exact=True).fill('{"number": }')
    result = phone.page.locator("#start-result")
    expect(result).to_contain_text("Looks like JSON but is not")
    phone.button("Start session").click()
    phone.server.wait("start")
    phone.server.send(type="error", re="start", message="The scenario has a syntax error: inbound.js:3.")
    expect(result).to_have_text("The scenario has a syntax error: inbound.js:3.")


def test_a_session_that_runs_already_is_shown_when_the_page_opens(phone: Softphone) -> None:
    phone.server.welcome["sessions"] = [{"id": "old", "state": "ended"}, {"id": "new", "state": "started"}]
    phone.open()
    assert phone.server.sent("watch") == [{"type": "watch", "session": "new"}]
    phone.server.record("new", {"n": 1, "t": 2000, "k": "log", "level": "write", "text": "on it"})
    expect(phone.page.get_by_role("tabpanel", name="Log")).to_contain_text("on it")
    expect(phone.page.get_by_text("Caller", exact=True)).to_be_attached()
