"""SDP as text: what goes to aiortc of an offer, and what goes back to the far end of an answer.

aiortc answers with every codec both sides know, knows no telephone-event, waits a second for each
``.local`` candidate and accepts video. So an offer is cut down before aiortc sees it: the first audio
section, one audio codec (the first of ours in the far end's order), no mDNS names. What was cut is put
back into the answer: refused sections with port 0 (RFC 3264 section 6), telephone-event (RFC 4733, at
the clock rate of the audio codec where that was offered), format parameters. Text in, text out; no aiortc
here.
"""

from __future__ import annotations

import ipaddress
import re
from itertools import pairwise

from msgspec import Struct

from voxrun.errors import PeerError

MAX_OFFER_BYTES = 32 * 1024
"""Far above any real audio offer (Chromium's has about 3 KiB)."""
MAX_CANDIDATES = 32
"""Candidates kept of an offer; each costs a check in ICE."""

_CODECS = {("opus", 48000): "opus", ("g722", 8000): "G722", ("pcmu", 8000): "PCMU", ("pcma", 8000): "PCMA"}
_STATIC = {0: ("pcmu", 8000), 8: ("pcma", 8000), 9: ("g722", 8000)}  # RFC 3551 table 4: no rtpmap needed
_RTPMAP = re.compile(r"a=rtpmap:(\d{1,3}) ([A-Za-z0-9._-]+)/(\d{4,6})(?:/\d)?$")
_OPUS_FMTP = (
    "minptime=10;maxplaybackrate=16000;sprop-maxcapturerate=16000;maxaveragebitrate=32000;"
    "stereo=0;useinbandfec=1"
)
"""RFC 7587 section 6.1. Browsers send FEC to who asks for it, and only while packets are lost."""


class Codec(Struct, frozen=True):
    """The audio codec agreed on. ``clock_rate`` is that of RTP (8000 for G.722, RFC 3551 section 4.5.2)."""

    name: str
    payload_type: int
    clock_rate: int


class Section(Struct, frozen=True):
    """One media section of the offer: its lines, the ``m=`` line first."""

    lines: tuple[str, ...]

    @property
    def kind(self) -> str:
        return self.lines[0][2:].split(" ", 1)[0]

    @property
    def mid(self) -> str:
        return next((line[6:] for line in self.lines if line.startswith("a=mid:")), "")


class Offer(Struct, frozen=True):
    """An offer, understood. ``text`` is what aiortc may see; ``index`` is where the audio section stood.
    ``telephone_event`` is a payload type, ``event_rate`` what it was offered with (Hz)."""

    text: str
    codec: Codec
    telephone_event: int | None
    sections: tuple[Section, ...]
    index: int
    event_rate: int = 0


def read_offer(text: str, preference: tuple[str, ...] = ()) -> Offer:
    """Understand an SDP offer. Raises PeerError that says what is wrong with it.

    ``preference``: codecs that are taken, the first that is offered; without it, the far end's first of ours.
    """
    if len(text.encode("utf-8", "replace")) > MAX_OFFER_BYTES:
        raise PeerError(f"the SDP offer is bigger than {MAX_OFFER_BYTES} bytes")
    lines = [line.rstrip("\r") for line in text.split("\n") if line.strip()]
    if not lines or lines[0] != "v=0":
        raise PeerError('this is not SDP: it does not begin with "v=0"')
    session, sections = _split(lines)
    index = next((i for i, section in enumerate(sections) if _usable_audio(section)), None)
    if index is None:
        raise PeerError("the SDP offer has no audio section (m=audio with a port)")
    audio = sections[index]
    codec, telephone_event, event_rate = _choose(audio, preference)
    _check_complete(session, audio)
    kept = _cut_session(session, audio.mid) + _cut_audio(audio, codec)
    return Offer("\r\n".join(kept) + "\r\n", codec, telephone_event, sections, index, event_rate)


def finish_answer(answer: str, offer: Offer, public_address: str = "") -> str:
    """Make aiortc's ``answer`` to ``offer.text`` an answer to the whole offer.

    ``public_address`` is offered with the port of each IPv4 candidate that is not loopback (1:1 NAT).
    """
    session, (audio, *_) = _split([line for line in answer.split("\r\n") if line])
    lines = list(session)
    for position, section in enumerate(offer.sections):
        if position == offer.index:
            lines += _finish_audio(audio, offer)
            lines += _public_candidates(audio, public_address) if public_address else []
        else:
            lines += _refuse(section)
    return "\r\n".join(lines) + "\r\n"


def _split(lines: list[str]) -> tuple[list[str], tuple[Section, ...]]:
    starts = [i for i, line in enumerate(lines) if line.startswith("m=")] + [len(lines)]
    sections = tuple(Section(tuple(lines[a:b])) for a, b in pairwise(starts))
    return lines[: starts[0]], sections


def _usable_audio(section: Section) -> bool:
    parts = section.lines[0].split()
    return section.kind == "audio" and len(parts) > 3 and parts[1] != "0"


