"""Reports in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright
from tests.e2e.browser import chromium, new_page
from tests.report.calls import SHORT, Exchange, many, missed_outcome, weather_call
from tests.report.hostile import TEXTS, hostile_outcome, hostile_session
from tests.report.journals import Writing

from voxrun.report.index import write_index
from voxrun.report.page import write

pytestmark = [pytest.mark.browser, pytest.mark.live]
HERE = Path(__file__).parent
DESKTOP, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def playwright() -> Generator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Generator[Browser]:
    with chromium(playwright) as started:
        yield started


def played(sessions: Path, talk: Sequence[Exchange] = SHORT) -> Path:
    """A call, played in a thread: this one belongs to Playwright's event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(weather_call, sessions, talk).result()


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("sessions"))


@pytest.fixture(scope="module")
def failed(session: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, _ = write(session, tmp_path_factory.mktemp("failed") / "failed.html", missed_outcome())
    return path


@pytest.fixture(scope="module")
def ended(session: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, _ = write(session, tmp_path_factory.mktemp("ended") / "ended.html")
    return path


class Opened:
    """A page of ours with everything that went wrong in it."""

    def __init__(self, browser: Browser, path: Path, **options: object) -> None:
        self.context = browser.new_context(**({"viewport": DESKTOP} | options))  # type: ignore[arg-type]
        self.page: Page = new_page(self.context)
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def ready(self) -> Page:
        self.page.wait_for_selector(":root[data-ready]", state="attached")
        return self.page

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()
        assert self.wrong == []
        assert [url for url in self.asked if not url.startswith(("file:", "blob:"))] == []


def now(page: Page) -> float:
    """The moment, in seconds."""
    minutes, seconds = (page.locator("#now").text_content() or "").split(":")
    return int(minutes) * 60 + float(seconds)


def told(page: Page, name: str) -> Any:
    """What the page was given."""
    return json.loads(page.locator("#data").text_content() or "")[name]


def until(page: Page, condition: Callable[[], bool]) -> None:
    """The page's own policy forbids to wait inside of it."""
    for _ in range(200):
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not within 10 s; it is {now(page)}")


def test_a_failed_call_shows_first_what_was_expected_and_what_came_closest(
    browser: Browser, failed: Path
) -> None:
    with Opened(browser, failed) as opened:
        page = opened.ready()
        expect(page.locator("h1")).to_contain_text("weather.call.yaml")
        expect(page.locator("#state")).to_have_text("Failed")
        verdict = page.locator("#verdict")
        expect(verdict).to_contain_text("Not met: caller hears /umbrella/ scenarios/weather.call.yaml:15")
        expect(verdict).to_contain_text("Closest: No, it stays dry all at 0:13.600")
        expect(verdict).to_contain_text("voxrun test scenarios/weather.call.yaml --seed 1")
        assert now(page) == 13.0  # the moment at which it was missed
        expect(page.locator("#silent li")).to_have_text(["Call.Faileda.js:27:44"])
        expect(page.locator("#checks li.met")).to_have_count(3)
        expect(page.locator("#checks li.never")).to_contain_text("the caller ends the call")
        expect(page.locator("#conversation .check.missed")).to_contain_text("caller hears /umbrella/")


def test_the_conversation_tells_waits_tools_and_interruptions_where_they_were(
    browser: Browser, ended: Path
) -> None:
    with Opened(browser, ended) as opened:
        page = opened.ready()
        lines = page.locator("#conversation > li").all_text_contents()
        asked = next(i for i, line in enumerate(lines) if "What is the weather in Berlin today?" in line)
        assert "getWeather" in lines[asked + 1]
        assert "to answer" in lines[asked + 2]
        assert "Clouds, fifteen degrees" in lines[asked + 3]
        expect(page.locator(".cut-mark")).to_contain_text("interrupted, silent after 2")
        expect(page.locator("#answers li")).to_have_count(3)
        page.get_by_role("button", name="Slowest first").click()
        expect(page.locator("#answers li").first).to_contain_text("Thank you, that is all.")


def test_playing_moves_the_moment_and_marks_the_line_that_is_said(browser: Browser, ended: Path) -> None:
    with Opened(browser, ended) as opened:
        page = opened.ready()
        page.get_by_role("button", name="Play").click()
        until(page, lambda: now(page) > 0.6)
        expect(page.locator(".line.now")).to_contain_text("Hello, this is the weather desk.")
        page.get_by_role("button", name="Pause").click()
        stopped = now(page)
        page.wait_for_timeout(300)
        assert now(page) == stopped
        # Going elsewhere while it plays goes on from there.
        page.get_by_role("button", name="Play").click()
        page.locator("#answers button").last.click()
        until(page, lambda: now(page) > told(page, "turns")[-1]["end"] / 1000)


def test_playing_to_the_end_stops_there(browser: Browser, ended: Path) -> None:
    with Opened(browser, ended) as opened:
        page = opened.ready()
        page.locator("#timeline").press("End")
        page.locator("#timeline").press("ArrowLeft")
        page.get_by_label("Speed").select_option("2")
        page.get_by_role("button", name="Play").click()
        expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=5000)
        assert now(page) > told(page, "length") / 1000 - 0.5


def test_the_time_axis_is_used_by_mouse(browser: Browser, ended: Path) -> None:
    with Opened(browser, ended) as opened:
        page = opened.ready()
        axis = page.locator("#timeline")
        box = axis.bounding_box()
        assert box is not None
        middle = (box["x"] + 116 + (box["width"] - 128) / 2, box["y"] + 60)
        page.mouse.click(*middle)
        half = told(page, "length") / 2000
        until(page, lambda: abs(now(page) - half) < 0.15)
        page.mouse.move(*middle)
        page.keyboard.down("Control")
        for _ in range(6):
            page.mouse.wheel(0, -200)
        page.keyboard.up("Control")
        page.mouse.click(middle[0] + 300, middle[1])
        until(page, lambda: half < now(page) < half + 1)  # closer: the same way is less time
        before = now(page)
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] - 200, middle[1], steps=4)
        page.mouse.up()
        assert now(page) == before  # dragging moves the picture, not the moment
        page.mouse.click(middle[0] + 300, middle[1])
        until(page, lambda: now(page) > before)
        page.get_by_role("button", name="Whole call").click()
        page.mouse.click(*middle)
        until(page, lambda: abs(now(page) - half) < 0.15)


