"""modules/pushservice.js: calls to users wait for who is woken, once the module is required."""

from __future__ import annotations

import pytest
from tests.realm.js.conftest import Platform


@pytest.mark.parametrize(
    ("call", "push"),
    [
        ("callUser('bob', 'me')", 20_000),
        ("callUser({username: 'bob', callerid: 'me', pushNotificationTimeout: 30000})", 30_000),
        ("callUser({username: 'bob', callerid: 'me', pushNotificationTimeout: 1})", 10_000),
        ("callUser({username: 'bob', callerid: 'me', pushNotificationTimeout: 1e9})", 60_000),
        ("callUser({username: 'bob', callerid: 'me', pushNotificationTimeout: 'soon'})", 20_000),
        ("callUserDirect(call, 'bob', {callerid: 'me', pushNotificationTimeout: 40000.5})", 40_000),
        ("callPSTN('1', '2')", None),
        ("callSIP('sip:a@b', 'me')", None),
    ],
)
@pytest.mark.parametrize("required", [True, False])
def test_a_call_to_a_user_says_how_long_it_waits_for_who_is_woken(
    platform: Platform, call: str, push: int | None, required: bool
) -> None:
    modules = "require(Modules.PushService); require('pushservice');" if required else ""
    platform.call_in(f"{modules} VoxEngine.{call};")
    (command,) = platform.sent("call.dial")
    assert command.data["options"].get("push") == (push if required else None)
