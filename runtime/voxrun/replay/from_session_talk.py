"""What a voice AI and a caller said to each other in a recorded session, told in order.

Transcripts come late: the caller's after his sentence, and after the call when he hung up meanwhile. What he
was saying then is told from what is there of it, before the end of the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from voxrun.replay.from_session_items import Deed, Heard, Item, Said, Tool

AT_ONCE_MS: Final = 100
"""An interruption and the end of the sentence that it cuts come within this time, in either order."""


class TalkTeller:
    """Takes what was said, in order, and adds to ``items``."""

    def __init__(self, items: list[Item]) -> None:
        self.prompts: frozenset[str] = frozenset()
        """What the voice AI says by itself."""
        self.forced: list[str] = []
        """The scenario's own words that the voice AI is to say."""
        self._items = items
        self._cleared: int | None = None
        self._thought: int | None = None
        """When the voice AI began to think of what it says next."""
        self._speaking: dict[Any, tuple[int, int]] = {}
        """When and where the sentences that are being spoken began, by their ordinals."""
        self._unfinished: dict[Any, Heard] = {}
        """What the caller was understood to say so far, by ordinals."""
        self._spoke = 0
        """When the voice AI ended a sentence."""
        self._ears: dict[str, int | None] = {}
        """ASRs that hear the caller, and which item is being said to them."""

    def finish(self, caller_hung_up: bool) -> None:
        """Nothing comes any more."""
        if caller_hung_up:
            self._last_words_to_asr()
            self._last_words()
        self._items[:] = [i for i in self._items if not isinstance(i, Heard) or not i.asr or i.text or i.lost]

    # -- a voice AI

    def thinks(self, t: int) -> None:
        """It looks for what it says next."""
        self._thought = t

    def clears(self, t: int) -> None:
        """It was interrupted."""
        self._cleared = t
        last = self._items[-1] if self._items else None
        if isinstance(last, Said) and t - last.t <= AT_ONCE_MS:
            self._items[-1] = replace(last, cut=True)

    def transcript(self, t: int, payload: Mapping[str, Any]) -> None:
        """It said something, or understood it."""
        agent, ordinal = payload.get("role") == "agent", payload.get("ordinal")
        if not payload.get("final"):
            self._speaking.setdefault(ordinal, (t, len(self._items)))
            if not agent:
                self._understood_so_far(t, ordinal, payload)
            return
        self._unfinished.pop(ordinal, None)
        text = str(payload.get("text") or "").strip()
        if not text:
            return
        if agent:
            self._said(t, text, ordinal)
        elif payload.get("medium") != "text":
            self.heard(Heard(t, text, interrupts=self._cleared is not None))
            self._cleared = None

    def heard(self, heard: Heard) -> None:
        """What comes without an answer in between was one turn; it was said before the call was over."""
        place = len(self._items) if heard.typed else self._end()
        for index in range(place - 1, -1, -1):
            item = self._items[index]
            if isinstance(item, Said | Tool):
                break
            if isinstance(item, Heard) and item.typed == heard.typed:
                self._items[index] = replace(item, text=f"{item.text} {heard.text}")
                return
        self._items.insert(place, heard)

    def _said(self, t: int, text: str, ordinal: Any) -> None:
        self._spoke = t
        if text in self.forced:
            self.forced.remove(text)
            return
        cut = self._cleared is not None and t - self._cleared <= AT_ONCE_MS
        prompted = text in self.prompts
        if not prompted:
            self._note_lost(len(self._items))
        self._thought = None
        self._add_said(Said(t, text, cut, prompted), ordinal)

    def _add_said(self, said: Said, ordinal: Any) -> None:
        """A sentence is told where it began, before keys that were pressed while it was spoken."""
        since, place = self._speaking.pop(ordinal, (said.t, len(self._items)))
        said = replace(said, ms=said.t - since)
        keys = all(isinstance(item, Deed) and item.what == "keys" for item in self._items[place:])
        self._items.insert(place if keys and not said.cut else len(self._items), said)

    def _understood_so_far(self, t: int, ordinal: Any, payload: Mapping[str, Any]) -> None:
        before = self._unfinished.get(ordinal) or Heard(t, "")
        text = str(payload.get("text") or "") or before.text + str(payload.get("delta") or "")
        self._unfinished[ordinal] = replace(before, text=text)

    def _note_lost(self, place: int) -> None:
        """It answers, and nobody said or asked anything that is in the journal: it did not understand."""
        turn = self._turn_before(place)
        if self._thought is not None and isinstance(turn, Said):
            self._items.insert(place, Heard(self._thought, "", lost=True))

    def _last_words(self) -> None:
        """What the caller was saying when he hung up."""
        interrupts = self._cleared is not None and self._spoke - self._cleared <= AT_ONCE_MS
        found = [replace(each, text=each.text.strip()) for each in self._unfinished.values()]
        for heard in found:
            if heard.text:
                self.heard(replace(heard, interrupts=interrupts))
        turn = self._turn_before(self._end())
        if interrupts and self._cleared is not None and isinstance(turn, Said) and turn.cut:
            self._items.insert(self._end(), Heard(self._cleared, "", interrupts=True, lost=True))
        elif self._thought is not None and self._thought > self._spoke:
            self._note_lost(self._end())

    def _last_words_to_asr(self) -> None:
        for index in self._ears.values():
            heard = self._items[index] if index is not None else None
            if index is not None and isinstance(heard, Heard) and not heard.text:
                self._items[index] = replace(heard, lost=True)

    def _turn_before(self, place: int) -> Item | None:
        return next((i for i in reversed(self._items[:place]) if isinstance(i, Said | Tool | Heard)), None)

    def _end(self) -> int:
        """Where what was said during the call goes that is known only now."""
        over = (n for n, i in enumerate(self._items) if isinstance(i, Deed) and i.what == "ended")
        return next(over, len(self._items))

    # -- the scenario's own ASR

    def listens(self, asr: str) -> None:
        """An ASR hears the caller from here on."""
        self._ears.setdefault(asr, None)

    def of_asr(self, t: int, kind: str, asr: str, text: str) -> None:
        """An event of an ASR."""
        if asr not in self._ears:
            return
        at = self._ears[asr]
        if kind in ("ASR.CaptureStarted", "ASR.InterimResult", "ASR.Result") and at is None:
            at = self._ears[asr] = len(self._items)
            self._items.append(Heard(t, "", asr=True))
        if kind in ("ASR.InterimResult", "ASR.Result") and at is not None:
            self._items[at] = Heard(self._items[at].t, text, asr=True)
        if kind == "ASR.Result":
            self._ears[asr] = None
