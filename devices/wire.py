"""What went over the wire, as text a person can read. No Django here.

A property list is shown as it was; JSON is set on lines; anything else in hexadecimal, so that a
broken answer can be seen too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

LONGEST = 20_000


@dataclass(frozen=True)
class WireText:
    """The name of the format, the number of bytes, and the text."""

    format: str
    size: int
    text: str


def wire_text(payload: bytes) -> WireText:
    """The payload as text; long ones are cut, and end in an ellipsis."""
    form, text = _read(payload)
    return WireText(
        format=form, size=len(payload), text=text if len(text) <= LONGEST else text[:LONGEST] + "…"
    )


def _read(payload: bytes) -> tuple[str, str]:
    start = payload.lstrip()[:100]
    try:
        if start.startswith((b"<?xml", b"<plist", b"<!DOCTYPE plist")):
            return "Apple MDM, property list", payload.decode()
        if start.startswith((b"{", b"[")):
            return "Knox agent, JSON", json.dumps(json.loads(payload), indent=2, ensure_ascii=False)
    except (UnicodeDecodeError, ValueError, RecursionError):
        pass
    return "bytes", payload[:LONGEST].hex(" ")
