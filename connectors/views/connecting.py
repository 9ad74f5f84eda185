"""Connecting to a Microsoft tenant: provider, set-up page, Microsoft and back, the rows.

Connect leads to the consent page of Microsoft, where an administrator signs in and accepts. What
comes back is believed only with our own state; then the browser is sent through a sign-in by
authorisation code and PKCE, which proves from an ID token that somebody of that very tenant sits
there; and then the checks prove what was granted.
"""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common import entra
from common.clouds import UnknownCloud, addresses
from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from connectors.actions import connecting as acts
from connectors.forms.connecting import ConnectForm, ConsentForm
from connectors.graph import app_for
from connectors.models import Connector, MdmServer, Provider, Purpose
from connectors.ports import example_directories
from connectors.queries.connections import FurtherConsent, consents_of, is_waiting, rows_of
from tenants import microsoft

CONNECT, SIGN_IN, CONSENT = "connector.connect", "connector.sign_in", "connector.consent"
THANKS_SECONDS = 2


class MicrosoftRefused(Refused):
    """Entra said no, or nothing; the sentence ends with the reference for support."""


def _refused(error: entra.EntraError, *, field: str | None = None) -> MicrosoftRefused:
    sentence = str(error.sentence)
    if error.reference:
        sentence += " " + _("Reference for support: %s") % error.reference
    return MicrosoftRefused(sentence, field=field)


# --- the pages --------------------------------------------------------------------------------


@require(Permission.VIEW_CONNECTORS)
@require_safe
def providers(request: HttpRequest) -> HttpResponse:
    """The providers there are, each with its connectors."""
    known = list(Connector.objects.order_by("pk"))
    for connector in known:
        connector.page = tenant_url(request, "connectors:connector", pk=connector.pk)
    built_in = next((each for each in known if each.is_built_in), None)
    cards = [
        {
            "provider": provider,
            "heading": f"provider-{provider.value}",
            "connectors": [each for each in known if each.provider == provider],
            "url": _set_up_url(request, provider, built_in),
        }
        for provider in Provider
    ]
    may_manage = request.membership.may(Permission.MANAGE_CONNECTORS)
    context = {"cards": cards, "may_manage": may_manage}
    return render_page(request, "connectors/providers.html", context)


def _set_up_url(request: HttpRequest, provider: Provider, built_in: Connector | None) -> str:
    if provider != Provider.BUILT_IN:
        return tenant_url(request, f"connectors:set_up_{provider.value}")
    return tenant_url(request, "connectors:mdm", pk=built_in.pk) if built_in else ""


@require(Permission.MANAGE_CONNECTORS)
@form_methods
def set_up(request: HttpRequest, provider: str) -> HttpResponse:
    """The set-up page of a provider that is not connected yet: locked until Unlock."""
    return _page_with_form(request, provider=provider, connector=None)


@require(Permission.VIEW_CONNECTORS)
@require_safe
def mdm(request: HttpRequest, pk: int) -> HttpResponse:
    """The same page of a connector that is there, with its validation and consents."""
    connector = get_object_or_404(Connector, pk=pk)
    return _page_with_form(request, provider=connector.provider, connector=connector)


@require(Permission.MANAGE_CONNECTORS)
@form_methods
def connect(request: HttpRequest, pk: int) -> HttpResponse:
    """Connect, or connect again, a connector that is there."""
    connector = get_object_or_404(Connector, pk=pk)
    return _page_with_form(request, provider=connector.provider, connector=connector)


def _page_with_form(
    request: HttpRequest, *, provider: str, connector: Connector | None
) -> HttpResponse:
    may_manage = request.membership.may(Permission.MANAGE_CONNECTORS)
    unlocked = may_manage and (request.method == "POST" or "unlocked" in request.GET)
    form = ConnectForm(
        sent(request),
        initial=_initial(request, connector),
        locked=not unlocked,
        with_link=connector is None,
    )
    if form.is_valid():
        with refusals_on(form):
            return _to_microsoft(request, form, provider, connector)
    rows = rows_of(connector=connector) if connector else []
    context = {
        "form": form,
        "provider": Provider(provider),
        "connector": connector,
        "unlocked": unlocked,
        "may_manage": may_manage,
        "examples": example_directories() if unlocked else [],
        "rows": rows,
        "waiting": is_waiting(rows),
        "consents": _consents(request, connector),
        "connect_url": tenant_url(request, "connectors:connect", pk=connector.pk)
        if connector
        else "",
        "may_remove": may_manage
        and connector is not None
        and not connector.is_built_in
        and connector.contact_at is None,
    }
    return render_page(
        request,
        "connectors/set_up.html",
        context,
        parts=("connector-validation",),
        status=form_status(form),
    )


