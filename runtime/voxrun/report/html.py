"""Safe pieces of HTML. Everything that comes from a session is untrusted: scenarios write what they like.

Data travels as JSON in script elements that no browser runs, with every character escaped that could end
them; the page puts it in place as text, never as markup. A content security policy by hash allows our own
script and style and nothing else: no request leaves the page.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence
from functools import cache
from importlib import resources
from string import Template
from typing import Any


@cache
def asset(*names: str) -> str:
    """Texts of our own files, one after the other."""
    folder = resources.files("voxrun.report") / "assets"
    return "".join((folder / name).read_text("utf-8") for name in names)


def escape(text: str) -> str:
    """Text as HTML, also between quotation marks. Half a surrogate pair, which no file can hold, is a "?"."""
    return html.escape(text.encode("utf-8", "replace").decode())


def embed(data: Any) -> str:
    """JSON that can stand in a script element: ASCII, without <, > and &."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def policy(style: str, script: str) -> str:
    """The content security policy of a page with this style and this script."""
    return "; ".join(
        [
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "media-src blob:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def document(template: str, styles: Sequence[str], scripts: Sequence[str], **fields: str) -> str:
    """A page from one of our templates. ``fields`` are HTML already: use ``escape`` or ``embed``."""
    style = asset(*styles)
    script = f'"use strict";\n(() => {{\n{asset(*scripts)}}})();\n'
    parts = {"style": style, "script": script, "policy": escape(policy(style, script))}
    return Template(asset(template)).substitute(parts | fields)
