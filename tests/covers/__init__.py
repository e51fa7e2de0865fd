"""Which test proves which member of the platform's API; docs/coverage.md is made from it.

A test claims the members that it calls and whose event or return value it checks::

    @pytest.mark.covers("Call.answer", "CallEvents.Connected")
    def test_an_answered_call_is_connected() -> None: ...

Names are those of ``runtime/voxrun/realm/surface.json``: "VoxEngine.callPSTN", "Call.say" (class and method),
"CallEvents.Connected" (an event that reaches a listener), "RecordExpireTime" (an enum's values), "uuidgen".
What a member lacks stands in ``runtime/voxrun/realm/support.py`` (PARTLY); it is "partly" in the table then.

    python -m tests.covers              write docs/coverage.md and realm/silent.txt
    python -m tests.covers --check      only say whether they are true
    python -m tests.covers --prove      run each test of the table without the member that it claims: it must
                                        fail. Words choose members: --prove CallEvents

After a merge conflict in the two files: run the first command, whatever stands in them.
"""
