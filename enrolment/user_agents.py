"""What a browser tells of the phone it runs on. Pure.

It is a guess to fill a form with: browsers hide the model (Android "10; K"), and an iPad says
that it is a Macintosh.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_APPLE = re.compile(r"\((iPhone|iPad|iPod)[^)]*? OS (\d+(?:_\d+){0,2})")
_ANDROID = re.compile(r"Android (\d+(?:\.\d+){0,2})(?:; ([^;)]{1,80}))?")
_SAMSUNG = re.compile(r"(SM-|GT-|SAMSUNG)", re.IGNORECASE)


@dataclass(frozen=True)
class Phone:
    """`platform` as devices know it, empty where it cannot be told; so are the others."""

    platform: str = ""
    model: str = ""
    os_version: str = ""


def phone_of(user_agent: str) -> Phone:
    """What the text of a User-Agent header says."""
    apple = _APPLE.search(user_agent)
    if apple is not None:
        kind = "ipados" if apple[1] == "iPad" else "ios"
        return Phone(kind, model=apple[1], os_version=apple[2].replace("_", "."))
    android = _ANDROID.search(user_agent)
    if android is None:
        return Phone()
    model = (android[2] or "").split(" Build/")[0].strip()
    model = "" if model in {"K", "Mobile", "wv"} else model
    is_samsung = _SAMSUNG.search(model) or "SamsungBrowser" in user_agent
    return Phone("knox" if is_samsung else "android", model=model, os_version=android[1])
