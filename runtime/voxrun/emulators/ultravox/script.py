"""What an agent is to say and do: the plain data that agent files and system prompts are turned into."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from voxrun.session.messages import Json, JsonObject
from voxrun.speech.base import Voice


class ToolUse(Struct, frozen=True):
    """A tool to call. ``args`` may hold templates in its texts."""

    name: str
    args: Mapping[str, Json] = field(default_factory=dict)


class Step(Struct, frozen=True):
    """One thing the agent does: speak, then call a tool, then (with its result) ``then``, then hang up."""

    says: tuple[str, ...] = ()
    """Alternatives, used in turn; each may hold ``{templates}``."""
    tool: ToolUse | None = None
    then: Step | None = None
    fails: tuple[str, ...] = ()
    """Said when the tool fails, takes too long or does not exist."""
    hangs_up: bool = False
    uninterruptible: bool = False
    next: tuple[Rule, ...] = ()
    """Rules that come before all others in the caller's next turn."""


class Rule(Struct, frozen=True):
    """When one of ``hears`` is heard, ``step`` is done."""

    hears: tuple[str, ...]
    step: Step
    where: str = ""
    """file:line:column, for messages."""


class Faults(Struct, frozen=True):
    """Things that go wrong on purpose, so that a scenario's handling of them can be tested."""

    refuse_status: int = 0
    """Creating a call is answered with this status; 0 for not."""
    refuse_detail: str = ""
    retry_after: int | None = None
    """Seconds for the Retry-After header."""
    refuse_times: int = 0
    """How many creations are refused; 0 for all."""
    drop_after: float | None = None
    """Seconds of agent speech after which the connection breaks without a close frame (1006)."""
    stall_after: float | None = None
    """Seconds of agent speech after which nothing is sent..."""
    stall_for: float = 0.0
    """...for so many seconds."""
    malformed_json: bool = False
    """A text message that is not JSON comes before each utterance."""
    odd_audio: bool = False
    """Binary messages have odd lengths (samples are split between messages; none is lost)."""

    @property
    def of_audio(self) -> bool:
        """Whether something happens to single messages of the agent's audio."""
        return self.odd_audio or self.drop_after is not None or self.stall_after is not None


class AgentScript(Struct, frozen=True):
    """A whole agent."""

    greeting: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    otherwise: Step = Step(says=("Sorry, I did not get that.",))
    voice: Voice | None = None
    vocabulary: tuple[str, ...] = ()
    """Phrases it can make out although no rule is about them."""
    slots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words that may stand for ``{name}`` in a phrase."""
    call_template: JsonObject = field(default_factory=dict)
    """What a call to this agent by id starts from (StartCallRequest fields)."""
    faults: Faults = Faults()
    name: str = "local agent"
    path: str = ""
