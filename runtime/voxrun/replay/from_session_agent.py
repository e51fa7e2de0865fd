"""An agent file that says what the voice AI of a recorded session said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct, field

from voxrun.replay.from_session_items import Heard, Said, Story, Tool
from voxrun.replay.from_session_yaml import flow, quoted, scalar

INTERRUPTED: Final = (
    "and this is how it would have gone on without the interruption, in words of no interest."
)
"""Goes behind a sentence that was cut: what it would have been is not in the journal."""
NO_ANSWER: Final = "All right."


class Turn(Struct):
    """What was heard (None: the beginning) and what came of it."""

    heard: Heard | None
    actions: list[Said | Tool] = field(default_factory=list)


def turns(story: Story) -> list[Turn]:
    """The conversation, turn by turn; the first one is the greeting."""
    found = [Turn(None)]
    for item in story.items:
        if isinstance(item, Heard) and not item.asr:
            found.append(Turn(item))
        elif isinstance(item, Tool) or (isinstance(item, Said) and not item.prompted):
            found[-1].actions.append(item)
    return found


def agent_text(story: Story) -> str:
    """The agent file."""
    first, *rest = turns(story)
    lines = ["# Made from a recorded session: what its voice AI said and did. Edit it freely."]
    greeting = _words(first.actions)
    lines.append(f"greeting: {scalar(greeting or 'Hello.')}")
    rules = _rules(rest, story.agent_hung_up)
    if rules:
        lines += ["rules:", *rules]
    lost = [_words(turn.actions) for turn in rest if turn.heard is not None and turn.heard.lost]
    texts = [each for each in dict.fromkeys(lost) if each] or ["Sorry, I did not get that."]
    lines.append(f"otherwise: {scalar(texts[0]) if len(texts) == 1 else flow(texts)}")
    return "\n".join(lines) + "\n"


def _rules(rest: Sequence[Turn], hung_up: bool) -> list[str]:
    by_phrase: dict[str, list[Turn]] = {}
    for turn in rest:
        if turn.heard is not None and turn.heard.text.strip():
            by_phrase.setdefault(turn.heard.text.strip().lower(), []).append(turn)
    lines: list[str] = []
    for same in by_phrase.values():
        last = any(turn is rest[-1] for turn in same)
        ends = hung_up and last and not any(isinstance(a, Tool) and a.ends for a in same[-1].actions)
        lines += _rule(same, ends)
    return lines


def _rule(same: Sequence[Turn], ends: bool) -> list[str]:
    heard = same[0].heard
    assert heard is not None
    lines = [f"  - hears: {quoted(_plain(heard.text))}"]
    tools = any(isinstance(action, Tool) for turn in same for action in turn.actions)
    if tools:
        lines += _with_tool(same)
    else:
        texts = list(dict.fromkeys(_words(turn.actions) or NO_ANSWER for turn in same))
        lines.append(f"    says: {scalar(texts[0]) if len(texts) == 1 else flow(texts)}")
    if ends:
        lines.append("    hangs_up: true")
    return lines


def _with_tool(same: Sequence[Turn]) -> list[str]:
    """A turn that calls a tool; of several the first that got an answer counts, with what is said when it got
    none. What else differed is for the editor of this file."""
    first = next((turn for turn in same if not any(_failed(each) for each in turn.actions)), same[0])
    lines = _step(first.actions, 4)
    sorry = next((text for turn in same if turn is not first and (text := _sorry(turn.actions))), "")
    if sorry and not any(line.startswith("    fails:") for line in lines):
        lines.append(f"    fails: {scalar(sorry)}")
    return lines


def _failed(action: Said | Tool) -> bool:
    return isinstance(action, Tool) and action.failed


def _sorry(actions: Sequence[Said | Tool]) -> str:
    """What was said after a tool had failed."""
    at = next((i for i, action in enumerate(actions) if _failed(action)), len(actions))
    return _words(actions[at + 1 :])


def _step(actions: Sequence[Said | Tool], indent: int) -> list[str]:
    """says, tool, then or fails."""
    pad = " " * indent
    at = next((i for i, action in enumerate(actions) if isinstance(action, Tool)), len(actions))
    lines = []
    words = _words(actions[:at])
    if words:
        lines.append(f"{pad}says: {scalar(words)}")
    if at == len(actions):
        return lines
    tool = actions[at]
    assert isinstance(tool, Tool)
    use: dict[str, Any] = {"name": tool.name}
    if tool.arguments:
        use["args"] = _plain(dict(tool.arguments))
    lines.append(f"{pad}tool: {flow(use)}")
    if tool.failed:
        sorry = _sorry(actions[at:])
        return [*lines, f"{pad}fails: {scalar(sorry)}"] if sorry else lines
    rest = [] if tool.ends else actions[at + 1 :]
    then = _step(rest, indent + 2)
    return [*lines, f"{pad}then:", *then] if then else [*lines, f"{pad}then: {{}}"]


def _words(actions: Sequence[Said | Tool]) -> str:
    texts = []
    for action in actions:
        if isinstance(action, Said):
            texts.append(f"{action.text} {INTERRUPTED}" if action.cut else action.text)
    return str(_plain(" ".join(texts)))


def _plain(value: Any) -> Any:
    """Texts whose braces are no templates."""
    if isinstance(value, str):
        return value.replace("{", "{{").replace("}", "}}")
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