def _consents(request: HttpRequest, connector: Connector | None) -> list[FurtherConsent]:
    """None before the connection has stood: they are given in the connected tenant."""
    if connector is None or connector.contact_at is None:
        return []
    pk = connector.pk
    return consents_of(
        connector=connector,
        address=lambda purpose: tenant_url(request, f"connectors:consent_{purpose}", pk=pk),
    )


def _initial(request: HttpRequest, connector: Connector | None) -> dict[str, Any]:
    if connector and connector.directory_id:
        return {"mdm_server": connector.mdm_server, "directory": connector.directory_id}
    return {"mdm_server": MdmServer.INTUNE, "directory": request.GET.get("directory", "")[:253]}


# --- to Microsoft and back --------------------------------------------------------------------


def _to_microsoft(
    request: HttpRequest, form: ConnectForm, provider: str, connector: Connector | None
) -> HttpResponse:
    """Raises MicrosoftRefused, AlreadyConnected, NoApplication, CannotOpen."""
    try:
        directory = entra.find_directory(
            addresses(request.tenant.cloud), form.cleaned_data["directory"]
        )
    except entra.EntraError as error:
        raise _refused(error, field="directory") from None
    except UnknownCloud:
        raise MicrosoftRefused(
            _("This installation does not know the Microsoft cloud of this tenant.")
        ) from None
    app_for(tenant=request.tenant, purpose=Purpose.CONNECTION)  # before anything is kept
    waiting = acts.begin(
        provider=provider,
        directory_id=directory,
        mdm_server=form.cleaned_data["mdm_server"],
        url=form.cleaned_data.get("url", ""),
        connector=connector,
        by=request.user,
        now=timezone.now(),
    )
    return _to_consent(
        request,
        purpose=Purpose.CONNECTION,
        directory=directory,
        kind=CONNECT,
        connector=waiting.pk,
        mdm_server=form.cleaned_data["mdm_server"],
    )


def _to_consent(
    request: HttpRequest, *, purpose: str, directory: str, kind: str, **kept: Any
) -> HttpResponse:
    app = app_for(tenant=request.tenant, purpose=purpose)
    state = secrets.token_urlsafe(24)
    microsoft.remember(
        request,
        state=state,
        to=tenant_url(request, "connectors:consented"),
        kind=kind,
        purpose=purpose,
        directory=directory,
        **kept,
    )
    url = entra.admin_consent_url(
        addresses(request.tenant.cloud),
        tenant=directory,
        client_id=app.client_id,
        redirect_uri=microsoft.answer_address(request),
        state=state,
        origin=microsoft.origin_of(request),
    )
    return HttpResponseRedirect(url)


def _not_asked(request: HttpRequest) -> HttpResponse:
    messages.error(
        request,
        _("This answer does not belong to a question of this browser. Nothing has been changed."),
    )
    return redirect(tenant_url(request, "connectors:list"))


@require(Permission.MANAGE_CONNECTORS)
@require_safe
def consented(request: HttpRequest) -> HttpResponse:
    """Microsoft's answer to a consent page, for the connection or for a further consent."""
    kept = microsoft.take(request, kind=CONNECT) or microsoft.take(request, kind=CONSENT)
    if kept is None:
        return _not_asked(request)
    connector = get_object_or_404(Connector, pk=kept["connector"])
    refusal = entra.refusal_in(request.GET.dict())
    if refusal is not None:
        return _given_up(request, connector, _refused(refusal))
    if not _is_of(request.GET.get("tenant", ""), kept["directory"]):
        return _given_up(request, connector, _forged())
    if kept["kind"] == CONSENT:
        return _further_consent(request, connector, kept)
    try:
        flow = entra.start_sign_in(
            addresses(request.tenant.cloud),
            app=app_for(tenant=request.tenant, purpose=Purpose.CONNECTION),
            redirect_uri=microsoft.answer_address(request),
            origin=microsoft.origin_of(request),
            tenant=kept["directory"],
        )
    except entra.EntraError as error:
        return _given_up(request, connector, _refused(error))
    microsoft.remember(
        request,
        **{**kept, "kind": SIGN_IN, "state": flow["state"], "flow": flow,
           "to": tenant_url(request, "connectors:signed_in")},
    )  # fmt: skip
    return HttpResponseRedirect(flow["auth_uri"])


def _is_of(tenant: str, directory: str) -> bool:
    try:
        return str(UUID(tenant)) == directory
    except ValueError:
        return False


def _forged() -> MicrosoftRefused:
    return MicrosoftRefused(
        _("The answer is not about the tenant that was asked. Nothing has been changed.")
    )


def _given_up(request: HttpRequest, connector: Connector, refused: Refused) -> HttpResponse:
    """Back to the set-up page with the reason; a connector that only waited is gone."""
    messages.error(request, str(refused.sentence))
    if acts.give_up(connector=connector, by=request.user):
        page = tenant_url(request, f"connectors:set_up_{connector.provider}")
    else:
        page = tenant_url(request, "connectors:mdm", pk=connector.pk)
    return redirect(page)


