"""What every private page shares: it is not stored, and its session ends in time.

A session ends when nothing happens for SESSION_IDLE_SECONDS, and SESSION_COOKIE_AGE after the
sign-in whatever happens: every write to a session moves its expiry, so the age is kept inside.
A page that renews itself says so in a header; that is not something a person did.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

LAST_SEEN = "last_seen"
SIGNED_IN_AT = "signed_in_at"
BY_ITSELF = "X-By-Itself"
"""Header of the requests that an open page makes while nobody may be looking."""


class PrivatePagesMiddleware:
    """Marks pages of signed-in people no-store; ends sessions that are idle or old."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self._end_in_time(request)
        response = self.get_response(request)
        if request.user.is_authenticated:
            request.session.setdefault(SIGNED_IN_AT, int(time.time()))
            if "Cache-Control" not in response:
                patch_cache_control(response, private=True, no_store=True)
        return response

    def _end_in_time(self, request: HttpRequest) -> None:
        now = int(time.time())
        seen = request.session.get(LAST_SEEN, now)
        if now - request.session.get(SIGNED_IN_AT, now) > settings.SESSION_COOKIE_AGE:
            auth.logout(request)
            messages.info(request, _("You were signed out because your session ended."))
        elif now - seen > settings.SESSION_IDLE_SECONDS:
            auth.logout(request)
            messages.info(request, _("You were signed out because nothing happened for a while."))
        elif LAST_SEEN not in request.session or (
            now - seen > 60 and BY_ITSELF not in request.headers
        ):
            request.session[LAST_SEEN] = now  # at most one write a minute


def tenant_url(request: HttpRequest, name: str, /, **kwargs: Any) -> str:
    """The address of a page of the tenant that the request is in; `name` is `app:view`."""
    return reverse(name, kwargs={"tenant_slug": request.tenant.slug, **kwargs})


def optional_tenant_url(request: HttpRequest, name: str, /, **kwargs: Any) -> str:
    """As tenant_url(); empty where no such page is there, such as the sandbox's in production."""
    try:
        return tenant_url(request, name, **kwargs)
    except NoReverseMatch:
        return ""
