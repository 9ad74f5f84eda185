"""Signing in with Microsoft, and the page on which a tenant chooses whom to let in by it."""

from __future__ import annotations

from uuid import UUID

import structlog
from allauth.core.ratelimit import consume, respond_429
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common import entra
from common.clouds import addresses
from common.entra import EntraApp, EntraError
from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, Role, require
from common.refusals import Refused
from common.submission import form_methods, form_status, refusals_on, sent
from tenants import entra_members, microsoft
from tenants.forms import EntraGroupForm, EntraSignInForm
from tenants.models import EntraGroupRole, EntraSignIn
from tenants.ports import proven_directories

log = structlog.get_logger(__name__)
SIGN_IN = "person.sign_in"


def sign_in_app(cloud: str) -> EntraApp | None:
    """The deployment's application for sign-in in that cloud, if it has one."""
    ours = settings.ENTRA_APPS.get(cloud, {}).get("tem_app")
    if ours is None or (cloud == "sandbox" and not settings.SANDBOX):
        return None
    return EntraApp(
        client_id=ours["client_id"],
        secret=ours.get("secret", ""),
        certificate=ours.get("certificate", ""),
    )


def clouds_for_sign_in() -> list[str]:
    """The clouds whose people can sign in, for the buttons of the sign-in page."""
    return [cloud for cloud in settings.MICROSOFT_CLOUDS if sign_in_app(cloud) is not None]


@login_not_required
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """To Microsoft's sign-in page, from the button."""
    if not consume(request, action="login"):  # as many as tries with a password
        return respond_429(request)
    cloud = request.POST.get("cloud", "")
    app = sign_in_app(cloud) if cloud in settings.MICROSOFT_CLOUDS else None
    if app is None:
        return _sent_back(request, _("Sign-in with Microsoft is not set up in this installation."))
    try:
        flow = entra.start_sign_in(
            addresses(cloud),
            app=app,
            redirect_uri=microsoft.answer_address(request),
            origin=microsoft.origin_of(request),
            prompt="select_account",
        )
    except EntraError as error:
        return _refused(request, error)
    microsoft.remember(
        request,
        state=flow["state"],
        to=reverse("microsoft_finish"),
        kind=SIGN_IN,
        flow=flow,
        cloud=cloud,
        next=request.POST.get("next", "")[:2000],
    )
    return HttpResponseRedirect(flow["auth_uri"])


@login_not_required
@require_safe
def finish(request: HttpRequest) -> HttpResponse:
    """Back with a code: the ID token is checked by us before anybody is signed in."""
    kept = microsoft.take(request, kind=SIGN_IN)
    app = sign_in_app(kept["cloud"]) if kept else None
    if kept is None or app is None:
        sentence = _("The answer does not belong to this sign-in. Start again.")
        return _sent_back(request, sentence)
    try:
        claims = entra.finish_sign_in(
            addresses(kept["cloud"]),
            app=app,
            flow=kept["flow"],
            answer=request.GET.dict(),
            directories=entra_members.directories(cloud=kept["cloud"]),
        )
        user = entra_members.admit(claims=claims, cloud=kept["cloud"], now=timezone.now())
    except EntraError as error:
        return _refused(request, error)
    except Refused as refused:
        return _sent_back(request, str(refused.sentence))
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    microsoft.open_by(request, microsoft.Opener(kept["cloud"], claims["tid"]))
    to = kept["next"]
    if not url_has_allowed_host_and_scheme(to, allowed_hosts={request.get_host()}):
        to = reverse("start")
    return HttpResponseRedirect(to)


def _refused(request: HttpRequest, error: EntraError) -> HttpResponse:
    log.warning("microsoft_sign_in_refused", error=repr(error), reference=error.reference)
    sentence = str(error.sentence)
    if error.reference:
        sentence += " " + _("Reference for support: %s") % error.reference
    return _sent_back(request, sentence)


def _sent_back(request: HttpRequest, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("account_login")


# --- the tenant's page ------------------------------------------------------------------------


@require(Permission.MANAGE_PEOPLE)
@form_methods
def choice(request: HttpRequest) -> HttpResponse:
    """Whose people may sign in here, and what groups of theirs may do."""
    row = EntraSignIn.objects.first()
    form = EntraSignInForm(sent(request), directories=_choices(row), initial=_initial(row))
    if form.is_valid():
        entra_members.choose(
            directory_id=UUID(form.cleaned_data["directory"]),
            enabled=form.cleaned_data["enabled"],
            by=request.user,
        )
        messages.success(request, _("Saved."))
        return redirect(tenant_url(request, "tenants:microsoft"))
    return _choice_page(request, form, EntraGroupForm(initial={"role": Role.HELPDESK}))


def _choices(row: EntraSignIn | None) -> list[tuple[str, str]]:
    """The directories that this tenant has proved to be connected to, and the one in use."""
    found = {str(each.id): f"{each.name} ({each.id})" for each in proven_directories()}
    if row is not None:
        found.setdefault(str(row.directory_id), str(row.directory_id))
    return list(found.items())


def _initial(row: EntraSignIn | None) -> dict[str, object]:
    return {"enabled": row.enabled, "directory": str(row.directory_id)} if row else {}


@require(Permission.MANAGE_PEOPLE)
@require_POST
def add_group(request: HttpRequest) -> HttpResponse:
    """Give a role to the members of a group."""
    group_form = EntraGroupForm(request.POST)
    if group_form.is_valid():
        with refusals_on(group_form):
            entra_members.give_group(**group_form.cleaned_data, by=request.user)
            messages.success(request, _("The group has its role."))
            return redirect(tenant_url(request, "tenants:microsoft"))
    row = EntraSignIn.objects.first()
    form = EntraSignInForm(directories=_choices(row), initial=_initial(row))
    return _choice_page(request, form, group_form)


@require(Permission.MANAGE_PEOPLE)
@require_POST
def remove_group(request: HttpRequest, pk: int) -> HttpResponse:
    """The group gives nothing any more."""
    row = get_object_or_404(EntraGroupRole, pk=pk)
    try:
        entra_members.take_group(row=row, by=request.user)
        messages.success(request, _("The group gives no role any more."))
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    return redirect(tenant_url(request, "tenants:microsoft"))


def _choice_page(request: HttpRequest, form: forms.Form, group_form: forms.Form) -> HttpResponse:
    groups = list(EntraGroupRole.objects.order_by("role", "pk"))
    for group in groups:
        group.remove_url = tenant_url(request, "tenants:microsoft_group_remove", pk=group.pk)
    context = {"form": form, "group_form": group_form, "groups": groups}
    return render_page(
        request, "tenants/people/microsoft.html", context, status=form_status(form, group_form)
    )
