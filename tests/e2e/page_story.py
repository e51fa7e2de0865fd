"""A call as its journal tells it: what pages are shown in tests and in the screenshot of the documentation.

A caller asks for the weather, interrupts the agent, presses keys, writes, and hangs up. Every record is in
the shape of docs/signalling.md; times are milliseconds since the session began.
"""

from __future__ import annotations

from typing import Any

Record = dict[str, Any]
CALL = "c0ffee0123456789c0ffee0123456789"
CLIENT = "a11ce0123456789aa11ce0123456789a"
TOOL = "inv-7d1f"
LONG_SENTENCE = (
    "Twelve degrees, light rain until four, then a dry evening. You should take an umbrella if you leave"
)
OFFER = (
    "Tomorrow stays dry and a little warmer, around fifteen degrees. Shall I send you the forecast as a "
    "message? Press one for yes."
)


class Story:
    """Collects records, numbered as they come."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(self, t: int, k: str, **fields: Any) -> None:
        self.records.append({"n": len(self.records) + 1, "t": t, "k": k, **fields})

    def log(self, t: int, text: str, line: int, level: str = "write") -> None:
        self.add(t, "log", level=level, text=text, where=f"scenarios/inbound.js:{line}:5")

    def event(self, t: int, kind: str, id: str = CALL, **data: Any) -> None:
        self.add(t, "event", kind=kind, id=id, data=data)

    def command(self, t: int, kind: str, line: int, id: str = CALL, **data: Any) -> None:
        self.add(t, "command", kind=kind, id=id, data=data, where=f"scenarios/inbound.js:{line}:5")

    def ultravox(self, t: int, name: str, **payload: Any) -> None:
        data = {"customEvent": name, "payload": payload}
        self.event(t, f"Ultravox.WebSocketAPI.{name}", CLIENT, data=data)

    def state(self, t: int, state: str) -> None:
        self.ultravox(t, "State", type="state", state=state)

    def transcript(self, t: int, role: str, ordinal: int, final: bool, **text: str) -> None:
        fields = {"type": "transcript", "role": role, "medium": "voice", "final": final, "ordinal": ordinal}
        self.ultravox(t, "Transcript", **fields, **text)

    def agent_says(self, t: int, ordinal: int, sentence: str, *, ms_a_word: int = 230) -> int:
        """Words one after another, then the whole; returns when it ends."""
        self.state(t, "speaking")
        words = sentence.split(" ")
        self.transcript(t + 40, "agent", ordinal, False, text=words[0])
        for index, word in enumerate(words[1:], start=1):
            self.transcript(t + 40 + index * ms_a_word, "agent", ordinal, False, delta=f" {word}")
        end = t + 40 + len(words) * ms_a_word
        self.transcript(end, "agent", ordinal, True, text=f"{sentence} ")
        self.state(end + 20, "listening")
        return end

    def agent_is_cut(self, t: int, ordinal: int, announced: str, heard: str, *, ms_a_word: int = 210) -> int:
        """The agent begins ``announced``, of which the caller lets it say ``heard``."""
        self.state(t, "speaking")
        words = announced.split(" ")
        self.transcript(t + 40, "agent", ordinal, False, text=words[0])
        for index, word in enumerate(words[1:], start=1):
            self.transcript(t + 40 + index * ms_a_word, "agent", ordinal, False, delta=f" {word}")
        cut = t + 40 + len(words) * ms_a_word
        self.ultravox(cut, "PlaybackClearBuffer", type="playback_clear_buffer")
        self.command(cut + 3, "connector.clear", 58, CLIENT)
        self.transcript(cut + 8, "agent", ordinal, True, text=heard)
        self.state(cut + 12, "listening")
        return cut

    def caller_says(self, t: int, ordinal: int, sentence: str) -> int:
        self.transcript(t, "user", ordinal, True, text=sentence)
        self.state(t + 15, "thinking")
        return t


def weather_call() -> list[Record]:
    """The whole call, about 41 seconds, still up at its end."""
    s = Story()
    s.add(0, "session", state="started", reason="")
    s.event(2, "Application.Started", "")
    s.event(4, "Application.CallAlerting", callerid="browser", destination="123", displayName="")
    s.log(6, "Call from browser to 123", 14)
    s.command(7, "call.answer", 21, headers={})
    s.event(180, "Call.Connected", headers={})
    s.log(184, "Connected, creating the Ultravox client", 26)
    s.command(190, "connector.open", 30, CLIENT, provider="ultravox")
    s.ultravox(260, "ConnectorInformation", applicationVersion="0.38.0", endpoint="/ultravox")
    s.command(264, "media.connect", 44, CALL, to=CLIENT)
    s.agent_says(700, 0, "Hello, this is Nora at the weather desk. Which city are you in?")
    s.caller_says(6800, 1, "I am in Hamburg. Do I need an umbrella today?")
    asked = {"city": "Hamburg", "day": "today"}
    s.ultravox(7700, "ClientToolInvocation", toolName="getWeather", invocationId=TOOL, parameters=asked)
    s.log(7704, "Tool getWeather for Hamburg", 63)
    s.command(7710, "http.request", 66, "", url="https://weather.example/v1/today?city=Hamburg", method="GET")
    s.event(8380, "@resolve", "", status=200)
    found = {"invocationId": TOOL, "result": '{"temperature": 12, "sky": "light rain", "dryFrom": "16:00"}'}
    s.command(8390, "connector.call", 71, CLIENT, method="clientToolResult", argument=found)
    s.agent_is_cut(9000, 3, LONG_SENTENCE, "Twelve degrees, light rain until four, then a dry evening.")
    s.log(12900, "Barge-in: buffer cleared", 59)
    s.caller_says(14200, 4, "Thanks. And tomorrow?")
    s.log(14300, "No forecast cached for tomorrow, asking again", 80, level="warning")
    s.agent_says(15300, 5, OFFER)
    s.event(23100, "Call.ToneReceived", tone="1", type="rfc2833")
    s.log(23104, "Tone 1", 92)
    s.command(23120, "call.message", 95, text="Hamburg, Monday: dry, 15 degrees, wind from the west.")
    told = {"text": "The caller pressed one: the forecast was sent."}
    s.command(23124, "connector.call", 96, CLIENT, method="userTextMessage", argument=told)
    end = s.agent_says(24000, 7, "Done. The forecast is in your messages. Is there anything else?")
    s.caller_says(end + 2600, 8, "No, that was all. Goodbye!")
    s.agent_says(end + 3500, 9, "Goodbye, and stay dry.")
    return numbered(sorted(s.records, key=lambda record: record["t"]))


def hang_up() -> list[Record]:
    """What comes after ``weather_call`` when the caller hangs up."""
    s = Story()
    s.event(35200, "Call.Disconnected", internalCode=200, reason="Normal call clearing", duration=35)
    s.log(35204, "Caller hung up after 35 s", 101)
    s.command(35206, "session.terminate", 102, "")
    s.add(35210, "session", state="terminating", reason="terminate")
    s.add(35230, "session", state="ended", reason="terminate")
    return [{**record, "n": record["n"] + 1000} for record in s.records]


def numbered(records: list[Record]) -> list[Record]:
    """The same records with numbers in their order."""
    return [{**record, "n": index} for index, record in enumerate(records, start=1)]
