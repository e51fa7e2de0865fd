"""What is asked of a recording, read from a realm that may send anything; names of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.errors import ScenarioError
from voxrun.services.arguments import Arguments
from voxrun.services.listening import Wishes
from voxrun.services.record_wish import LONGEST_NAME, Names, RecordWish, TranscriptWish, read_wish, safe_name
from voxrun.services.recording_file import Form
from voxrun.session.messages import Command


def wish(**data: Any) -> RecordWish:
    return read_wish(Arguments(Command("call.record", "c1", data)))


@pytest.mark.parametrize(
    ("data", "form"),
    [
        ({}, ("mp3", 8_000, False, 32_000)),
        ({"hd": True}, ("mp3", 16_000, False, None)),
        ({"lossless": True, "stereo": True}, ("flac", 16_000, True, 32_000)),
        ({"format": "wav"}, ("wav", 16_000, False, 32_000)),
        ({"format": "mp3", "lossless": True}, ("mp3", 8_000, False, 32_000)),
        ({"format": "json"}, ("mp3", 8_000, False, 32_000)),
    ],
)
def test_formats(data: dict[str, Any], form: tuple[str, int, bool, int | None]) -> None:
    kind, rate, stereo, bits = form
    assert wish(**data).form(Path("x")) == Form(Path("x"), stereo, kind, rate, bits)  # type: ignore[arg-type]


def test_names_come_from_the_file_name_or_the_name_behind_the_prefix() -> None:
    assert wish(file="call.mp3", name="n", prefix="p/").name == "p-call"
    assert wish(name="n", prefix="p-").name == "p-n"
    assert (wish(prefix="p").name, wish().name) == ("p", "")


def test_a_transcript_is_asked_for_with_its_language_words_and_labels() -> None:
    assert wish(language="ASRLanguage.GERMAN_DE").transcript is None
    asked = wish(
        transcribe=True, language="ASRLanguage.GERMAN_DE", hints=["ja"], labels=["Anna", "Bot"], json=True
    )
    assert asked.transcript == TranscriptWish(Wishes(hints=("ja",), language="de"), ("Anna", "Bot"), True)


@pytest.mark.parametrize(
    "data",
    [
        {"name": 5},
        {"file": "x" * 1001},
        {"transcribe": True, "hints": "x"},
        {"transcribe": True, "labels": ["a", "b", "c"]},
        {"transcribe": True, "language": {}},
    ],
)
def test_what_the_realm_should_not_have_sent_is_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError):
        wish(**data)


@given(st.text(max_size=300))
def test_a_safe_name_is_one_plain_file_in_the_folder(wanted: str) -> None:
    name = safe_name(wanted)
    assert "/" not in name
    assert "\0" not in name
    assert not name.startswith(".")
    assert len(name.encode()) <= LONGEST_NAME


@given(st.lists(st.sampled_from(["", "a", "A", "a-2", "recording", "recording-7", "record-1"]), max_size=12))
def test_every_name_is_given_once_and_none_of_the_session_s_own(wanted: list[str]) -> None:
    names = Names()
    given_names = [names.take(one, "wav").lower() for one in wanted]
    assert len(set(given_names)) == len(given_names)
    assert not {"recording.wav", "recording-2.wav", "recording-7.wav"} & set(given_names)


def test_a_name_stays_as_it_was_wanted_while_it_is_free() -> None:
    names = Names()
    assert [names.take(one, "mp3") for one in ("call", "", "call", "", "Call")] == [
        "call.mp3", "record-1.mp3", "call-2.mp3", "record-2.mp3", "Call-3.mp3",
    ]  # fmt: skip
    assert names.take("call", "flac") == "call.flac"
