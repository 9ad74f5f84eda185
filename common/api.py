"""What every call of the HTTP API shares: how it reads a body and the one shape of its errors.

    {"error": {"code": "...", "message": "...", "details": [...], "request_id": "..."}}

`code` is for programs and never changes; `message` is an English sentence for the person who
writes them; `details` name single fields and are absent when there are none. The request id is
the one in the portal's log. Who may call, how often and in which tenant is the frame's matter
(tenants/api_frame.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.parser import Parser
from pydantic import BaseModel, ConfigDict

from common import strict_json

MAX_BODY = 2_000_000
"""Bytes that the body of one call may have."""
_LONGEST_REQUEST_ID = 64


class ApiRefused(Exception):
    """A call that is refused: its status, its code, a sentence, and what else the answer says."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Sequence[dict[str, Any]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.details = list(details)
        self.headers = headers or {}
        super().__init__(message)


class Body(BaseModel):
    """Base of what calls take in: a field that is not known is an error and not overlooked."""

    model_config = ConfigDict(extra="forbid")


class ErrorDetail(BaseModel):
    """One field that is not in order, by its path in the body."""

    field: str
    message: str


class Error(BaseModel):
    code: str
    message: str
    details: list[ErrorDetail] | None = None
    request_id: str


class ErrorAnswer(BaseModel):
    """The answer of every call that was refused or failed."""

    error: Error


ERRORS = frozenset({400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503})
"""The statuses with an ErrorAnswer, for `response=` of an operation."""


def request_id() -> str:
    """The id under which the log keeps this request; made up when the one sent is no id."""
    given = str(structlog.contextvars.get_contextvars().get("request_id") or "")
    if given.isascii() and given.isprintable() and 0 < len(given) <= _LONGEST_REQUEST_ID:
        return given
    return str(uuid4())


def refusal(refused: ApiRefused) -> HttpResponse:
    """The answer that says so."""
    error: dict[str, Any] = {"code": refused.code, "message": refused.message}
    if refused.details:
        error["details"] = refused.details
    error["request_id"] = request_id()
    return JsonResponse({"error": error}, status=refused.status, headers=refused.headers)


def too_large() -> ApiRefused:
    return ApiRefused(
        413, "too_large", f"The body is too large; {MAX_BODY:,} bytes are the most it may have."
    )


def not_found() -> ApiRefused:
    return ApiRefused(404, "not_found", "There is no such call or object.")


class _StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return strict_json.read(request.body)


class PortalApi(NinjaAPI):
    """Ninja with strict JSON and with our shape of errors in place of its own."""

    def __init__(self, **options: Any) -> None:
        super().__init__(parser=_StrictParser(), docs_url=None, **options)
        self.add_exception_handler(ApiRefused, lambda request, error: refusal(error))
        self.add_exception_handler(ValidationError, _invalid)
        self.add_exception_handler(HttpError, _unreadable)
        self.add_exception_handler(Http404, lambda request, error: refusal(not_found()))


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    details = [
        {"field": _path(problem["loc"]), "message": problem["msg"]} for problem in error.errors
    ]
    return refusal(
        ApiRefused(422, "invalid", "The body is not what this call takes.", details=details[:100])
    )


def _path(place: Sequence[str | int]) -> str:
    """`device.imei`: where in the body; the first two steps name the body and the parameter."""
    return ".".join(str(step) for step in place[2:]) or "body"


def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja wraps whatever the parser raises."""
    cause = error.__cause__
    if isinstance(cause, RequestDataTooBig):
        return refusal(too_large())
    if isinstance(cause, UnreadablePostError):
        return refusal(ApiRefused(400, "incomplete", "The body ended before it was complete."))
    message = str(cause) if isinstance(cause, strict_json.BadJson) else str(error)
    return refusal(ApiRefused(error.status_code, "invalid_json", message))
