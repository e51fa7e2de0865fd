"""Reports of calls that were played: what is known of a call, in the form that ``voxrun.report`` shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from voxrun.replay.deeds import Hold, Info, Network, ReInvite, Transfer
from voxrun.replay.failure import command, describe
from voxrun.replay.hints import hints
from voxrun.replay.outcome import Failure, Met, Outcome
from voxrun.replay.script import (
    Beep,
    CallIn,
    Dtmf,
    Expect,
    Hangup,
    HttpCall,
    Interrupt,
    Message,
    Say,
    Silence,
    Step,
    Wait,
    Wish,
)
from voxrun.replay.socket_script import Send, SocketStep, Visit
from voxrun.replay.telephone import in_words
from voxrun.report import outcome as shown
from voxrun.report.page import write
from voxrun.session.redact import Redactor


def write_report(outcome: Outcome) -> Path | None:
    """Write report.html into the session's folder; None for a call that never became a session.

    Raises ConfigError where it cannot be written.
    """
    if outcome.folder is None or not outcome.folder.is_dir():
        return None
    path, _ = write(outcome.folder, outcome=outcome_for_report(outcome))
    return path


def outcome_for_report(outcome: Outcome) -> shown.Outcome:
    """All that the report shows beyond the journal. Secrets are left out."""
    hide = Redactor(outcome.script.secrets).text
    script, failure = outcome.script, outcome.failure
    me = outcome.people[0].name if outcome.people else "caller"
    expectations = (_expectation(each) for each in _judged(outcome))
    steps = (done for done in outcome.done if not isinstance(done.step, Expect))
    return shown.Outcome(
        name=hide(script.title or script.path.name),
        passed=outcome.ok,
        summary="" if failure is None else hide(_summary(outcome, failure)),
        reproduce=hide(command(outcome)),
        script=str(script.path),
        expectations=tuple(
            replace(each, text=hide(each.text), closest=hide(each.closest)) for each in expectations
        ),
        steps=tuple(shown.Step(hide(told(each.step, me)), each.began, each.step.where) for each in steps),
    )


def _summary(outcome: Outcome, failure: Failure) -> str:
    head = failure.headline[:1].upper() + failure.headline[1:]
    if failure.where and failure.wish is None:
        head = f"{failure.where}: {failure.headline}"
    measured = [f"Measured: {failure.measured}"] if failure.measured else []
    return "\n".join([head, *measured, *(f"Hint: {hint}" for hint in hints(outcome))])


# -- expectations -------------------------------------------------------------------------------------


class _Judged(Struct, frozen=True):
    """An expectation with what met it, or with the failure that it is."""

    wish: Wish
    met: tuple[Met, ...]
    failure: Failure | None


def _judged(outcome: Outcome) -> Iterator[_Judged]:
    """Every expectation of the script, in its order; of a call in Python those that were waited for."""
    met: defaultdict[int, list[Met]] = defaultdict(list)
    for each in outcome.met:
        met[id(each.wish)].append(each)
    missed = outcome.failure.wish if outcome.failure is not None else None
    written = [wish for step in outcome.script.steps if isinstance(step, Expect) for wish in step.wishes]
    waited = [each.wish for each in outcome.met] + ([missed] if missed is not None else [])
    for wish in {id(wish): wish for wish in (*written, *waited)}.values():
        yield _Judged(wish, tuple(met[id(wish)]), outcome.failure if wish is missed else None)


def _expectation(judged: _Judged) -> shown.Expectation:
    wish, failure = judged.wish, judged.failure
    text = describe(wish)
    if failure is not None:
        near = failure.near
        closest = "" if near is None else f"{near.text} ({near.why})" if near.why else near.text
        at = near.at if near is not None else None
        return shown.Expectation(text, False, wish.where, failure.at, failure.began, closest, at)
    if len(judged.met) < (1 if wish.absent else wish.count):
        return shown.Expectation(text, False, wish.where)
    last = judged.met[-1]
    return shown.Expectation(text, True, wish.where, last.at, judged.met[0].began)


# -- steps --------------------------------------------------------------------------------------------


def told(step: Step, me: str) -> str:
    """A step in a few words: "caller says: hello". ``me`` does what names nobody."""
    match step:
        case Say():
            return f"{step.who or me} {_speech(step, 'says')}"
        case Interrupt():
            return f"{step.say.who or me} {_speech(step.say, 'interrupts')}"
        case Dtmf():
            return f"{step.who or me} presses {step.digits}"
        case Beep():
            return f"{step.who or me} plays a tone of {step.hz} Hz"
        case Silence():
            return f"{step.who or me} is silent for {step.ms / 1000:g} s"
        case Message():
            return f"{step.who or me} writes: {step.text}"
        case Hangup():
            return f"{step.who or me} hangs up"
        case CallIn():
            return f"{step.who} calls"
        case HttpCall():
            return f"{step.method} {step.path} to the session's URL"
        case Wait():
            return f"waits {step.ms / 1000:g} s"
        case Visit():
            return f"{step.name} opens a WebSocket to the session's URL"
        case SocketStep(deed=Send(text=text)):
            return f"{step.who} sends {text}"
        case SocketStep():
            return f"{step.who} closes its WebSocket"
        case Hold() | Transfer() | ReInvite() | Info() | Network():
            return f"{step.who or me} {in_words(step)}"
        case Expect():
            return "expects " + ", ".join(describe(wish) for wish in step.wishes)


def _speech(say: Say, verb: str) -> str:
    return f"plays {say.audio.name}" if say.audio is not None else f"{verb}: {say.text}"
