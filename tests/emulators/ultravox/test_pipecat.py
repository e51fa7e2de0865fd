"""A client that is not ours: the Ultravox service of pipecat, unmodified, against the emulator.

It posts to the address of the real provider. Here its HTTP session gets a resolver that knows another
machine by that name: a TLS front on loopback, with a certificate made for the test, before the emulator.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.emulators.ultravox.caller import PLAIN

from voxrun.emulators.ultravox.agent import parse_agent
from voxrun.emulators.ultravox.serve import serve
from voxrun.speech.client import SpeechProcess
from voxrun.speech.phrases import PhraseMatcher

pipecat = pytest.importorskip("pipecat", reason="pipecat-ai is not installed: pip install 'voxrun[dev]'")
aiohttp = pytest.importorskip("aiohttp")

pytestmark = [pytest.mark.peer, pytest.mark.live]

PROVIDER = "api.ultravox.ai"
AGENT = """
greeting: Hello, this is the weather line.
voice: {engine: espeak}
slots: {city: [London, Paris]}
rules:
  - hears: ["what is the weather in {city}"]
    tool: {name: get_weather, args: {city: "{city}"}}
    then: {says: "It has {result.temperature} degrees, and this is a long sentence about the weather."}
  - hears: [stop it please]
    says: All right.
"""


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """TLS contexts of the front and of its clients, for a certificate in the provider's name."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, PROVIDER)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(PROVIDER)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "front.pem"
    file.write_bytes(private + pem)
    front = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    front.load_cert_chain(file)
    return front, ssl.create_default_context(cadata=pem.decode())


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def tls_front(port: int, context: ssl.SSLContext) -> AsyncIterator[int]:
    """Takes TLS connections and passes what is in them to ``port``."""

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(pump(reader, outer), pump(inner, writer))

    server = await asyncio.start_server(join, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


def local_session(port: int, context: ssl.SSLContext) -> Any:
    """``aiohttp.ClientSession`` for which the provider's name stands for our front."""
    from aiohttp.abc import AbstractResolver

    class Local(AbstractResolver):
        async def resolve(self, host: str, _: int = 0, family: int = 0) -> list[Any]:
            assert host == PROVIDER
            entry = {"hostname": host, "host": "127.0.0.1", "port": port, "proto": 0, "flags": 0}
            return [{**entry, "family": 2}]

        async def close(self) -> None:
            pass

    session = aiohttp.ClientSession
    return lambda: session(connector=aiohttp.TCPConnector(resolver=Local(), ssl=context))


@contextlib.asynccontextmanager
async def running_emulator() -> AsyncIterator[tuple[str, SpeechProcess]]:
    speech = SpeechProcess(on_disk=False)
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(
            0,
            None,
            ready=ready.set_result,
            speech=speech,
            recogniser=PhraseMatcher(speech, (PLAIN,)),
            agent=parse_agent(AGENT),
        )
    )
    try:
        yield await asyncio.wait_for(ready, 20), speech
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await speech.close()


def test_pipecat_holds_a_conversation_with_the_emulator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipecat.adapters.llm.schemas.function_schema import FunctionSchema
    from pipecat.adapters.llm.schemas.tools_schema import ToolsSchema
    from pipecat.frames import frames
    from pipecat.pipeline.pipeline import Pipeline
    from pipecat.pipeline.worker import PipelineWorker
    from pipecat.processors.aggregators.llm_context import LLMContext
    from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair
    from pipecat.processors.frame_processor import FrameProcessor
    from pipecat.services.ultravox import llm
    from pipecat.workers.runner import WorkerRunner

    class Ear(FrameProcessor):  # type: ignore[misc]
        """Remembers what comes by and tells who waits."""

        def __init__(self) -> None:
            super().__init__()
            self.seen: list[Any] = []
            self.changed = asyncio.Event()

        async def process_frame(self, frame: Any, direction: Any) -> None:
            await super().process_frame(frame, direction)
            self.seen.append(frame)
            self.changed.set()
            await self.push_frame(frame, direction)

        def of(self, kind: type) -> list[Any]:
            return [frame for frame in self.seen if isinstance(frame, kind)]

        async def until(self, count: int, kind: type) -> None:
            async with asyncio.timeout(30):
                while len(self.of(kind)) < count:
                    self.changed.clear()
                    await self.changed.wait()

    front_context, client_context = certificate(tmp_path)

    async def story() -> None:
        async with running_emulator() as (url, speech):
            port = int(url.rsplit(":", 1)[1])
            async with tls_front(port, front_context) as front:
                monkeypatch.setattr(llm.aiohttp, "ClientSession", local_session(front, client_context))
                await conversation(speech)

    async def conversation(speech: SpeechProcess) -> None:
        asked: list[dict[str, Any]] = []

        async def get_weather(call: Any) -> None:
            asked.append(dict(call.arguments))
            await call.result_callback({"temperature": 19})

        schema = FunctionSchema(
            "get_weather", "The weather of a city.", {"city": {"type": "string"}}, ["city"]
        )
        service = llm.UltravoxRealtimeLLMService(
            params=llm.OneShotInputParams(api_key="any", system_prompt="You tell the weather."),
            one_shot_selected_tools=ToolsSchema(standard_tools=[schema]),
        )
        service.register_function("get_weather", get_weather)
        before, after = Ear(), Ear()
        user, assistant = LLMContextAggregatorPair(LLMContext([]))
        worker = PipelineWorker(Pipeline([user, before, service, after, assistant]))
        runner = WorkerRunner(handle_sigint=False)
        await runner.add_workers(worker)
        running = asyncio.create_task(runner.run())

        async def say(text: str) -> None:
            pcm = bytes(6400) + await speech.render(text, PLAIN)
            await feed(pcm)

        async def feed(pcm: bytes) -> None:
            for start in range(0, len(pcm), 640):
                frame = pcm[start : start + 640].ljust(640, b"\0")
                await worker.queue_frame(frames.InputAudioRawFrame(frame, 16_000, 1))
                await asyncio.sleep(0.02)

        async def keep_quiet() -> None:
            while True:
                await feed(bytes(640))

        try:
            await after.until(1, frames.LLMFullResponseEndFrame)  # the greeting
            assert (
                "".join(frame.text for frame in after.of(frames.LLMTextFrame))
                == "Hello, this is the weather line."
            )
            assert sum(len(frame.audio) for frame in after.of(frames.TTSAudioRawFrame)) > 48_000

            await say("what is the weather in paris")
            quiet = asyncio.create_task(keep_quiet())
            await after.until(2, frames.LLMFullResponseStartFrame)
            assert asked == [{"city": "Paris"}]
            assert [frame.text for frame in before.of(frames.TranscriptionFrame)] == [
                "what is the weather in Paris"
            ]
            quiet.cancel()

            await say("stop it please")  # in the middle of the answer
            quiet = asyncio.create_task(keep_quiet())
            await after.until(1, frames.InterruptionFrame)
            await after.until(3, frames.LLMFullResponseEndFrame)
            quiet.cancel()
            spoken = "".join(frame.text for frame in after.of(frames.LLMTextFrame))
            assert spoken.endswith("All right.")
            assert "It has" in spoken
            assert "long sentence about the weather" not in spoken
            assert not after.of(frames.ErrorFrame)
        finally:
            await worker.cancel()
            await asyncio.wait_for(asyncio.gather(running, return_exceptions=True), 20)

    asyncio.run(story())
