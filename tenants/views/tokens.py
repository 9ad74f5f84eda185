"""Tokens of the API: who may call, since when and until when; made and shown once, revoked."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from tenants.api_tokens import create_token, revoke_token, scopes_of
from tenants.forms import TokenForm
from tenants.models import ApiToken, Scope
from tenants.tables import TOKENS


@require(Permission.VIEW_CONNECTORS)
@require_safe
def tokens(request: HttpRequest) -> HttpResponse:
    """All tokens of the tenant, also those that open nothing any more."""
    now = timezone.now()
    listed = TOKENS.view(request, ApiToken.objects.all())
    for token in listed.rows:
        token.status = token.state(now)
        token.may = ", ".join(str(Scope(scope).label) for scope in token.scopes)
        token.revoke_url = tenant_url(request, "tokens:revoke", pk=token.pk)
    context = {
        "tokens": listed,
        "may_manage": request.membership.may(Permission.MANAGE_CONNECTORS),
        "tabs": tabs(request),
    }
    return render_page(request, "tenants/tokens.html", context, parts=(TOKENS.part,))


@require(Permission.MANAGE_CONNECTORS)
@form_methods
def create(request: HttpRequest) -> HttpResponse:
    """Make a token. The answer shows it, this once: it is kept nowhere, not in the session."""
    form = TokenForm(sent(request), scopes=scopes_of(request.membership))
    if form.is_valid():
        with refusals_on(form):
            made = create_token(
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at,
                membership=request.membership,
                by=request.user,
                now=timezone.now(),
            )
            return render_page(request, "tenants/token_made.html", {"made": made})
    return render_page(request, "tenants/token_form.html", {"form": form}, status=form_status(form))


@require(Permission.MANAGE_CONNECTORS)
@form_methods
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before a token is revoked; and the deed."""
    token = get_object_or_404(ApiToken, pk=pk)
    page = tenant_url(request, "tokens:list")
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            revoke_token(token=token, by=request.user, now=timezone.now())
            messages.success(request, _("%s is revoked: it opens nothing any more.") % token)
            return redirect(page)
    context = {
        "form": form,
        "title": _("Revoke %(name)s") % {"name": token},
        "sentence": _(
            "The program that uses %(prefix)s is refused from now on. This cannot be undone."
        )
        % {"prefix": token.beginning},
        "verb": _("Revoke"),
        "back": page,
        "back_label": _("API tokens"),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


def tabs(request: HttpRequest) -> list[dict[str, object]]:
    """The pages of Connectors and tokens; those of connectors are known by their names only."""
    pages = (
        (_("Connectors"), "connectors:list"),
        (_("Application registrations"), "connectors:registrations"),
        (_("API tokens"), "tokens:list"),
    )
    return [
        {"label": label, "url": url, "current": url == request.path}
        for label, url in ((label, tenant_url(request, name)) for label, name in pages)
    ]
