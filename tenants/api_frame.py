"""The frame around every call of the API.

1. The bearer token is recognised; without one nothing else is looked at. Cookies count for
   nothing, so there is no session to ride on and no CSRF token to check.
2. The call is counted against the limits of its token and its tenant.
3. Bodies that are too large, compressed or not JSON are refused unread.
4. The tenant's scope is opened, and a repeated Idempotency-Key answered with what was answered.
5. Whatever happens, also where no call was found, the answer has the one shape of errors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.urls import URLPattern, re_path
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from ninja.security.base import AuthBase

from audit.actions import request_address
from common.api import MAX_BODY, ApiRefused, PortalApi, not_found, refusal, request_id, too_large
from common.tenancy import tenant_scope
from tenants import idempotency, rate_limits
from tenants.bearers import Caller, caller_of

log = structlog.get_logger(__name__)

View = Callable[..., HttpResponse]
_WITH_BODY = {"POST", "PUT", "PATCH"}
_OPEN = {"openapi-json", "api-root"}
"""Ninja's own addresses: the description, and the root, where nothing is."""


class Bearer(AuthBase):
    """`auth=Bearer(Scope.SIGNALS_WRITE)` of an operation: which scope the token must have."""

    openapi_type = "http"

    def __init__(self, scope: str) -> None:
        self.scope = str(scope)
        self.openapi_scheme = "bearer"
        super().__init__()

    def __call__(self, request: HttpRequest) -> Caller:
        caller: Caller = request.caller
        if self.scope not in caller.scopes:
            message = f"This token may not do this: it lacks the scope {self.scope}."
            raise ApiRefused(403, "scope_missing", message)
        return caller


def api_urls(api: PortalApi) -> list[URLPattern]:
    """The addresses of the API, each in the frame, and an answer for every other address."""
    patterns: list[URLPattern] = []
    for pattern in api.urls[0]:
        call = _describe if pattern.name in _OPEN else _call
        view = _framed(pattern.callback, call=call)
        patterns.append(URLPattern(pattern.pattern, view, pattern.default_args, pattern.name))
    return [*patterns, re_path(r"^", _framed(_nowhere, call=_describe), name="nowhere")]


def _framed(view: View, *, call: Callable[..., HttpResponse]) -> View:
    @csrf_exempt
    @login_not_required
    def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override("en"):
            answer = _shaped(lambda: call(request, lambda: view(request, *args, **kwargs)))
        answer.headers.setdefault("Cache-Control", "no-store")
        answer.headers.setdefault("X-Request-ID", request_id())
        return answer

    return framed


def _nowhere(request: HttpRequest) -> HttpResponse:
    raise not_found()


def _describe(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """What is open to everybody: the description of the API, and that something is not there."""
    return view()


def _call(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    now = timezone.now()
    caller = request.caller = _caller(request)
    standing = rate_limits.count_call(caller=caller)
    with tenant_scope(caller.tenant.pk), timezone.override(caller.tenant.zone):

        def checked() -> HttpResponse:
            _check_body(request)
            return idempotency.once(request=request, caller=caller, now=now, call=view)

        answer = _shaped(checked)
    for name, value in (standing.headers if standing else {}).items():
        answer[name] = value
    return answer


def _caller(request: HttpRequest) -> Caller:
    try:
        return caller_of(authorization=request.headers.get("Authorization", ""), now=timezone.now())
    except ApiRefused as refused:
        if refused.status == 401:
            rate_limits.count_failure(address=request_address.get())
        raise


def _check_body(request: HttpRequest) -> None:
    if request.method not in _WITH_BODY:
        return
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        message = "Compressed bodies are not taken; send the body as it is."
        raise ApiRefused(415, "content_encoding", message)
    if request.content_type != "application/json":
        raise ApiRefused(415, "content_type", "Send the body as Content-Type: application/json.")
    charset = request.content_params.get("charset", "utf-8").lower()
    if charset not in {"utf-8", "utf8"}:
        raise ApiRefused(415, "content_type", "Send the body in UTF-8.")
    length = request.headers.get("Content-Length", "")
    if not length.isdecimal():
        raise ApiRefused(411, "length_required", "Send the length of the body in Content-Length.")
    if int(length[:20]) > MAX_BODY:
        raise too_large()


def _shaped(call: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of `call`; what it raises or lets through without a shape gets the shape."""
    try:
        answer = call()
    except ApiRefused as refused:
        return refusal(refused)
    except Http404:
        return refusal(not_found())
    except RequestDataTooBig:
        return refusal(too_large())
    except UnreadablePostError:
        return refusal(ApiRefused(400, "incomplete", "The body ended before it was complete."))
    except OperationalError as error:
        log.exception("api_database_unavailable", error=str(error))
        message = "The portal cannot reach its database at the moment; try again."
        headers = {"Retry-After": "5"}
        return refusal(ApiRefused(503, "unavailable", message, headers=headers))
    except Exception:
        log.exception("api_call_failed")
        message = "The portal failed. The request id finds the reason in its log."
        return refusal(ApiRefused(500, "internal", message))
    if answer.status_code == 405 and not answer.headers["Content-Type"].startswith("application/j"):
        message = "This address does not take that method."
        allow = {"Allow": answer.headers["Allow"]} if "Allow" in answer.headers else {}
        return refusal(ApiRefused(405, "method_not_allowed", message, headers=allow))
    return answer
