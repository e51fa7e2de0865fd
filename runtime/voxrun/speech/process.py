"""The speech process: ``python -m voxrun.speech.process``, requests on stdin, replies on stdout (``wire``).

The only program that loads espeak-ng, piper, pocketsphinx and Whisper. It keeps their licences and their work
away from the process that carries calls, and a crash of an engine costs one phrase: engines are loaded here
and used only in forked copies, each of which does one job from the same fresh state and ends. (Whisper, which
has threads, works in a process of its own without copies: ``speech.whisper``.)
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, BinaryIO, Final, Protocol

from msgspec.structs import asdict

from voxrun.media.frames import BYTES_PER_SECOND, SAMPLE_RATE
from voxrun.media.levels import samples, to_pcm
from voxrun.media.resample import convert
from voxrun.speech import wire
from voxrun.speech.base import Heard, Voice
from voxrun.speech.engines import ESPEAK, PIPER, UnknownVoice
from voxrun.speech.wire import Header

NICENESS: Final = 5
"""Speech gives way to the process that carries calls: a late word is better than gaps in all audio."""
BASE_SECONDS: Final = 30.0
SECONDS_A_CHARACTER: Final = 0.05
"""A job may take this long before it is taken for hung; piper needs about 0.006 s a character."""

_EXIT_FAILED: Final = 1
_EXIT_USER: Final = 2


class JobError(Exception):
    """A job failed; the text goes to the client as it is."""


class UserMistake(JobError):
    """The request named something that does not exist."""


class Engine(Protocol):
    """What speaks."""

    sample_rate: int
    """Samples a second at normal pitch."""

    def speak(self, text: str, voice: Voice) -> tuple[bytes, int]:
        """Mono s16le and its sample rate."""
        ...


class Recogniser(Protocol):
    """What listens."""

    def hear(self, pcm: bytes, phrases: list[str]) -> Heard | None:
        """Which of the phrases was said."""
        ...


class Dictation(Protocol):
    """What listens to free speech."""

    def hear(self, pcm: bytes, hints: list[str], language: str) -> Heard | None:
        """What was said."""
        ...


class Server:
    """Loads engines when first asked for them and answers one request after another."""

    def __init__(self, private: tuple[int, ...] = ()) -> None:
        self._private = private
        self._engines: dict[str, Engine] = {}
        self._recogniser: Recogniser | None = None
        self._dictation: dict[str, Dictation] = {}

    def answer(self, request: Header, payload: bytes) -> tuple[Header, bytes]:
        """The reply to one request. Errors become replies, never exceptions."""
        try:
            if request.get("op") == "render":
                return self._render(request)
            if request.get("op") == "recognise":
                return self._recognise(request, payload)
            if request.get("op") == "dictate":
                return self._dictate(request, payload)
            raise JobError(f"unknown request {request.get('op')!r}")
        except UserMistake as error:
            return {"ok": False, "kind": "user", "error": str(error)}, b""
        except Exception as error:  # an engine's own fault while loading: this request's, not the next one's
            return {"ok": False, "kind": "failed", "error": f"{type(error).__name__}: {error}"}, b""

    def _render(self, request: Header) -> tuple[Header, bytes]:
        voice = Voice(
            engine=str(request["engine"]),
            name=str(request["name"]),
            variant=str(request["variant"]),
            rate=int(request["rate"]),
            pitch=int(request["pitch"]),
            volume=int(request["volume"]),
        )
        text = str(request["text"])
        engine = self._engine(voice.engine)
        seconds = BASE_SECONDS + SECONDS_A_CHARACTER * len(text)
        return {"ok": True}, in_a_copy(lambda: _speak(engine, text, voice), seconds, self._private)

    def _recognise(self, request: Header, pcm: bytes) -> tuple[Header, bytes]:
        phrases = [str(phrase) for phrase in request["phrases"]]
        recogniser = self._recogniser or self._load_recogniser()
        seconds = BASE_SECONDS + len(pcm) / BYTES_PER_SECOND

        def job() -> bytes:
            return json.dumps(_told(recogniser.hear(pcm, phrases))).encode("ascii")

        return {"ok": True, **json.loads(in_a_copy(job, seconds, self._private))}, b""

    def _dictate(self, request: Header, pcm: bytes) -> tuple[Header, bytes]:
        """Not in a copy: the model has threads of its own, which a copy would not have."""
        folder = str(request["model"])
        if folder not in self._dictation:
            from voxrun.speech.whisper_engine import WhisperEngine

            self._dictation[folder] = WhisperEngine(folder)
        hints = [str(hint) for hint in request["hints"]]
        return {"ok": True, **_told(self._dictation[folder].hear(pcm, hints, str(request["language"])))}, b""

    def _load_recogniser(self) -> Recogniser:
        from voxrun.speech.espeak_engine import EspeakEngine
        from voxrun.speech.sphinx_engine import SphinxEngine

        espeak = self._engine(ESPEAK)
        assert isinstance(espeak, EspeakEngine)
        self._recogniser = SphinxEngine(espeak.ipa)
        return self._recogniser

    def _engine(self, name: str) -> Engine:
        if name not in self._engines:
            engine = _load(name)
            convert(bytes(2), engine.sample_rate, SAMPLE_RATE)  # the filter is made here, not in each copy
            self._engines[name] = engine
        return self._engines[name]


def _told(heard: Heard | None) -> Header:
    return {"text": None, "confidence": 0} if heard is None else asdict(heard)


def _load(name: str) -> Engine:
    if name == ESPEAK:
        from voxrun.speech.espeak_engine import EspeakEngine

        return EspeakEngine()
    if name == PIPER:
        from voxrun.speech.piper_engine import PiperEngine

        return PiperEngine()
    raise JobError(f"unknown engine {name!r}")


def _speak(engine: Engine, text: str, voice: Voice) -> bytes:
    pcm, rate = engine.speak(text, voice)
    pcm = convert(pcm, rate, SAMPLE_RATE)
    return pcm if voice.volume == 100 else to_pcm(samples(pcm) * (voice.volume / 100))


def in_a_copy(job: Callable[[], bytes], seconds: float, private: tuple[int, ...] = ()) -> bytes:
    """Run ``job`` in a forked copy of this process and give what it returns.

    ``private`` are descriptors the copy closes: a client must see its pipe end when the server dies.
    Raises ``JobError`` when it raised, crashed, or took longer than ``seconds``.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _copy(job, writer, (*private, reader))
    os.close(writer)
    try:
        result = _read_all(reader, time.monotonic() + seconds)
    finally:
        os.close(reader)
    if result is None:
        os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    if result is None:
        raise JobError(f"the engine gave no answer in {seconds:.0f} s")
    if os.WIFSIGNALED(status):
        raise JobError(f"the engine crashed ({signal.Signals(os.WTERMSIG(status)).name})")
    code = os.WEXITSTATUS(status)
    if code == 0:
        return result
    reason = result.decode("utf-8", "replace") or "the engine ended without a reason"
    raise UserMistake(reason) if code == _EXIT_USER else JobError(reason)


