"""Offers are cut down for aiortc, answers are put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voxrun.errors import PeerError
from voxrun.legs.webrtc.sdp import MAX_CANDIDATES, MAX_OFFER_BYTES, finish_answer, read_offer

SESSION = ["v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"]
TRANSPORT = ["a=ice-ufrag:abcd", "a=ice-pwd:" + "p" * 24, "a=fingerprint:sha-256 AA:BB", "a=setup:actpass"]
AUDIO = [
    "m=audio 9 UDP/TLS/RTP/SAVPF 63 111 9 0 110 126",
    "c=IN IP4 0.0.0.0",
    "a=mid:0",
    *TRANSPORT,
    "a=sendrecv",
    "a=rtcp-mux",
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    "a=rtpmap:63 red/48000/2",
    "a=fmtp:63 111/111",
    "a=rtpmap:9 G722/8000",
    "a=rtpmap:110 telephone-event/48000",
    "a=rtpmap:126 telephone-event/8000",
]
VIDEO = ["m=video 9 UDP/TLS/RTP/SAVPF 96", "a=mid:1", *TRANSPORT, "a=rtpmap:96 VP8/90000"]
ANSWER = [*SESSION[:4], "a=group:BUNDLE 0", "m=audio 5000 UDP/TLS/RTP/SAVPF 111", "a=mid:0", "a=setup:active"]


def text(*parts: list[str]) -> str:
    return "\r\n".join(line for part in parts for line in part) + "\r\n"


def audio(*, without: str = "", media: str = "") -> list[str]:
    lines = [line for line in AUDIO if not without or not line.startswith(without)]
    return [media, *lines[1:]] if media else lines


def test_the_first_codec_of_ours_is_taken_with_telephone_event_at_its_rate() -> None:
    offer = read_offer(text(SESSION, AUDIO))
    assert (offer.codec.name, offer.codec.payload_type, offer.telephone_event) == ("opus", 111, 110)
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" in offer.text
    assert "telephone-event" not in offer.text
    assert "red" not in offer.text


@pytest.mark.parametrize(
    ("order", "name"), [("9 111 110 126", "G722"), ("0 111 110 126", "PCMU"), ("8", "PCMA")]
)
def test_codecs_of_8000_hz_take_telephone_event_8000(order: str, name: str) -> None:
    offer = read_offer(text(SESSION, audio(media=f"m=audio 9 UDP/TLS/RTP/SAVPF {order}")))
    assert offer.codec.name == name
    assert offer.telephone_event == (126 if "126" in order else None)


def test_keys_of_a_browser_that_offers_them_at_8000_hz_only_are_taken_beside_opus() -> None:
    offer = read_offer(text(SESSION, audio(without="a=rtpmap:110")))  # as Firefox does
    assert (offer.codec.name, offer.telephone_event, offer.event_rate) == ("opus", 126, 8000)
    assert "a=rtpmap:126 telephone-event/8000\r\na=fmtp:126 0-15\r\n" in finish_answer(text(ANSWER), offer)


def test_mdns_and_tcp_candidates_never_reach_aioice() -> None:
    good = "a=candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host"
    bad = [
        "a=candidate:2 1 udp 2122260223 7a0c.local 50001 typ host",
        "a=candidate:3 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active",
        "a=candidate:4 2 udp 2122260223 192.0.2.7 50002 typ host",
        "a=candidate:5 1 udp 2122260223 224.0.0.251 5353 typ host",
        "a=candidate:broken",
    ]
    offer = read_offer(text(SESSION, AUDIO, [*bad, good]))
    kept = [line for line in offer.text.split("\r\n") if line.startswith("a=candidate")]
    assert kept == [good]


@pytest.mark.parametrize(
    ("offered", "ends"),
    [
        (["192.0.2.7"], True),
        (["7a0c.local"], False),
        (["192.0.2.7", "7a0c.local"], False),
        ([], False),
    ],
)
def test_aioice_goes_on_waiting_for_far_ends_that_hide_their_addresses(
    offered: list[str], ends: bool
) -> None:
    lines = [f"a=candidate:1 1 udp 2122260223 {host} 50000 typ host" for host in offered]
    offer = read_offer(text(SESSION, AUDIO, lines, ["a=end-of-candidates"]))
    assert ("a=end-of-candidates" in offer.text) == ends


def test_no_more_candidates_than_a_browser_has_are_kept() -> None:
    many = [f"a=candidate:1 1 udp 1 192.0.2.7 {port} typ host" for port in range(1000, 1200)]
    assert read_offer(text(SESSION, AUDIO, many)).text.count("a=candidate") == MAX_CANDIDATES


def test_video_is_refused_in_the_answer_at_its_place() -> None:
    offer = read_offer(text(SESSION, VIDEO, AUDIO))
    assert "video" not in offer.text
    answer = finish_answer(text(ANSWER), offer)
    media = [line for line in answer.split("\r\n") if line.startswith("m=")]
    assert media == ["m=video 0 UDP/TLS/RTP/SAVPF 96", "m=audio 5000 UDP/TLS/RTP/SAVPF 111 110"]
    assert "a=group:BUNDLE 0\r\n" in answer


def test_the_answer_offers_keys_and_tells_the_browser_to_save_bandwidth() -> None:
    answer = finish_answer(text(ANSWER), read_offer(text(SESSION, AUDIO)))
    assert "a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n" in answer
    assert "maxplaybackrate=16000" in answer
    assert "useinbandfec=1" in answer
    assert "a=ptime:20\r\n" in answer


def test_a_public_address_is_offered_with_the_ports_of_our_own() -> None:
    ours = [
        "a=candidate:1 1 udp 2130706431 10.0.0.5 50001 typ host",
        "a=candidate:2 1 udp 2130706431 127.0.0.1 50002 typ host",
        "a=candidate:3 1 udp 2130706431 fd00::2 50003 typ host",
    ]
    answer = finish_answer(text(ANSWER, ours), read_offer(text(SESSION, AUDIO)), "203.0.113.7")
    assert "203.0.113.7 50001 typ host" in answer
    assert answer.count("203.0.113.7") == 1


@pytest.mark.parametrize(
    ("offer", "message"),
    [
        ("", "not SDP"),
        ("hello", "not SDP"),
        (text(SESSION), "no audio section"),
        (text(SESSION, VIDEO), "no audio section"),
        (text(SESSION, audio(media="m=audio 0 UDP/TLS/RTP/SAVPF 111")), "no audio section"),
        (text(SESSION, audio(media="m=audio")), "no audio section"),
        (text(SESSION, audio(media="m=audio 9 UDP/TLS/RTP/SAVPF 63")), "none of our audio codecs"),
        (text(SESSION, audio(media="m=audio 9 UDP/TLS/RTP/SAVPF ²")), "none of our audio codecs"),
        (text(SESSION, audio(without="a=ice-ufrag")), "ICE user fragment"),
        (text(SESSION, audio(without="a=fingerprint")), "DTLS fingerprint"),
        (text(SESSION, audio(without="a=rtcp-mux")), "rtcp-mux"),
        (text(SESSION, AUDIO, ["a=x:" + "y" * MAX_OFFER_BYTES]), "bigger than"),
    ],
)
def test_an_unusable_offer_says_what_is_wrong(offer: str, message: str) -> None:
    with pytest.raises(PeerError, match=message):
        read_offer(offer)


LINES = [*SESSION, *AUDIO, *VIDEO, "a=candidate:", "m=", "m=audio", "a=rtpmap:111", "a=mid", "", " ", "\x00"]


@given(st.lists(st.sampled_from(LINES) | st.text(max_size=40), max_size=40))
def test_any_text_is_understood_or_refused(lines: list[str]) -> None:
    sdp = "\r\n".join(["v=0", *lines])
    try:
        offer = read_offer(sdp)
    except PeerError:
        return
    answer = finish_answer(text(ANSWER), offer)
    assert answer.count("\r\nm=") == len(offer.sections)


@pytest.mark.parametrize(
    ("preference", "codec"),
    [((), "opus"), (("PCMU",), "PCMU"), (("PCMA", "opus"), "opus"), (("G722", "opus"), "G722")],
)
def test_our_preference_decides_where_there_is_one(preference: tuple[str, ...], codec: str) -> None:
    assert read_offer(text(SESSION, AUDIO), preference).codec.name == codec


def test_an_offer_without_the_codecs_we_want_is_refused_by_name() -> None:
    only_opus = [line for line in AUDIO if "PCM" not in line and "G722" not in line]
    only_opus[0] = "m=audio 9 UDP/TLS/RTP/SAVPF 111"
    with pytest.raises(PeerError, match=r"none of our audio codecs \(PCMU\)"):
        read_offer(text(SESSION, only_opus), ("PCMU",))
