"""What Graph can answer instead of an answer, each with a sentence and the cloud's request id.

Told apart by HTTP status and code, never by the message, which may be in any language. The
message is kept out of everything that is shown or logged: it can repeat what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class GraphError(Exception):
    """`sentence` is for the screen, `reference` (Graph's request id) for support.

    `may_pass`: whether the same call may succeed later without anybody doing anything.
    """

    sentence: str | Promise = _("Microsoft Graph refused the call.")
    may_pass = False

    def __init__(
        self,
        *,
        status: int = 0,
        code: str = "",
        reference: str = "",
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.reference = reference
        self.retry_after = retry_after
        super().__init__(f"{type(self).__name__} {status} {code} {reference}".strip())


class GraphThrottled(GraphError):
    """Too many calls; `retry_after` seconds from now is the earliest next try."""

    sentence = _("Microsoft Graph asks for fewer calls. The portal tries again by itself.")
    may_pass = True


class GraphUnavailable(GraphError):
    """5xx, or no connection."""

    sentence = _("Microsoft Graph does not answer at the moment. The portal tries again by itself.")
    may_pass = True


class CircuitOpen(GraphUnavailable):
    """Not asked at all: the last calls all failed."""

    sentence = _("Microsoft Graph failed repeatedly; the portal waits before it asks again.")


class OutcomeUnknown(GraphError):
    """A change was sent and no answer came: look before sending it again."""

    sentence = _("Microsoft Graph did not say whether the change was made.")
    may_pass = True


class BadAnswer(GraphError):
    """Not JSON, not of the expected shape, too large, or a link to a foreign host."""

    sentence = _("Microsoft Graph answered something that makes no sense; nothing was taken over.")
    may_pass = True


class NotAuthenticated(GraphError):
    """401, with a fresh token too."""

    sentence = _("Microsoft Graph does not accept the portal's token. Connect again.")


class NotAllowed(GraphError):
    """403: a permission or a consent is missing."""

    sentence = _(
        "The consent does not include this, or it was withdrawn. Let a global administrator "
        "consent again."
    )


class NotFound(GraphError):
    """404."""

    sentence = _("Microsoft Graph does not know this object; it may have been deleted.")


class GraphRefused(GraphError):
    """Another 4xx; decide by the state of things, not by the text."""


class StartAgain(GraphError):
    """410 or a forgotten delta token: read everything anew."""

    sentence = _("Microsoft Graph has forgotten the last position; everything is read anew.")


_RESYNC = {"resyncrequired", "syncstatenotfound", "syncstateinvalid"}
_WITHDRAWN = {"authorization_identitynotfound"}


def error_of(
    status: int, body: Any, headers: Mapping[str, str], *, retry_after: float | None = None
) -> GraphError:
    """The error that an answer of this status stands for."""
    error = body.get("error") if isinstance(body, dict) else None
    error = error if isinstance(error, dict) else {}
    code = re.sub(r"[^\w.]", "", str(error.get("code", "")))[:60]
    inner = error.get("innerError") or error.get("innererror") or {}
    inner = inner if isinstance(inner, dict) else {}
    reference = str(
        headers.get("request-id") or inner.get("request-id") or inner.get("requestId") or ""
    )
    kind = _kind(status, code.lower())
    return kind(
        status=status,
        code=code,
        reference=re.sub(r"[^\w-]", "", reference)[:64],
        retry_after=retry_after,
    )


def _kind(status: int, code: str) -> type[GraphError]:
    if status == 410 or code in _RESYNC:
        return StartAgain
    if status == 429:
        return GraphThrottled
    if status >= 500:
        return GraphUnavailable
    if status == 401:
        return NotAuthenticated
    if status == 403 or code in _WITHDRAWN:
        return NotAllowed
    if status == 404:
        return NotFound
    return GraphRefused
