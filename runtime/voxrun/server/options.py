"""What the entry points decide about the web server."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from voxrun.session.messages import JsonObject


class TlsFiles(Struct, frozen=True):
    """Certificate and private key, PEM."""

    cert: Path
    key: Path


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """``secret`` signs the addresses of recordings: random for each start of the server."""

    version: str
    scenarios: tuple[str, ...] = ()
    ai: str = ""
    """One line for people: which voice AI, and why."""
    token: str = field(default="", repr=False)
    secret: bytes = field(default=b"", repr=False)
    loopback: bool = True
    secure: bool = False
    """Served over TLS."""
    ice_servers: tuple[JsonObject, ...] = ()
    """For the page, in the form of RTCPeerConnection."""

    def file_token(self, session_id: str, name: str) -> str:
        """What a request for a file of a session must show."""
        return hmac.new(self.secret, f"{session_id}/{name}".encode(), hashlib.sha256).hexdigest()[:32]

    def file_path(self, session_id: str, name: str) -> str:
        """The address of a file of a session, without scheme and host."""
        return f"/sessions/{session_id}/files/{quote(name)}?token={self.file_token(session_id, name)}"
