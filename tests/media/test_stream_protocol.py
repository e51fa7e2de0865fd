"""Media over WebSockets as messages: start, media, stop, and everything that is none of them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.media.stream_codec import BY_NAME, OPUS, PCM8, PCM16, ULAW
from voxrun.media.stream_protocol import (
    Broken,
    StreamMedia,
    StreamStart,
    StreamStop,
    StreamWriter,
    Text,
    custom_parameters,
    read_message,
    written,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["event", "start", "media", "stop", "tag", "mediaFormat", "encoding", "sampleRate", "channels", "payload",
     "chunk", "customParameters", "customEvent", "PCM16", "ULAW"]
)  # fmt: skip
NEARLY = st.recursive(
    NAMES | st.none() | st.integers(-1, 48_000) | st.floats(),
    lambda inner: st.dictionaries(NAMES, inner, max_size=5) | st.lists(inner, max_size=2),
    max_leaves=20,
)
"""JSON that is almost media."""


def message(event: str, **body: Any) -> str:
    return json.dumps({"event": event, "sequenceNumber": 0, event: body})


# -- what we write ------------------------------------------------------------------------------------


def test_start_names_the_encoding_its_rate_and_one_channel() -> None:
    assert StreamWriter(ULAW).start() == {
        "event": "start",
        "sequenceNumber": 0,
        "start": {"mediaFormat": {"encoding": "ULAW", "sampleRate": 8000, "channels": 1}},
    }


def test_every_message_of_a_tagged_stream_has_its_tag() -> None:
    writer = StreamWriter(PCM8, "left")
    for event, made in (("start", writer.start()), ("media", writer.media(b"x")), ("stop", writer.stop())):
        body = made[event]
        assert isinstance(body, dict)
        assert body["tag"] == "left"


def test_custom_parameters_go_out_as_a_text_that_holds_json() -> None:
    start = StreamWriter(PCM8, custom={"id": 5, "who": "é"}).start()["start"]
    assert isinstance(start, dict)
    assert start["customParameters"] == '{"id":5,"who":"é"}'
    start = StreamWriter(PCM8, custom='{"a":1}').start()["start"]
    assert isinstance(start, dict)
    assert start["customParameters"] == '{"a":1}'


@pytest.mark.parametrize("encoding", BY_NAME.values(), ids=str)
def test_chunk_counts_pieces_and_timestamp_the_samples_before_them(encoding: Any) -> None:
    writer = StreamWriter(encoding)
    writer.start()
    made = [writer.media(b"xy") for _ in range(4)]
    bodies = [each["media"] for each in made]
    assert [body["chunk"] for body in bodies] == [0, 1, 2, 3]  # type: ignore[call-overload,index]
    assert [body["timestamp"] for body in bodies] == [n * encoding.rate // 50 for n in range(4)]  # type: ignore[call-overload,index]
    assert [each["sequenceNumber"] for each in made] == [1, 2, 3, 4]
    assert base64.b64decode(bodies[0]["payload"]) == b"xy"  # type: ignore[call-overload,index]


def test_what_was_left_out_is_a_gap_that_the_peer_can_count() -> None:
    writer = StreamWriter(OPUS)
    writer.media(b"x")
    writer.skip()
    writer.skip()
    body = writer.media(b"x")["media"]
    assert isinstance(body, dict)
    assert (body["chunk"], body["timestamp"]) == (3, 3 * 960)


def test_stop_tells_bytes_and_whole_seconds() -> None:
    writer = StreamWriter(PCM16)
    for _ in range(80):  # 1.6 s
        writer.media(bytes(640))
    assert writer.stop() == {
        "event": "stop",
        "sequenceNumber": 80,
        "stop": {"mediaInfo": {"bytesSent": 51_200, "duration": 2}},
    }


@given(st.sampled_from([*BY_NAME.values()]), st.text(max_size=20), st.binary(max_size=40), JSON)
def test_what_is_written_can_be_read(encoding: Any, tag: str, payload: bytes, custom: Any) -> None:
    writer = StreamWriter(encoding, tag, {"p": custom})
    start, media, stop = (
        read_message(written(each)) for each in (writer.start(), writer.media(payload), writer.stop())
    )
    assert isinstance(start, StreamStart)
    assert (start.tag, start.encoding) == (tag, encoding)
    assert media == StreamMedia(tag, payload, 0, 0)
    assert stop == StreamStop(tag)


def test_what_is_written_is_ascii_whatever_the_scenario_named() -> None:
    assert written(StreamWriter(PCM8, "\ud800é", {"x": "\ud800"}).start()).isascii()


# -- what we read -------------------------------------------------------------------------------------


def test_a_valid_start_has_encoding_tag_and_custom_parameters() -> None:
    text = message(
        "start",
        tag="t",
        mediaFormat={"encoding": "PCM16", "sampleRate": 16000, "channels": 1},
        customParameters={"id": "7", "n": 5, "deep": {"a": [1]}},
    )
    assert read_message(text) == StreamStart("t", PCM16, {"id": "7", "n": "5", "deep": '{"a": [1]}'})
    text = message("start", mediaFormat={"encoding": "ULAW"}, customParameters='{"id": "7"}')
    assert read_message(text) == StreamStart("", ULAW, {"id": "7"})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (message("start"), "no mediaFormat"),
        (message("start", mediaFormat={}), "no mediaFormat"),
        (message("start", mediaFormat={"encoding": "MP3", "sampleRate": 8000}), "none of PCM8"),
        (message("start", mediaFormat={"encoding": "PCM16", "sampleRate": 24000}), "PCM16 has 16000"),
        (message("start", mediaFormat={"encoding": "ULAW", "channels": 2}), "2 channels"),
        (message("start", tag={"a": 1}, mediaFormat={"encoding": "ULAW"}), "tag is no text"),
        (message("media"), "no payload"),
        (message("media", payload=5), "no payload"),
        (message("media", payload="§§"), "no base64"),
        (message("media", payload="abc"), "no base64"),
        (json.dumps({"event": "stop", "customEvent": "x", "stop": {}}), "both 'event' and 'customEvent'"),
    ],
)
def test_a_broken_media_message_says_why(text: str, told: str) -> None:
    found = read_message(text)
    assert isinstance(found, Broken)
    assert told in found.why


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "{",
        '{"event":',
        "[1]",
        '"event"',
        '{"customEvent": "heard", "ms": 5}',
        '{"event": "speech_started"}',
        '{"event": "init", "init": {}}',
        '{"event": ["start"], "start": {}}',
        '{"event": "stop"}',
        '{"event": "start", "callId": "5"}',
        '{"event": "media", "media": "x"}',
        '{"a": ' + "[" * 5000 + '"event"' + "]" * 5000 + "}",
        '{"event": "start", "n": ' + "9" * 5000 + "}",
    ],
)
def test_what_is_not_media_is_the_scenario_s_text(text: str) -> None:
    assert read_message(text) == Text(text)


@given(st.text() | NEARLY.map(json.dumps) | JSON.map(json.dumps))
def test_no_text_is_too_broken(text: str) -> None:
    found = read_message(text)
    assert isinstance(found, StreamStart | StreamMedia | StreamStop | Broken | Text)
    if isinstance(found, StreamStart):
        assert all(isinstance(value, str) for value in found.custom.values())
    if isinstance(found, Text):
        assert found.text == text


@given(JSON)
def test_custom_parameters_are_texts_by_name(value: Any) -> None:
    found = custom_parameters(value)
    assert all(isinstance(key, str) and isinstance(item, str) for key, item in found.items())
    assert json.loads(json.dumps(found, allow_nan=False)) == found
