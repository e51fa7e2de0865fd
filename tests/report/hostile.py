"""What a scenario, a peer or a call script may write to break out of a page."""

from __future__ import annotations

from pathlib import Path

from tests.report.journals import Writing

from voxrun.report.outcome import Expectation, Outcome, Step

TEXTS = (
    "</script><script>window.broken=1</script>",
    "<!--<script>window.broken=1",
    "<img src=x onerror=window.broken=1>",
    "\u2028window.broken=1\u2029",
    "\ud800 half a pair",
    "${window.broken=1} `${window.broken=1}`",
    "$title $data ${style}",
    "'\"><svg onload=window.broken=1>",
    "\u202egnirts\u202c right to left \x00\x1b[31m",
    "&lt;b&gt; &amp; ]]>",
    "javascript:window.broken=1",
    "x" * 30_000,
)


def hostile_session(folder: Path) -> Path:
    """A session in which every text is hostile."""
    writing = Writing()
    for t, text in enumerate(TEXTS, 1):
        at = t * 100
        writing.add(at, "log", level=text, text=text, where=text)
        writing.add(at, "error", message=f"{text}\n{text}", where=text, own=True)
        writing.event(at, text, text, **{text: text})
        writing.command(at, text, text, where=text, text=text)
        writing.wire(at, text, text, {"type": text, "text": text})
        writing.transcript(at, "agent", t, True, text=text)
        writing.transcript(at, "user", t, True, text=text)
        writing.ultravox(
            at, "ClientToolInvocation", toolName=text, invocationId=text, parameters={text: text}
        )
        argument = {"invocationId": text, "result": text}
        writing.command(at, "connector.call", method="clientToolResult", argument=argument)
        writing.command(at, "http.request", text, url=f"https://{text}/", method=text)
        writing.command(at, "call.message", text=text)
        writing.event(at, "Call.ToneReceived", tone=text[:20])
        writing.add(at, "media", recording=text, call=text)
        writing.add(at, text, anything=text)
        writing.add(at, "listeners", listeners=[{"event": text, "where": text, "fired": 0}, text, {}])
    writing.add(5000, "session", state="ended", reason=TEXTS[0])
    writing.records[0]["scripts"] = [{"name": text} for text in TEXTS]
    return writing.save(folder)


def hostile_outcome(text: str) -> Outcome:
    return Outcome(
        name=text,
        passed=False,
        summary=f"{text}\n{text}",
        reproduce=text,
        expectations=(Expectation(text, False, text, 100, 0, text, 100), Expectation(text, True, text, 200)),
        steps=(Step(text, 100, text),),
    )
