"""A session is recorded as it happens: in memory, over real sockets, without secrets, for its owner only."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.emulators.ultravox.caller import ToneRecogniser, ToneSpeech, buzz
from tests.replay.taping import CALLER, KEY, SCENARIO, SECRETS, Tape, record

from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.serve import serve
from voxrun.errors import ConfigError
from voxrun.legs.scripted import ScriptedLeg
from voxrun.realm.inline import InlineRealms
from voxrun.realm.port import Script
from voxrun.replay.cassette import NET
from voxrun.replay.cassette_read import read_cassette
from voxrun.replay.cassette_record import RecordingHttp, _Counter, cassette_maker
from voxrun.replay.cassette_redact import Hider
from voxrun.replay.cassette_session import play_cassette
from voxrun.replay.cassette_writer import CassetteWriter
from voxrun.services.ticker import LoopTicker
from voxrun.session.clock import real_clock
from voxrun.session.runtime import Application, Runtime, World


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "cassette.jsonl").read_text().splitlines()]


def test_a_cassette_holds_both_ways_in_order_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    folder = record(tmp_path / "c")
    taped = records(folder)
    kinds = [r["k"] for r in taped if "audio" not in r]
    order = [
        "header",
        "leg",
        "alerting",
        "request",
        "response",
        "connect",
        "open",
        "in",
        "out",
        "closed",
        "end",
    ]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)
    assert [r["t"] for r in taped] == sorted(r["t"] for r in taped)
    for path in (folder, *folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    for way in ("in", "out"):
        size = sum(r.get("audio", 0) for r in taped if r["k"] == way)
        assert (folder / f"socket-1-{way}.pcm").stat().st_size == size > 0


def test_the_callers_voice_is_a_wav_on_the_sessions_clock(tmp_path: Path) -> None:
    folder = record(tmp_path / "c")
    cassette = read_cassette(folder)
    spoken = [r["t"] for r in records(folder) if r.get("json", {}).get("text") == "weather in London"]
    pcm, zero = cassette.sound(1), cassette.legs[1].sound_t
    assert zero is not None
    end = zero + (pcm.index(buzz("weather in London")) + len(buzz("weather in London"))) // 32
    assert 0 < spoken[0] - end < 1500  # understood soon after it was said


@pytest.mark.live
def test_a_call_over_real_sockets_is_recorded_and_plays_in_virtual_time(tmp_path: Path) -> None:
    asyncio.run(asyncio.wait_for(live_call(tmp_path), 30))
    (folder,) = tmp_path.iterdir()
    played = play_cassette(read_cassette(folder), speech=ToneSpeech())
    assert played.difference is None
    assert played.requests == 1
    logs = [r["text"] for r in played.records if r["k"] == "log" and r["level"] == "write"]
    assert logs[0] == "agent: Hi."
    assert KEY.encode() not in b"".join(p.read_bytes() for p in folder.rglob("*") if p.is_file())


async def live_call(cassettes: Path) -> None:
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = asyncio.create_task(
        serve(
            0,
            None,
            ready=ready.set_result,
            speech=ToneSpeech(),
            recogniser=ToneRecogniser(),
            agent=parse_agent("greeting: Hi.\n"),
        )
    )
    url = await ready
    ticker, realms = LoopTicker(), InlineRealms()
    world = World(
        clock=real_clock(),
        ticker=ticker,
        speech=ToneSpeech(),
        dialer=lambda request: ScriptedLeg(ticker, incoming=False),
        realms=realms,
        provider_urls={"ultravox": f"{url}/api"},
        tap=cassette_maker(cassettes),
    )
    runtime = Runtime(Application(scripts=(Script("weather.js", SCENARIO),), secrets=SECRETS), world)
    heard = asyncio.Event()
    runtime.subscribe(lambda _, r: heard.set() if r.get("text") == "agent: Hi." else None)
    try:
        leg = ScriptedLeg(ticker, incoming=True)
        session = await runtime.incoming(leg, CALLER)
        await heard.wait()
        leg.remote.hang_up()
        await runtime.wait(session)
    finally:
        await runtime.close()
        ticker.close()
        await realms.close()
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)


def test_what_came_before_a_kill_is_there(tmp_path: Path) -> None:
    """Nothing is buffered: the files are read while the session still runs."""
    seen: list[Path] = []

    async def story(tape: Tape) -> None:
        leg = await tape.call()
        await tape.until(lambda: "agent: Hello, which city?" in tape.logs())
        (folder,) = (tmp_path / "c").iterdir()
        copy = tmp_path / "copy"
        import shutil

        shutil.copytree(folder, copy)
        seen.append(copy)
        leg.remote.hang_up()
        await tape.runtime.wait(tape.session_id)

    record(tmp_path / "c", story)
    cassette = read_cassette(seen[0])
    assert cassette.end is None
    assert any("which city" in str(item.payload) for item in cassette.sockets[1].incoming)
    assert len(cassette.sound(1)) >= 32_000


def test_a_full_disk_ends_the_cassette_and_not_the_call(tmp_path: Path) -> None:
    async def story(tape: Tape) -> None:
        leg = await tape.call()
        (folder,) = (tmp_path / "c").iterdir()
        (folder / "socket-1-in.pcm").mkdir()  # cannot be created any more
        await tape.until(lambda: "agent: Hello, which city?" in tape.logs())
        leg.remote.hang_up()
        await tape.runtime.wait(tape.session_id)
        errors.extend(str(r["message"]) for r in tape.records if r["k"] == "error")

    errors: list[str] = []
    record(tmp_path / "c", story)
    assert len(errors) == 1
    assert "the cassette" in errors[0]
    assert "goes on without it" in errors[0]


def test_a_place_where_no_cassette_can_be_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="Choose another with --cassette"):
        cassette_maker(tmp_path / "file")


class Answers(httpx.AsyncBaseTransport):
    def __init__(self, answer: httpx.Response | Exception) -> None:
        self.answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class Parts(httpx.AsyncByteStream):
    def __init__(self, *parts: bytes) -> None:
        self.parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            yield part


def exchange(folder: Path, answer: httpx.Response | Exception) -> list[dict[str, Any]]:
    """Records of one request that gets this answer."""

    async def body() -> None:
        writer = CassetteWriter(folder, lambda: 5, lambda message: None)
        transport = RecordingHttp(Answers(answer), writer, Hider({}), NET, _Counter())
        async with httpx.AsyncClient(transport=transport) as client:
            headers = {"Authorization": "Bearer abcdefghijklmnopqrst"}
            try:
                response = await client.get("http://u:p@x.test/a?b=c&token=1234", headers=headers)
            except httpx.HTTPError:
                return
            assert response.content

    asyncio.run(body())
    return records(folder)


def test_a_streamed_and_packed_body_is_kept_whole_and_plain(tmp_path: Path) -> None:
    packed = gzip.compress(b'{"a": 1}')
    headers = {"content-encoding": "gzip", "set-cookie": "session=12345678901234567890"}
    answer = httpx.Response(200, headers=headers, stream=Parts(packed[:5], packed[5:]))
    request, response = exchange(tmp_path, answer)
    assert (request["url"], request["query"]) == ("http://x.test/a", [["b", "c"], ["token", "«redacted»"]])
    assert "authorization" in request["headers"]
    assert response["body"] == {"json": {"a": 1}}
    assert response["headers"] == [["set-cookie", "«redacted»"]]
    assert "abcdefghijklmnopqrst" not in (tmp_path / "cassette.jsonl").read_text()


def test_a_binary_body_is_a_file_and_a_failure_its_error(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    _, response = exchange(tmp_path / "one", httpx.Response(200, stream=Parts(b"\xff\x00", b"\xfe")))
    assert response["body"] == {"file": "body-1.bin"}
    assert (tmp_path / "one" / "body-1.bin").read_bytes() == b"\xff\x00\xfe"
    _, failure = exchange(tmp_path / "two", httpx.ConnectTimeout("too slow"))
    assert (failure["k"], failure["error"]) == ("failure", "ConnectTimeout")