@require(Permission.MANAGE_CONNECTORS)
@require_safe
def signed_in(request: HttpRequest) -> HttpResponse:
    """Somebody signed in: of that very tenant, says an ID token that we check ourselves."""
    kept = microsoft.take(request, kind=SIGN_IN)
    if kept is None:
        return _not_asked(request)
    connector = get_object_or_404(Connector, pk=kept["connector"])
    try:
        claims = entra.finish_sign_in(
            addresses(request.tenant.cloud),
            app=app_for(tenant=request.tenant, purpose=Purpose.CONNECTION),
            flow=kept["flow"],
            answer=request.GET.dict(),
            directories=[kept["directory"]],
        )
        acts.accept(
            connector=connector,
            directory_id=kept["directory"],
            mdm_server=kept["mdm_server"],
            account=str(claims.get("preferred_username", ""))[:200],
            by=request.user,
            now=timezone.now(),
        )
    except entra.EntraError as error:
        return _given_up(request, connector, _refused(error))
    except Refused as refused:
        return _given_up(request, connector, refused)
    return redirect(tenant_url(request, "connectors:thank_you", pk=connector.pk))


@require(Permission.VIEW_CONNECTORS)
@require_safe
def thank_you(request: HttpRequest, pk: int) -> HttpResponse:
    """Thanks, for two seconds; then the page closes.

    In a window of its own the script closes it and leads on the page it came from; anywhere else,
    and without script, the same tab goes on to the rows.
    """
    connector = get_object_or_404(Connector, pk=pk)
    page = tenant_url(request, "connectors:mdm", pk=pk)
    response = render_page(
        request,
        "connectors/thank_you.html",
        {"connector": connector, "page": page, "seconds": THANKS_SECONDS},
    )
    response["Refresh"] = f"{THANKS_SECONDS}; url={page}"
    return response


# --- afterwards -------------------------------------------------------------------------------


@require(Permission.MANAGE_CONNECTORS)
@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Refresh: every check is made again, and the page that asked is shown."""
    connector = get_object_or_404(Connector, pk=pk)
    acts.check_now(connector=connector, now=timezone.now())
    name = "connectors:mdm" if request.POST.get("from") == "mdm" else "connectors:connector"
    return redirect(tenant_url(request, name, pk=pk))


@require(Permission.MANAGE_CONNECTORS)
@require_POST
def consent(request: HttpRequest, pk: int, purpose: str) -> HttpResponse:
    """The switch of a further consent: on leads to Microsoft's consent page."""
    connector = get_object_or_404(Connector, pk=pk)
    page = tenant_url(request, "connectors:mdm", pk=pk)
    wants = ConsentForm(request.POST)
    if not (wants.is_valid() and wants.cleaned_data["on"]):
        if acts.turn_consent_off(connector=connector, purpose=purpose, by=request.user):
            messages.success(request, _("Switched off. Microsoft keeps the consent until an "
                                        "administrator removes it there."))  # fmt: skip
        else:
            messages.info(request, _("Switch it on first, then press Accept."))
        return redirect(page)
    try:
        acts.require_active(connector)
        return _to_consent(
            request,
            purpose=purpose,
            directory=str(connector.directory_id),
            kind=CONSENT,
            connector=connector.pk,
        )
    except Refused as refused:
        messages.error(request, str(refused.sentence))
        return redirect(page)


def _further_consent(
    request: HttpRequest, connector: Connector, kept: dict[str, Any]
) -> HttpResponse:
    """Proved by a token of that application, whatever the answer says."""
    cloud = addresses(request.tenant.cloud)
    page = tenant_url(request, "connectors:mdm", pk=connector.pk)
    try:
        app = app_for(tenant=request.tenant, purpose=kept["purpose"])
        entra.forget_token(cloud, tenant=kept["directory"], app=app)
        entra.application_token(cloud, tenant=kept["directory"], app=app)
        acts.consent_given(
            connector=connector, purpose=kept["purpose"], by=request.user, now=timezone.now()
        )
    except entra.EntraError as error:
        messages.error(request, str(_refused(error).sentence))
        return redirect(page)
    except Refused as refused:
        messages.error(request, str(refused.sentence))
        return redirect(page)
    messages.success(request, _("Accepted. The consent is active."))
    return redirect(page)


@require(Permission.MANAGE_CONNECTORS)
@form_methods
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before a connector that never stood is taken away; and the deed."""
    connector = get_object_or_404(Connector, pk=pk)
    page = tenant_url(request, "connectors:mdm", pk=pk)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.remove(connector=connector, by=request.user)
            messages.success(request, _("The connector is removed."))
            return redirect(tenant_url(request, "connectors:list"))
    context = {
        "form": form,
        "title": _("Remove %(name)s") % {"name": connector},
        "sentence": _("The connection was never active. Nothing else is lost."),
        "verb": _("Remove"),
        "back": page,
        "back_label": str(connector),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))
