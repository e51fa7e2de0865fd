"""Services together: every command of the realm has one service, and no two claim the same."""

from __future__ import annotations

import asyncio
import re
from importlib import resources

from tests.services.parts import Given

import voxrun.session.setup
from voxrun.services.base import Service
from voxrun.session.clock import LoopClock
from voxrun.session.messages import Command
from voxrun.session.session import NOTED
from voxrun.session.virtual import run_virtual

assert voxrun.session.setup.attach_services  # imports every service that sessions have
ALL: list[type[Service]] = [one for one in Service.__subclasses__() if one.__module__.startswith("voxrun.")]
SENDERS = {
    "call.js": ("command", "call."),
    "playback.js": ("command", "call."),
    "player.js": ("command", "player."),
    "recorder.js": ("command", "call."),
    "_connector.js": ("command", "connector."),
    "applicationstorage.js": ("ask", "storage."),
}
"""A file's own function that sends commands, and what it puts before a kind."""
OF_THE_SESSION = {"log", "log.tones", "session.terminate", *NOTED}


def sources() -> dict[str, str]:
    folder = resources.files("voxrun.realm") / "js"
    files = [*folder.iterdir(), *(folder / "modules").iterdir()]
    return {file.name: file.read_text("utf-8") for file in files if file.name.endswith(".js")}


def commands_of_the_realm() -> set[str]:
    """Kinds of commands that the platform's JavaScript gives."""
    found = set()
    for name, text in sources().items():
        found |= set(re.findall(r'V\.command\(\s*"([a-z]+(?:\.[a-z]+)?)"', text))
        if name in SENDERS:
            sender, prefix = SENDERS[name]
            found |= {prefix + kind for kind in re.findall(rf'(?<![.\w]){sender}\(\s*"([a-z]+)"', text)}
        found |= {"call." + kind for kind in re.findall(r'about\.command\(\s*"([a-z]+)"', text)}
    return found


def test_every_command_of_the_realm_is_carried_out() -> None:
    kinds = commands_of_the_realm()
    assert {
        "call.answer",
        "call.dial",
        "timer.set",
        "http.request",
        "media.connect",
        "connector.call",
    } <= kinds
    handled = {kind for service in ALL for kind in service.handles}
    assert kinds - handled - OF_THE_SESSION == set()
    assert handled - kinds == set()


def test_no_two_services_claim_the_same_command() -> None:
    kinds = [kind for service in ALL for kind in service.handles]
    assert len(kinds) == len(set(kinds))


def test_a_service_that_holds_nothing_can_be_closed() -> None:
    class Plain(Service):
        handles = frozenset({"plain"})

        def execute(self, command: Command) -> None: ...

    async def main(clock: LoopClock) -> None:
        service = Plain(Given(clock).context)
        assert service.context.session_id == "session"
        await service.close()
        await asyncio.sleep(0)

    run_virtual(main)