def _choose(audio: Section, preference: tuple[str, ...]) -> tuple[Codec, int | None, int]:
    """The audio codec, and payload type and rate of telephone-event, if there is one: at the codec's clock
    rate, else at 8000 Hz (Firefox offers no other beside Opus, and counts in units of the codec anyway)."""
    mapped = {int(m[1]): (m[2].lower(), int(m[3])) for m in map(_RTPMAP.match, audio.lines) if m}
    offered = [int(f) for f in audio.lines[0].split()[3:] if f.isascii() and f.isdigit()]
    found: list[Codec] = []
    for payload_type in offered:
        key = mapped.get(payload_type) or _STATIC.get(payload_type)
        if key in _CODECS and payload_type < 128:
            found.append(Codec(_CODECS[key], payload_type, key[1]))
    if preference:
        found = sorted((c for c in found if c.name in preference), key=lambda c: preference.index(c.name))
    if not found:
        names = ", ".join(preference or ("Opus", "G.722", "PCMU", "PCMA"))
        raise PeerError(f"the SDP offer has none of our audio codecs ({names})")
    codec = found[0]
    for rate in (codec.clock_rate, 8000):
        for payload_type in offered:
            if mapped.get(payload_type) == ("telephone-event", rate) and payload_type < 128:
                return codec, payload_type, rate
    return codec, None, codec.clock_rate


def _check_complete(session: list[str], audio: Section) -> None:
    lines = [*session, *audio.lines]
    for start, what in (
        ("a=ice-ufrag:", "ICE user fragment"),
        ("a=ice-pwd:", "ICE password"),
        ("a=fingerprint:", "DTLS fingerprint"),
    ):
        if not any(line.startswith(start) for line in lines):
            raise PeerError(f"the SDP offer has no {what} ({start[:-1]}): this is not a WebRTC offer")
    if "a=rtcp-mux" not in audio.lines:
        raise PeerError("the SDP offer has no a=rtcp-mux: voxrun wants RTP and RTCP on one port")


def _cut_session(session: list[str], mid: str) -> list[str]:
    kept = [line for line in session if not line.startswith("a=group:")]
    return [*kept, f"a=group:BUNDLE {mid}"] if mid else kept


def _cut_audio(audio: Section, codec: Codec) -> list[str]:
    """The audio section with one codec and without candidates aioice would wait for."""
    media, port, profile, *_ = audio.lines[0].split()
    lines = [f"{media} {port} {profile} {codec.payload_type}"]
    candidates, hidden = 0, False
    for line in audio.lines[1:]:
        if line == "a=end-of-candidates":
            continue
        if line.startswith("a=candidate:"):
            if candidates >= MAX_CANDIDATES or not _usable_candidate(line):
                hidden = hidden or ".local " in line
                continue
            candidates += 1
        elif line.startswith(("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:")):
            if line.split(":", 1)[1].split(" ", 1)[0] != str(codec.payload_type):
                continue
            if line.startswith("a=fmtp:"):
                continue  # parameters for the far end's decoder; ours sends what every decoder takes
        lines.append(line)
    # Without this line aioice waits for the far end's own checks; with it, and nobody to check, it gives up.
    return [*lines, "a=end-of-candidates"] if candidates and not hidden else lines


def _usable_candidate(line: str) -> bool:
    """A UDP candidate with an address: a ``.local`` name (mDNS) costs a second and never helps, the far
    end is found by its own checks (RFC 8445 section 7.3.1.3); aioice speaks no TCP."""
    parts = line.split()
    if len(parts) < 8 or parts[2].lower() != "udp" or parts[1] != "1":
        return False
    try:
        address = ipaddress.ip_address(parts[4])
    except ValueError:
        return False
    return not (address.is_multicast or address.is_unspecified)


def _finish_audio(audio: Section, offer: Offer) -> list[str]:
    codec, event = offer.codec, offer.telephone_event
    first = audio.lines[0] + (f" {event}" if event is not None else "")
    lines = [first, *(line for line in audio.lines[1:] if not line.startswith("a=fmtp:"))]
    if codec.name == "opus":
        lines.append(f"a=fmtp:{codec.payload_type} {_OPUS_FMTP}")
    if event is not None:
        lines += [f"a=rtpmap:{event} telephone-event/{offer.event_rate}", f"a=fmtp:{event} 0-15"]
    return [*lines, "a=ptime:20"]


def _public_candidates(audio: Section, address: str) -> list[str]:
    hosts = [line.split() for line in audio.lines if line.startswith("a=candidate:") and "typ host" in line]
    ours = [parts for parts in hosts if ":" not in parts[4] and not parts[4].startswith("127.")]
    return [
        f"a=candidate:public{n} 1 udp {1694498815 - n} {address} {parts[5]} typ host"
        for n, parts in enumerate(ours)
    ]


def _refuse(section: Section) -> list[str]:
    parts = section.lines[0].split()
    lines = [" ".join([parts[0], "0", *parts[2:]]), "c=IN IP4 0.0.0.0", "a=inactive"]
    return [*lines, f"a=mid:{section.mid}"] if section.mid else lines