def _copy(job: Callable[[], bytes], writer: int, private: tuple[int, ...]) -> None:
    """The forked side: never returns, never touches the client's pipes."""
    status = _EXIT_FAILED
    try:
        for descriptor in private:
            os.close(descriptor)
        with os.fdopen(writer, "wb") as stream:
            try:
                stream.write(job())
                status = 0
            except BaseException as error:  # everything, as nothing may escape from a copy
                status = _EXIT_USER if isinstance(error, UnknownVoice) else _EXIT_FAILED
                stream.write(f"{error}".encode("utf-8", "replace"))
    finally:
        os._exit(status)


def _read_all(descriptor: int, deadline: float) -> bytes | None:
    """Everything until the end of the pipe; None when it does not end by ``deadline`` (monotonic)."""
    chunks: list[bytes] = []
    while True:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        chunk = os.read(descriptor, 1 << 20)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)


def serve(requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer until the client closes its end."""
    server = Server(private=(requests.fileno(), replies.fileno()))
    while (message := wire.receive(requests)) is not None:
        wire.send(replies, *server.answer(*message))


def main() -> int:
    """Take stdout for the protocol alone (an engine that prints must not break it), then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    warnings.simplefilter("ignore", DeprecationWarning)
    requests: Any = os.fdopen(os.dup(0), "rb")
    replies: Any = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        serve(requests, replies)
    except (OSError, wire.WireError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