def test_the_time_axis_is_used_by_keyboard(browser: Browser, ended: Path) -> None:
    with Opened(browser, ended) as opened:
        page = opened.ready()
        axis = page.get_by_role("slider", name="Time in the call")
        axis.focus()
        for key in ("ArrowRight",) * 6:
            page.keyboard.press(key)
        until(page, lambda: abs(now(page) - told(page, "length") * 6 / 40_000) < 0.15)
        page.keyboard.press("+")
        page.keyboard.press("]")
        expect(page.locator(".row[aria-selected=true]")).to_have_count(1)
        chosen = page.locator("#detail h3").text_content()
        page.keyboard.press("]")
        page.keyboard.press("[")
        expect(page.locator("#detail h3")).to_have_text(chosen or "")
        page.keyboard.press("End")
        until(page, lambda: abs(now(page) - told(page, "length") / 1000) < 0.15)
        page.keyboard.press("Home")
        expect(page.locator("#now")).to_have_text("0:00.0")
        page.keyboard.press(" ")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        page.keyboard.press(" ")
        axis.press("End")
        assert "event" in (axis.get_attribute("aria-valuetext") or "")


def test_events_are_searched_filtered_and_read_by_keyboard(browser: Browser, ended: Path) -> None:
    with Opened(browser, ended) as opened:
        page = opened.ready()
        page.locator("body").press("/")
        page.keyboard.type("clientToolResult clouds")
        expect(page.locator("#found")).to_have_text(f"1 of {len(told(page, 'rows'))}")
        page.keyboard.press("Enter")
        expect(page.locator("#detail pre").first).to_contain_text('"method": "clientToolResult"')
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Timers").click()
        expect(page.locator(".row").first).to_contain_text("setInterval")
        page.get_by_role("button", name="Log").click()
        shown = page.locator("#found").text_content() or ""
        page.get_by_role("listbox", name="Events").focus()
        page.keyboard.press("End")
        expect(page.locator(".row[aria-selected=true]")).to_have_attribute(
            "aria-posinset", shown.split(" ")[0]
        )
        page.get_by_label("Search in events").fill("nothing holds this")
        expect(page.get_by_text("No event holds all of these words.")).to_be_visible()


