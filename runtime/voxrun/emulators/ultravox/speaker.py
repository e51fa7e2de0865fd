"""What the agent says, from the text to its end: rendered, held back while the caller talks, heard or cut.

::

    say --Render--> rendered --StartAudio--> heard word by word --> its end, or cut

In the text medium an utterance is written at once, and silent.
"""

from __future__ import annotations

from voxrun.emulators.ultravox.call_config import Medium
from voxrun.emulators.ultravox.effects import Render, StartAudio, StopAudio
from voxrun.emulators.ultravox.history import History
from voxrun.emulators.ultravox.outlet import Outlet
from voxrun.emulators.ultravox.plan import Speak
from voxrun.emulators.ultravox.playback import Playback


class Speaker:
    """One utterance at a time. Times are those of the loop; the history counts from ``joined_at``."""

    def __init__(self, outlet: Outlet, history: History, medium: Medium) -> None:
        self.medium: Medium = medium
        """Of the next utterance."""
        self.joined_at = 0.0
        self.spoke = False
        """Whether anything was said since this was last set."""
        self._outlet = outlet
        self._history = history
        self._utterance = 0
        self._item: Speak | None = None
        self._ready: float | None = None
        """Seconds of rendered speech that has not begun."""
        self._playback: Playback | None = None
        self._ordinal = 0

    @property
    def busy(self) -> bool:
        """Whether an utterance is being rendered, waits or is heard."""
        return self._item is not None

    @property
    def protected(self) -> bool:
        """Whether it may not be interrupted."""
        return self._item is not None and self._item.uninterruptible

    @property
    def deadline(self) -> float | None:
        """When the next word is heard, or the last one was."""
        return None if self._playback is None else self._playback.deadline

    def say(self, item: Speak, now: float) -> None:
        """Begin with an utterance; it must not be ``busy``."""
        if self.medium == "text":
            self._write(item.text, now)
            return
        self._item = item
        self._utterance += 1
        self._outlet.show("thinking")
        self._outlet.add(Render(self._utterance, item.text))

    def rendered(self, utterance: int, seconds: float) -> None:
        """The audio of a ``Render`` is there; ``seconds`` 0 when there is nothing to hear."""
        if utterance == self._utterance and self._item is not None and self._playback is None:
            self._ready = seconds

    def advance(self, now: float, *, held: bool) -> bool:
        """Go on with the utterance, which does not begin while ``held``. False: it has to be waited for."""
        if self._playback is not None:
            return self._play(self._playback, now)
        return self._item is not None and self._begin(self._item, now, held)

    def cut(self, now: float) -> bool:
        """Fall silent: first the client's buffer, then what was heard. False where nothing is heard."""
        playback = self._playback
        if playback is None:
            return False
        self._outlet.parts("voice", self._ordinal, playback, now)
        self._outlet.send({"type": "playback_clear_buffer"})
        self._outlet.add(StopAudio())
        self._history.revise(self._ordinal, playback.heard, now - self.joined_at)
        if playback.begun:
            self._outlet.transcript("agent", "voice", self._ordinal, text=f"{playback.heard} ", final=True)
        self._playback = None
        self.drop()
        return True

    def drop(self) -> None:
        """Forget the utterance that has not begun."""
        self._item = self._ready = None

    def _begin(self, item: Speak, now: float, held: bool) -> bool:
        if self._ready is None or held:
            return False
        seconds, self._ready = self._ready, None
        if seconds <= 0:
            self._item = None
            return True
        at = now - self.joined_at
        self._ordinal = self._history.add("AGENT", item.text, medium="voice", start=at, end=at + seconds)
        self._playback = Playback(item.text, seconds, now)
        self.spoke = True
        self._outlet.show("speaking")
        self._outlet.add(StartAudio(self._utterance))
        return True

    def _play(self, playback: Playback, now: float) -> bool:
        self._outlet.parts("voice", self._ordinal, playback, now)
        if not playback.done(now):
            return False
        self._outlet.transcript("agent", "voice", self._ordinal, text=f"{playback.text} ", final=True)
        self._playback = self._item = None
        return True

    def _write(self, text: str, now: float) -> None:
        """The same stream of transcripts, at once."""
        at = now - self.joined_at
        self._ordinal = self._history.add("AGENT", text, medium="text", start=at, end=at)
        self._outlet.parts("text", self._ordinal, Playback(text, 0.0, now), now)
        self._outlet.transcript("agent", "text", self._ordinal, text=text, final=True)
        self.spoke = True
