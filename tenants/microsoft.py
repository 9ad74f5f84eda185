"""What a person has under way at Microsoft: kept in the session until the browser comes back.

Microsoft knows one address of ours, whatever the tenant. The answer's `state` is looked up among
those that this session gave out; it says which page the answer is for, and counts once.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse

KEPT_SECONDS = 30 * 60
MOST = 5
_KEY = "at_microsoft"


def answer_address(request: HttpRequest) -> str:
    """The address that Microsoft sends the browser back to; registered there once."""
    return request.build_absolute_uri(reverse("microsoft_answer"))


def origin_of(request: HttpRequest) -> str:
    """Where the browser reaches the portal."""
    return f"{request.scheme}://{request.get_host()}"


def remember(request: HttpRequest, *, state: str, to: str, **kept: Any) -> None:
    """Keep what is needed when the answer with `state` comes; it is handed on to the path `to`."""
    under_way = _under_way(request)
    under_way[state] = {"to": to, "at": int(time.time()), **kept}
    newest = sorted(under_way, key=lambda each: under_way[each]["at"])[-MOST:]
    request.session[_KEY] = {each: under_way[each] for each in newest}


def where_to(request: HttpRequest) -> str | None:
    """The path that the answer in the query is for; None: we did not ask."""
    found = _under_way(request).get(request.GET.get("state", ""))
    return found["to"] if found else None


def take(request: HttpRequest, *, kind: str) -> dict[str, Any] | None:
    """What was kept for the answer in the query, once; None: we did not ask for that."""
    under_way = _under_way(request)
    state = request.GET.get("state", "")
    if under_way.get(state, {}).get("kind") != kind:
        return None
    found = under_way.pop(state)
    request.session[_KEY] = under_way
    return found


def _under_way(request: HttpRequest) -> dict[str, dict[str, Any]]:
    oldest = time.time() - KEPT_SECONDS
    kept = request.session.get(_KEY, {})
    return {state: each for state, each in kept.items() if each["at"] > oldest}


# --- sessions that a directory opened ---------------------------------------------------------

_OPENED_BY = "opened_by_directory"


class Opener(NamedTuple):
    """A directory of a Microsoft cloud in which somebody signed in."""

    cloud: str
    directory: str


def open_by(request: HttpRequest, opener: Opener) -> None:
    """Remember that this session was opened by a sign-in in that directory."""
    request.session[_OPENED_BY] = list(opener)


def opened_by(request: HttpRequest) -> Opener | None:
    """Where this session's person signed in; None: here, with a password."""
    kept = request.session.get(_OPENED_BY)
    return Opener(*kept) if kept else None