def test_a_click_on_a_mark_shows_its_record(browser: Browser, ended: Path) -> None:
    with Opened(browser, ended) as opened:
        page = opened.ready()
        box = page.locator("#timeline").bounding_box()
        assert box is not None
        # Tools are the first lane below the two voices.
        tool = next(bar for bar in told(page, "bars") if bar[0] == "tools")
        x = box["x"] + 116 + (box["width"] - 128) * tool[1] / told(page, "length")
        page.mouse.click(x + 1, box["y"] + 22 + 124 + 11)
        expect(page.locator("#detail")).to_contain_text("getWeather")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_can_be_read_by_everybody(
    browser: Browser, failed: Path, scheme: str, viewport: dict[str, int]
) -> None:
    with Opened(browser, failed, viewport=viewport, color_scheme=scheme) as opened:
        page = opened.ready()
        page.locator(".row").nth(3).click()
        assert page.evaluate((HERE / "contrast.js").read_text()) == []
        assert page.evaluate((HERE / "audit.js").read_text()) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_theme_can_be_switched(browser: Browser, ended: Path) -> None:
    with Opened(browser, ended, color_scheme="light") as opened:
        page = opened.ready()
        light = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        page.get_by_role("button", name="Dark").click()
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") != light
        expect(page.get_by_role("button", name="Light")).to_be_visible()


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_what_others_wrote_is_shown_as_text_and_never_runs(
    browser: Browser, tmp_path: Path, number: int
) -> None:
    text = TEXTS[number]
    path, _ = write(hostile_session(tmp_path / "s"), tmp_path / "h.html", hostile_outcome(text))
    with Opened(browser, path) as opened:
        page = opened.ready()
        assert page.evaluate("window.broken") is None
        assert page.locator("#title").evaluate("(e) => e.textContent.length") == len(text)
        page.get_by_label("Search in events").fill("broken")
        page.locator(".row").first.click()
        page.mouse.move(500, 400)
        assert (
            page.evaluate("document.querySelectorAll('main img, main script, main svg[onload]').length") == 0
        )
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("window.broken") is None


def test_a_session_with_nothing_in_it_is_a_calm_page(browser: Browser, tmp_path: Path) -> None:
    path, _ = write(Writing().save(tmp_path))
    with Opened(browser, path) as opened:
        page = opened.ready()
        expect(page.get_by_text("Nothing was said in this session.")).to_be_visible()
        expect(page.get_by_text("Nothing was recorded, so nothing could be measured.")).to_be_visible()
        play = page.locator("#play")
        expect(play).to_have_attribute("aria-disabled", "true")
        play.focus()
        page.keyboard.press("Enter")
        page.locator("#timeline").press("+")


def test_the_report_of_ten_minutes_is_under_10_mb_and_is_handled_like_a_short_one(
    browser: Browser, tmp_path: Path
) -> None:
    path, entry = write(played(tmp_path / "sessions", many(63)), tmp_path / "long.html")
    assert entry.length_ms > 590_000
    assert path.stat().st_size < 10_000_000
    with Opened(browser, path) as opened:
        page = opened.ready()
        for key in "+" * 15 + "-" * 15:
            page.locator("#timeline").press(key)
        page.locator("#timeline").press("End")
        page.get_by_role("button", name="Play").click()
        page.get_by_role("listbox", name="Events").press("End")
        expect(page.locator("#detail h3")).to_have_text("session ended")
        assert page.locator(".row").count() < 80


def test_the_index_leads_to_the_reports(browser: Browser, session: Path, tmp_path: Path) -> None:
    write(session, tmp_path / "one.html", missed_outcome())
    write(Writing().save(tmp_path / "s"), tmp_path / "two.html")
    for scheme in ("light", "dark"):
        with Opened(browser, write_index(tmp_path, "Nightly"), viewport=PHONE, color_scheme=scheme) as opened:
            page = opened.page
            expect(page.locator("#found")).to_have_text("2 in all")
            assert page.evaluate((HERE / "contrast.js").read_text()) == []
            assert page.evaluate((HERE / "audit.js").read_text()) == []
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            page.get_by_role("button", name="Failed only").click()
            expect(page.locator("#found")).to_have_text("1 of 2")
            page.get_by_role("link", name="weather.call.yaml").click()
            opened.ready()
            expect(page.locator("#state")).to_have_text("Failed")
