"""Enrolment with a work account: to Microsoft and back, and which line it is for."""

from __future__ import annotations

import structlog
from allauth.core.ratelimit import consume, respond_429
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common import entra
from common.clouds import UnknownCloud, addresses
from common.entra import EntraError
from common.pages import render_page
from common.refusals import Refused
from common.submission import form_methods, form_status, refusals_on, sent
from connectors.graph.clients import app_for
from connectors.models import Purpose
from enrolment.actions import accounts
from enrolment.forms.pages import LineForm
from enrolment.models import Enrolment
from enrolment.queries.directories import directory_of_tenant
from enrolment.queries.lines_of_person import lines_of_person
from enrolment.queries.places import Place
from enrolment.steps import Step, step_of
from enrolment.views.doors import (
    at_step,
    invitation_here,
    open_door,
    page_of,
    progress_of,
    remember,
)
from tenants import microsoft

log = structlog.get_logger(__name__)
SIGN_IN = "enrolment.sign_in"


@open_door
@require_POST
def start(request: HttpRequest, place: Place) -> HttpResponse:
    """To the sign-in page of the tenant's own directory."""
    if not consume(request, action="login"):
        return respond_429(request)
    directory = directory_of_tenant()
    if directory is None or not place.settings.by_work_account:
        return _sent_back(request, place, _("Work accounts cannot be used here at the moment."))
    try:
        flow = entra.start_sign_in(
            addresses(place.tenant.cloud),
            app=app_for(tenant=place.tenant, purpose=Purpose.TEM_APP),
            redirect_uri=microsoft.answer_address(request),
            origin=microsoft.origin_of(request),
            tenant=directory,
            prompt="select_account",
        )
    except (EntraError, Refused, UnknownCloud) as error:
        return _refused(request, place, error)
    microsoft.remember(
        request,
        state=flow["state"],
        to=reverse("enrol:account_back", kwargs={"organisation": place.tenant.slug}),
        kind=SIGN_IN,
        flow=flow,
        directory=directory,
        tenant=place.tenant.pk,
    )
    return HttpResponseRedirect(flow["auth_uri"])


@open_door
@require_safe
def back(request: HttpRequest, place: Place) -> HttpResponse:
    """Back with a code: the ID token is checked by us, and must be of the tenant's directory."""
    kept = microsoft.take(request, kind=SIGN_IN)
    if kept is None or kept["tenant"] != place.tenant.pk:
        sentence = _("The answer does not belong to this sign-in. Start again.")
        return _sent_back(request, place, sentence)
    try:
        claims = entra.finish_sign_in(
            addresses(place.tenant.cloud),
            app=app_for(tenant=place.tenant, purpose=Purpose.TEM_APP),
            flow=kept["flow"],
            answer=request.GET.dict(),
            directories=[kept["directory"]],
        )
        enrolment = accounts.begin(
            claims=claims, now=timezone.now(), invitation=invitation_here(request, place)
        )
    except (EntraError, Refused, UnknownCloud) as error:
        return _refused(request, place, error)
    request.session.cycle_key()
    remember(request, place, enrolment)
    return redirect(page_of(place, step_of(progress_of(enrolment))))


@at_step(Step.LINE)
@form_methods
def line(request: HttpRequest, place: Place, enrolment: Enrolment) -> HttpResponse:
    """Which of the person's lines this phone has; without any, a number that gets a code."""
    held = lines_of_person(person_id=enrolment.person_id) if enrolment.person_id else []
    if not held:
        return redirect("enrol:number", organisation=place.tenant.slug)
    form = LineForm(sent(request), lines=held)
    if form.is_valid():
        with refusals_on(form):
            accounts.choose_line(enrolment=enrolment, line=form.chosen(), now=timezone.now())
            return redirect("enrol:category", organisation=place.tenant.slug)
    context = {"place": place, "form": form, "enrolment": enrolment}
    return render_page(request, "enrol/line.html", context, status=form_status(form))


def _refused(request: HttpRequest, place: Place, error: Exception) -> HttpResponse:
    log.warning("enrolment_sign_in_refused", error=repr(error))
    sentence = getattr(error, "sentence", "") or _("The cloud of this tenant is not there.")
    reference = getattr(error, "reference", "")
    if reference:
        sentence = f"{sentence} {_('Reference for support: %s') % reference}"
    return _sent_back(request, place, str(sentence))


def _sent_back(request: HttpRequest, place: Place, sentence: str) -> HttpResponse:
    messages.error(request, sentence)
    return redirect("enrol:start", organisation=place.tenant.slug)
