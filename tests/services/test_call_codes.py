"""What a call's end is called."""

from __future__ import annotations

import pytest

from voxrun.services.call_codes import REASONS, ending


@pytest.mark.parametrize(
    ("data", "override", "expected"),
    [
        ({"code": 486, "reason": "Busy"}, None, (486, "Busy")),
        ({"code": 486}, None, (486, REASONS[486])),
        ({"code": 487, "reason": "x"}, 408, (408, REASONS[408])),
        ({"code": "busy"}, None, (200, REASONS[200])),
        ({}, None, (200, REASONS[200])),
        ({"code": 499, "reason": None}, None, (499, "")),
    ],
)
def test_an_end_has_a_code_and_a_reason_whatever_the_leg_says(
    data: dict[str, object], override: int | None, expected: tuple[int, str]
) -> None:
    assert ending(data, override) == expected
