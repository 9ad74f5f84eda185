"""HTTP to Microsoft's clouds, with bounds on everything: hosts, time, size, redirects.

For the sandbox, whose hosts do not exist, the same addresses are led to the portal itself; so the
callers (MSAL among them) are the same everywhere.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.auth import AuthBase

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
WHOLE_SECONDS = 60.0
MOST_BYTES = 20_000_000


class AddressRefused(requests.RequestException):
    """The address is not on a host that this session may talk to."""


class AnswerTooLarge(requests.RequestException):
    """The answer does not end where answers end."""


class AnswerTooSlow(requests.Timeout):
    """The answer dribbles in for longer than anybody waits."""


class _AsGiven(AuthBase):
    """Keeps requests from taking credentials out of a .netrc file."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class BoundedSession(requests.Session):
    """Talks to `origins` only. `led_to` maps an origin to another address it is reached at."""

    def __init__(self, *, origins: tuple[str, ...], led_to: dict[str, str] | None = None) -> None:
        super().__init__()
        self.auth = _AsGiven()
        self.max_redirects = 0
        self.trust_env = not led_to  # proxies of the environment; never on the way to ourselves
        self._origins = origins
        self._led_to = led_to or {}

    # The parent names each of its options; these are passed on as they come.
    def request(self, method: str, url: str, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        """As requests does, within the bounds. Raises requests.RequestException."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._origins:
            raise AddressRefused(f"{parts.hostname} is not a host of this cloud.")
        if origin in self._led_to:
            target = urlsplit(self._led_to[origin])
            path = target.path.rstrip("/") + parts.path
            url = urlunsplit((target.scheme, target.netloc, path, parts.query, ""))
        kwargs.update(stream=True, allow_redirects=False)
        kwargs.setdefault("timeout", (CONNECT_SECONDS, READ_SECONDS))
        return _read(super().request(method, url, **kwargs), until=time.monotonic() + WHOLE_SECONDS)


def _read(response: requests.Response, *, until: float) -> requests.Response:
    body = bytearray()
    try:
        for part in response.iter_content(65_536):
            body += part
            if len(body) > MOST_BYTES:
                raise AnswerTooLarge("The answer is larger than any answer should be.")
            if time.monotonic() > until:
                raise AnswerTooSlow("The answer took too long.")
    finally:
        response.close()
    response._content = bytes(body)
    return response
