"""Which pages ring."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from tests.legs.webrtc.caller import Caller
from tests.server.scripted import Events

from voxrun.config_tables import Route
from voxrun.legs.base import DialRequest
from voxrun.legs.webrtc.peer import PeerConfig
from voxrun.server.phones import Phones


class FakePage:
    """A page that only writes down (no socket behind it)."""

    def __init__(self, user: str | None) -> None:
        self.user = user
        self.rings = True
        self.rang: list[dict[str, Any]] = []
        self.ringing: Any = None
        self.said: list[tuple[str, int]] = []
        self.refusals: list[tuple[str, str]] = []
        self.answers: asyncio.Queue[str] = asyncio.Queue()

    def offered(self, ringing: Any, **data: Any) -> str:
        self.ringing = ringing
        self.rang.append(data)
        return f"in-{len(self.rang)}"

    def cancelled(self, call_id: str, code: int, reason: str) -> None:
        self.said.append(("cancelled", code))

    def refused(self, call_id: str, re_: str, message: str) -> None:
        self.refusals.append((re_, message))

    def early(self, call_id: str, sdp: str, headers: Any) -> None:
        self.answers.put_nowait(sdp)

    def answered(self, call_id: str, sdp: str | None, headers: Any) -> None: ...

    def ended(self, call_id: str, code: int, *rest: Any) -> None:
        self.said.append(("ended", code))

    def tell(self, call_id: str, kind: Any, **data: Any) -> None: ...


class Scene:
    def __init__(self, *users: str | None, routes: Any = (), config: PeerConfig | None = None) -> None:
        self.log: list[str] = []
        self.phones = Phones(config or PeerConfig(), routes, self.log.append)
        self.pages = [FakePage(user) for user in users]
        self.phones.pages = list(self.pages)

    def dial(self, kind: Any, to: str, **headers: str) -> Events:
        self.leg = self.phones.dial(DialRequest(kind, to, headers=headers))
        return Events(self.leg)

    def waiting(self) -> list[Any]:
        """Calls that wait for somebody to come."""
        return [ringing for ringing, *_ in self.phones._waiting]

    def rang(self) -> list[str | None]:
        return [page.user for page in self.pages if page.rang]


def run(story: Callable[[], Any]) -> None:
    asyncio.run(story())


@pytest.mark.parametrize(
    ("kind", "to", "users", "rang"),
    [
        ("user", "bob", ["bob", "eve", "*", None], ["bob"]),
        ("user", "bob", ["eve", "*"], ["*"]),
        ("user", "bob", ["bob", "bob"], ["bob", "bob"]),
        ("pstn", "+15550100", ["eve", "*"], ["*"]),
        ("sip", "sip:a@b", ["eve", "bob"], ["eve", "bob"]),
        ("whatsapp", "+15550100", ["eve"], ["eve"]),
    ],
)
def test_who_rings(kind: str, to: str, users: list[str | None], rang: list[str]) -> None:
    async def story() -> None:
        scene = Scene(*users)
        events = scene.dial(kind, to)
        assert scene.rang() == rang
        await events.wait("ringing")
        await scene.leg.close()

    run(story)


@pytest.mark.parametrize(
    ("users", "says"), [([], "Open the page"), ([None], "Open the page"), (["eve"], "Register")]
)
def test_nobody_to_ring_fails_with_480_and_says_what_to_do(users: list[str | None], says: str) -> None:
    async def story() -> None:
        scene = Scene(*users)
        events = scene.dial("user", "bob")
        failed = await events.wait("failed")
        assert (failed.data["code"], failed.data["reason"]) == (480, "User Offline")
        assert says in scene.log[0]

    run(story)


def test_routes_come_first() -> None:
    async def story() -> None:
        routes = (Route("pstn", r"\+1555.*", "webrtc", "bob"), Route("any", ".*", "webrtc", "eve"))
        scene = Scene("bob", "eve", "*", routes=routes)
        scene.dial("pstn", "+15550100")
        assert scene.rang() == ["bob"]
        await scene.leg.close()
        scene.dial("user", "bob")
        assert scene.rang() == ["bob", "eve"]
        await scene.leg.close()

    run(story)


def test_a_sip_route_fails_clearly() -> None:
    class SipRoute:
        leg, address = "sip", "sip:gw@example.com"

        def matches(self, kind: str, destination: str) -> bool:
            return True

    async def story() -> None:
        scene = Scene("*", routes=[SipRoute()])
        failed = await scene.dial("pstn", "+15550100").wait("failed")
        assert (failed.data["code"], failed.data["reason"]) == (501, "SIP legs come later")
        assert scene.rang() == []

    run(story)


def test_a_route_whose_pattern_finds_no_end_fails_the_call_with_its_place() -> None:
    async def story() -> None:
        route = Route("any", "(a|a+)+!", "webrtc", "*", where="voxrun.toml:4")
        scene = Scene("*", routes=[route])
        failed = await scene.dial("pstn", "a" * 60).wait("failed")
        assert failed.data["code"] == 500
        assert scene.log[-1].startswith("voxrun.toml:4: the regular expression (a|a+)+! was still")

    run(story)


def test_all_pages_declining_fails_the_call_with_the_last_code() -> None:
    async def story() -> None:
        scene = Scene("bob", "bob")
        events = scene.dial("user", "bob")
        for page, code in zip(scene.pages, (486, 603), strict=True):
            assert events.kinds().count("failed") == 0
            page.ringing.decline(page, code)
        assert (await events.wait("failed")).data["code"] == 603
        assert [page.said for page in scene.pages] == [[("ended", 486)], [("ended", 603)]]

    run(story)


def test_a_page_that_leaves_while_it_rings_is_offline() -> None:
    async def story() -> None:
        scene = Scene("bob")
        events = scene.dial("user", "bob")
        scene.pages[0].ringing.gone(scene.pages[0])
        assert (await events.wait("failed")).data["code"] == 480

    run(story)


def test_giving_up_cancels_every_page() -> None:
    async def story() -> None:
        scene = Scene("bob", "bob")
        events = scene.dial("user", "bob")
        scene.leg.hangup({})
        assert (await events.wait("failed")).data["code"] == 487
        assert [page.said for page in scene.pages] == [[("cancelled", 487)]] * 2

    run(story)


def test_no_answer_fails_with_408() -> None:
    async def story() -> None:
        scene = Scene("bob", config=PeerConfig(no_answer_seconds=0.05))
        events = scene.dial("user", "bob")
        assert (await events.wait("failed")).data["code"] == 408
        assert scene.pages[0].said == [("cancelled", 408)]

    run(story)


@pytest.mark.parametrize(("value", "seconds"), [("30", 30), ("3", 10), ("999", 400), ("x", 60), ("", 60)])
def test_the_scenario_says_how_long_to_ring(value: str, seconds: float) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        scene = Scene("bob")
        scene.dial("user", "bob", **{"VI-CallTimeout": value})
        left = scene.pages[0].ringing._timer.when() - loop.time()
        assert left == pytest.approx(seconds, abs=1)
        await scene.leg.close()

    run(story)


@pytest.mark.parametrize(
    ("kind", "client"), [("user", "user"), ("pstn", "pstn"), ("sip", "sip"), ("whatsapp", "wab")]
)
def test_the_client_type_is_what_the_call_meant_to_reach(kind: str, client: str) -> None:
    async def story() -> None:
        scene = Scene("*")
        scene.dial(kind, "1")
        assert scene.leg.client_type == client
        await scene.leg.close()

    run(story)


def test_a_page_that_says_itself_when_it_rings_is_not_heard_before() -> None:
    async def story() -> None:
        scene = Scene("bob")
        scene.pages[0].rings = False
        events = scene.dial("user", "bob")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert events.kinds() == []
        scene.pages[0].ringing.rings({"X-Tone": "1"})
        assert (await events.wait("ringing")).data["headers"] == {"X-Tone": "1"}
        scene.pages[0].ringing.decline(scene.pages[0], 486, "On the phone")
        failed = await events.wait("failed")
        assert (failed.data["code"], failed.data["reason"]) == (486, "On the phone")

    run(story)


def pushing(scene: Scene, wished: Any = 20_000, kind: Any = "user") -> Events:
    """A call whose scenario has required the module for push notifications."""
    scene.leg = scene.phones.dial(DialRequest(kind, "bob", options={"push": wished}))
    return Events(scene.leg)


def test_a_user_who_gets_a_push_notification_and_registers_in_time_is_rung() -> None:
    async def story() -> None:
        scene = Scene("eve")
        events = pushing(scene)
        assert (await events.wait("push_sent")).data == {"result": "sent"}
        assert "Whoever does within 20 s is rung." in scene.log[0]
        scene.phones.registered()
        assert scene.rang() == []
        scene.pages[0].user = "bob"
        scene.phones.registered()
        await events.wait("ringing")
        assert len(scene.pages[0].rang) == 1
        scene.phones.registered()
        assert len(scene.pages[0].rang) == 1
        await scene.leg.close()

    run(story)


def test_a_user_who_does_not_come_after_a_push_notification_is_offline() -> None:
    async def story() -> None:
        scene = Scene()
        events = pushing(scene)
        await events.wait("push_sent")
        assert events.kinds() == ["push_sent"]
        timer = scene.waiting()[0]._timer
        assert timer.when() - asyncio.get_running_loop().time() == pytest.approx(20, abs=1)
        timer._callback(*timer._args)
        failed = await events.wait("failed")
        assert (failed.data["code"], failed.data["reason"]) == (480, "User Offline")
        pushing(scene)
        assert len(scene.waiting()) == 1  # the first is forgotten
        await scene.leg.close()

    run(story)


def test_a_call_that_is_given_up_waits_for_nobody() -> None:
    async def story() -> None:
        scene = Scene("eve")
        events = pushing(scene)
        scene.leg.hangup({})
        assert (await events.wait("failed")).data["code"] == 487
        scene.pages[0].user = "bob"
        scene.phones.registered()
        assert scene.rang() == []
        assert events.kinds() == ["failed"]
        assert scene.waiting() == []

    run(story)


@pytest.mark.parametrize(
    ("wished", "kind"), [(0, "user"), (True, "user"), ("20000", "user"), (None, "user"), (20_000, "pstn")]
)
def test_without_the_module_or_for_others_nobody_is_woken(wished: Any, kind: str) -> None:
    async def story() -> None:
        events = pushing(Scene(), wished, kind)
        assert (await events.wait("failed")).data["code"] == 480
        assert events.kinds() == ["failed"]

    run(story)


@pytest.mark.parametrize(("wished", "seconds"), [(1, 10), (30_000.5, 30), (1e9, 60)])
def test_a_call_waits_ten_to_sixty_seconds_for_who_was_woken(wished: float, seconds: float) -> None:
    async def story() -> None:
        scene = Scene()
        pushing(scene, wished)
        left = scene.waiting()[0]._timer.when() - asyncio.get_running_loop().time()
        assert left == pytest.approx(seconds, abs=1)
        await scene.leg.close()

    run(story)


def test_one_of_several_pages_cannot_play_before_the_answer() -> None:
    async def story() -> None:
        scene = Scene("bob", "bob")
        scene.dial("user", "bob")
        (page, _) = scene.pages
        await page.ringing.early_audio(page, "v=0", {})
        assert page.refusals == [("early", "Others ring as well: one of them has to take the call first.")]

    run(story)


def test_an_answer_has_an_sdp_unless_early_audio_had_it() -> None:
    async def story() -> None:
        scene = Scene("bob")
        events = scene.dial("user", "bob")
        (page,) = scene.pages
        await page.ringing.answer(page, None, {})
        await page.ringing.early_audio(page, "garbage", {})
        assert [re_ for re_, _ in page.refusals] == ["answer", "early"]
        caller = Caller()
        offer = await caller.offer()
        await page.ringing.early_audio(page, offer, {"X-A": "1"})
        await page.ringing.early_audio(page, offer, {})
        await page.ringing.answer(page, offer, {})
        assert page.refusals[2:] == [
            ("early", "This call has audio already."),
            ("answer", "The sdp was given with early: leave it out."),
        ]
        await caller.take(await asyncio.wait_for(page.answers.get(), 10))
        assert (await events.wait("early_media")).data == {"headers": {"X-A": "1"}}
        await page.ringing.answer(page, None, {"X-B": "2"})
        assert (await events.wait("answered")).data == {"headers": {"X-B": "2"}}
        assert "first_audio" not in events.kinds()[: events.kinds().index("answered")]
        await scene.leg.close()
        await caller.close()

    run(story)
