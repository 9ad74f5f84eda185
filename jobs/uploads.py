"""An upload above the cap is not taken in: what comes after the cap is read and thrown away.

Of somebody who is not signed in nothing is taken, for the form is read before a view can refuse.
Reading on is what lets the browser show our sentence instead of a broken connection. A reverse
proxy may refuse earlier.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest


class CappedUpload(FileUploadHandler):
    """First of FILE_UPLOAD_HANDLERS; the others keep what it lets through."""

    received = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        person = getattr(self.request, "user", None)
        if person is None or not person.is_authenticated:
            raise SkipFile
        if self.received > settings.UPLOAD_MAX_MB * 1_000_000:
            self.request.upload_was_too_large = True  # type: ignore[union-attr]
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> Any:
        return None


def was_too_large(request: HttpRequest) -> bool:
    """Whether the request brought a file above the cap, which was thrown away."""
    request.POST  # noqa: B018 - reading it takes the upload in
    return getattr(request, "upload_was_too_large", False)
