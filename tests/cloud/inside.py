"""The portal's pretend cloud reached by `requests` without a socket, in the test's transaction.

Only the transport is exchanged: addresses, headers, bodies and MSAL are what they are.
"""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

import requests
from django.test import Client
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

ORIGIN = "http://testserver"


class Inside(BaseAdapter):
    """Hands requests for ORIGIN to Django; keeps what was sent, and to which host."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        self.sent.append(request)
        parts = urlsplit(request.url or "")
        assert f"{parts.scheme}://{parts.netloc}" == ORIGIN, request.url
        body = request.body or b""
        headers = {k: v for k, v in request.headers.items() if k.lower() != "content-length"}
        answer = Client().generic(
            request.method or "GET",
            f"{parts.path}?{parts.query}" if parts.query else parts.path,
            body if isinstance(body, bytes) else body.encode(),
            content_type=headers.get("Content-Type", ""),
            headers=headers,
        )
        response = requests.Response()
        response.status_code = answer.status_code
        response.headers = CaseInsensitiveDict(answer.items())
        response.url = request.url or ""
        response.request = request
        response.encoding = "utf-8"
        parts_of = answer.streaming_content if answer.streaming else [answer.content]
        response.raw = _Parts(iter(parts_of))
        return response

    def close(self) -> None:
        pass


class _Parts(io.RawIOBase):
    """What requests reads a body from, part by part."""

    def __init__(self, parts: Any) -> None:
        self.parts = parts
        self.left = b""

    def read(self, size: int = -1) -> bytes:  # type: ignore[override]
        while not self.left:
            part = next(self.parts, None)
            if part is None:
                return b""
            self.left = part
        given, self.left = self.left[:size], self.left[size:]
        return given

    def release_conn(self) -> None:
        pass
