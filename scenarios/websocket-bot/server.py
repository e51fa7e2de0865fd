"""A bot at the other end of a scenario's WebSocket: a parrot, which says again what the caller said.

    .venv/bin/python scenarios/websocket-bot/server.py       (ws://127.0.0.1:8765)

It needs nothing but the ``websockets`` package. For a bot of your own, change ``Parrot.answer``: it gets what
the caller said, and gives sound (from a voice of yours) or words (said by the platform's). The texts are
explained in ``websocket-bot.js``, the media messages in ``docs/websockets.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import logging
from collections.abc import Iterator
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

HZ = 8000
PIECE = 160
"""Bytes of 20 ms of mu-law sound."""
LONGEST_SOUND = 9 * HZ
"""The platform keeps 10 s that wait to be played, and discards the rest."""

LOUD = 500
"""Mean amplitude, of 32767, that is speech."""
BEGINS_MS = 100
"""So long it must last to be no click."""
BEFORE_MS = 300
"""What is kept of the quiet before the first word and after the last."""
ENDS_MS = 800
"""So long it is quiet when somebody has finished."""

HELLO = "Hello, I am a parrot. Say something."
AGAIN = "Sorry, I was away. Please go on."
FORMAT = {"encoding": "ULAW", "sampleRate": HZ, "channels": 1}

log = logging.getLogger("parrot")


def amplitude(code: int) -> int:
    """Of one mu-law byte (ITU-T G.711), 0..32124."""
    code = ~code & 0x7F
    return (((code & 0x0F) << 3) + 0x84 << (code >> 4)) - 0x84


AMPLITUDES = [amplitude(code) for code in range(256)]


class Parrot:
    """One conversation. It knows neither sockets nor clocks: messages come in and go out, and time is the
    caller's sound, which never stops."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.plays_until_ms = 0
        self.says = False
        """The scenario is saying words of ours."""
        self.heard = bytearray()
        self.talks = False
        self.loud_ms = 0
        self.quiet_ms = 0
        self.last: bytes | str = "You have not said anything yet."
        self.sent = 0

    def answer(self, sound: bytes) -> bytes | str:
        """What is said to somebody who said ``sound`` (mu-law, 8 kHz): sound, or words."""
        return sound

    def take(self, text: str) -> Iterator[dict[str, Any]]:
        """The messages that one message is answered with."""
        try:
            message = json.loads(text)
        except ValueError:
            log.warning("no JSON: %r", text[:100])
            return
        match message:
            case {"event": "media", "media": {"payload": str(payload)}}:
                yield from self.listen(base64.b64decode(payload))
            case {"type": "hello", "from": caller, "again": again}:
                log.info("%s is here", caller)
                yield self.say(AGAIN if again else HELLO)
            case {"type": "said"}:
                self.says = False
            case {"type": "key", "key": "1"}:
                yield from self.reply(self.last)
            case {"type": "key", "key": "#"}:
                yield {"type": "bye", "text": "Goodbye."}
            case {"type": "key"}:
                yield self.say("Press one to hear it again, or the hash key to end the call.")

    def listen(self, sound: bytes) -> Iterator[dict[str, Any]]:
        """A piece of the caller's sound: who talks has the word, who is silent for a while has finished."""
        ms = len(sound) * 1000 // HZ
        self.now_ms += ms
        self.heard += sound
        loud = sum(AMPLITUDES[code] for code in sound) > LOUD * len(sound)
        self.loud_ms = self.loud_ms + ms if loud else max(0, self.loud_ms - ms)
        self.quiet_ms = 0 if loud else self.quiet_ms + ms
        if not self.talks:
            del self.heard[: -(BEFORE_MS + BEGINS_MS) * HZ // 1000]
            if self.loud_ms >= BEGINS_MS:
                self.talks = True
                yield from self.be_silent()
        elif self.quiet_ms >= ENDS_MS:
            said = bytes(self.heard[: -(ENDS_MS - BEFORE_MS) * HZ // 1000])
            self.talks, self.loud_ms = False, 0
            self.heard.clear()
            log.info("heard %.1f s", len(said) / HZ)
            self.last = self.answer(said)
            yield from self.reply(self.last)

    def be_silent(self) -> Iterator[dict[str, Any]]:
        if self.says or self.now_ms < self.plays_until_ms:
            log.info("interrupted")
            self.says, self.plays_until_ms = False, 0
            yield {"type": "interrupt"}

    def reply(self, what: bytes | str) -> Iterator[dict[str, Any]]:
        if isinstance(what, str):
            yield self.say(what)
        else:
            yield from self.play(what[-LONGEST_SOUND:])

    def say(self, text: str) -> dict[str, Any]:
        self.says = True
        return {"type": "say", "text": text}

    def play(self, sound: bytes) -> Iterator[dict[str, Any]]:
        """Sound as a stream of its own, all at once: the platform plays it in real time."""
        self.plays_until_ms = self.now_ms + len(sound) * 1000 // HZ
        yield self.media("start", {"mediaFormat": FORMAT})
        for chunk, at in enumerate(range(0, len(sound), PIECE)):
            payload = base64.b64encode(sound[at : at + PIECE]).decode("ascii")
            yield self.media("media", {"chunk": chunk, "timestamp": at, "payload": payload})
        ended = {"bytesSent": len(sound), "duration": len(sound) // HZ}
        yield self.media("stop", {"mediaInfo": ended})

    def media(self, event: str, body: dict[str, Any]) -> dict[str, Any]:
        self.sent += 1
        return {"event": event, "sequenceNumber": self.sent - 1, event: body}


async def handle(socket: ServerConnection) -> None:
    """One connection, until the scenario ends it."""
    parrot = Parrot()
    try:
        async for message in socket:
            if isinstance(message, str):
                for answer in parrot.take(message):
                    await socket.send(json.dumps(answer))
    except ConnectionClosed as closed:
        log.info("broken off: %s", closed)


async def listen(host: str, port: int) -> None:
    async with serve(handle, host, port) as server:
        host, port = server.sockets[0].getsockname()[:2]
        log.info("the parrot listens at ws://%s:%d, Ctrl-C ends it", host, port)
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description="A parrot for scenarios/websocket-bot.js.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8765, help="port (8765); 0: any")
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("websockets").setLevel(logging.WARNING)
    try:
        asyncio.run(listen(wanted.host, wanted.port))
    except OSError as error:
        parser.error(f"cannot listen at {wanted.host}:{wanted.port}: {error.strerror}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
