"""Sign-in by default, the person's language, and the tenant's scope under /t/<slug>/.

For a tenant's page, `TenantMiddleware`:
1. No such tenant, a suspended one, or no membership: 404, the same for all three.
2. So is a tenant that does not accept the Microsoft directory that opened the session.
3. An administrator without the second factor they need: sent to set it up.
4. `request.tenant` and `request.membership` are set and the scope opened for the view.
5. A streamed response is consumed after the view returned, so it reopens the scope itself.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import resolve_url
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from audit.actions import request_address
from common.tenancy import tenant_scope
from tenants import second_factor
from tenants.microsoft import opened_by
from tenants.models import Membership, User
from tenants.queries import membership_in

_ENTERED = "entered"
"""Key of the session: ids of the tenants it has been in."""


OWN_ACCOUNT = (
    "account_change_password", "account_set_password", "account_reauthenticate", "mfa_",
)  # fmt: skip
"""Beginnings of the names of pages on which a person changes how they sign in."""


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Asks htmx to load the sign-in page whole, where Django would answer with a redirect.

    htmx would follow that redirect itself and put the sign-in form inside a part of the page.
    """

    def handle_no_permission(self, request: HttpRequest, view: Callable) -> HttpResponse:
        if not request.htmx:
            return super().handle_no_permission(request, view)
        address = urlsplit(request.htmx.current_url_abs_path or "/")
        back = urlencode({"next": address._replace(fragment="").geturl()})
        return HttpResponseClientRedirect(f"{resolve_url(settings.LOGIN_URL)}?{back}")


class LanguageOfPersonMiddleware:
    """The language a person chose for their account wins over the browser's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return self.get_response(request)


class TenantMiddleware:
    """See the module's docstring."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.tenant = request.membership = None
        token = request_address.set(client_address(request))
        try:
            return self.get_response(request)
        finally:
            request_address.reset(token)

    def process_view(
        self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        _refuse_to_microsoft(request, view)
        slug = kwargs.pop("tenant_slug", None)
        if slug is None or not request.user.is_authenticated:
            return None
        opener = opened_by(request)
        membership = membership_in(user=request.user, slug=slug, opener=opener)
        if membership is None:
            raise Http404(_("There is no such tenant, or you are not a member of it."))
        if opener is None:  # else the second factor is that of the directory
            to_set_up = second_factor.missing(request, role=membership.role)
            if to_set_up is not None:
                return to_set_up
        request.tenant, request.membership = membership.tenant, membership
        _remember(request)
        with tenant_scope(membership.tenant_id), timezone.override(membership.tenant.zone):
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and callable(response.render):
                response = response.render()
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = _in_scope(membership.tenant_id, response.streaming_content)
        return response


def _refuse_to_microsoft(request: HttpRequest, view: Callable) -> None:
    """A directory vouches for its tenants only: not for the account itself, nor for operators."""
    if opened_by(request) is None or not request.user.is_authenticated:
        return
    match = request.resolver_match
    name = (match.url_name or "") if match else ""
    if getattr(view, "for_operators", False) or name.startswith(OWN_ACCOUNT):
        raise PermissionDenied(
            _("You signed in with Microsoft. Sign in with your password to do this.")
        )


def client_address(request: HttpRequest) -> str | None:
    """Where the request came from, past the proxies that TRUSTED_PROXY_COUNT names.

    None when that cannot be told: the audit log must not fail because a header is odd.
    """
    try:
        return str(ipaddress.ip_address(get_adapter().get_client_ip(request)))
    except (ValueError, PermissionDenied, ImproperlyConfigured):
        return None


def _remember(request: HttpRequest) -> None:
    """Keep the tenant as the one that `/` leads to, and when this session first entered it.

    Each is a write only when it is news. A tenant learns when somebody came to it, and nothing
    of their visits to others.
    """
    if request.user.last_tenant_id != request.tenant.pk:
        User.objects.filter(pk=request.user.pk).update(last_tenant=request.tenant)
        request.user.last_tenant_id = request.tenant.pk
    entered = request.session.get(_ENTERED, [])
    if request.tenant.pk not in entered:
        request.session[_ENTERED] = [*entered, request.tenant.pk]
        with tenant_scope(request.tenant.pk):
            Membership.objects.filter(pk=request.membership.pk).update(
                last_signed_in_at=timezone.now()
            )


def _in_scope(tenant_id: int, parts: Iterable[bytes]) -> Iterator[bytes]:
    iterator = iter(parts)
    while True:
        with tenant_scope(tenant_id):
            try:
                part = next(iterator)
            except StopIteration:
                return
        yield part
