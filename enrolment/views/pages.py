"""The pages on which a person enrols the phone in their hand."""

from __future__ import annotations

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from common.pages import render_page
from common.refusals import Refused
from common.sealed import unseal
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from devices.models import DeviceCategory
from enrolment.actions import codes, finishing
from enrolment.forms.pages import CodeForm, NumberForm, PhoneForm
from enrolment.models import Enrolment, How
from enrolment.queries.directories import directory_of_tenant
from enrolment.queries.numbers import countries
from enrolment.queries.places import Place
from enrolment.steps import TOKEN_SHOWN_FOR, Step, step_of
from enrolment.user_agents import phone_of
from enrolment.views.doors import (
    at_step,
    current,
    forget,
    invitation_here,
    open_door,
    page_of,
    progress_of,
    remember,
)


@open_door
@require_safe
def start(request: HttpRequest, place: Place) -> HttpResponse:
    """Where it begins: the ways to enrol, or on with what this browser has begun."""
    enrolment = current(request, place)
    under_way = page_of(place, step_of(progress_of(enrolment))) if enrolment else ""
    context = {
        "place": place,
        "under_way": under_way,
        "enrolment": enrolment,
        "invitation": invitation_here(request, place),
        "by_work_account": place.settings.by_work_account and directory_of_tenant() is not None,
    }
    return render_page(request, "enrol/start.html", context)


@open_door
@require_POST
def again(request: HttpRequest, place: Place) -> HttpResponse:
    """Forget what this browser has begun."""
    forget(request, place)
    return redirect("enrol:start", organisation=place.tenant.slug)


@open_door
@form_methods
def number(request: HttpRequest, place: Place) -> HttpResponse:
    """The phone number, to which a code goes if it may enrol here."""
    signed_in = _signed_in(request, place)
    if signed_in is None and not place.settings.by_phone:
        return redirect("enrol:start", organisation=place.tenant.slug)
    invitation = invitation_here(request, place)
    form = NumberForm(
        sent(request),
        countries=countries(home=place.tenant.home_country),
        initial={"number": invitation.number} if invitation else None,
    )
    status = form_status(form)
    if form.is_valid():
        typed = form.cleaned_data["number"]
        if _may_have_a_code(request, place, typed):
            enrolment = codes.ask(
                place=place,
                number=typed,
                now=timezone.now(),
                signed_in=signed_in,
                invitation=invitation,
            )
            remember(request, place, enrolment)
            return redirect("enrol:code", organisation=place.tenant.slug)
        form.add_error(None, too_many())
        status = 429
    return render_page(request, "enrol/number.html", {"place": place, "form": form}, status=status)


def _signed_in(request: HttpRequest, place: Place) -> Enrolment | None:
    """This browser's enrolment, where its person has signed in and has no line yet."""
    enrolment = current(request, place)
    if enrolment is None or enrolment.how != How.WORK_ACCOUNT or enrolment.proven_at is not None:
        return None
    return enrolment


def _may_have_a_code(request: HttpRequest, place: Place, typed: str) -> bool:
    """Counted for the address, the number and the tenant; the same whoever's number it is."""
    key = f"{place.tenant.pk} {typed}"
    return bool(
        consume(request, action="enrol_code", key=key)
        and consume(request, action="enrol_code_of_tenant", key=str(place.tenant.pk))
    )


def too_many() -> str:
    return _("Too many codes were asked for. Wait an hour, then try again.")


@at_step(Step.CODE)
@sensitive_post_parameters("code")
@form_methods
def code(request: HttpRequest, place: Place, enrolment: Enrolment) -> HttpResponse:
    """The digits of the message."""
    form = CodeForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            codes.prove(enrolment=enrolment, code=form.cleaned_data["code"], now=timezone.now())
            request.session.cycle_key()
            return redirect("enrol:category", organisation=place.tenant.slug)
    context = {"place": place, "form": form, "enrolment": enrolment}
    return render_page(request, "enrol/code.html", context, status=form_status(form))


@at_step(Step.CODE)
@require_POST
def code_again(request: HttpRequest, place: Place, enrolment: Enrolment) -> HttpResponse:
    """Another code to the same number."""
    if _may_have_a_code(request, place, enrolment.number):
        codes.send_again(enrolment=enrolment, place=place, now=timezone.now())
        messages.success(request, _("If the number may enrol here, a new code is on its way."))
    else:
        messages.error(request, too_many())
    return redirect("enrol:code", organisation=place.tenant.slug)


@at_step(Step.CATEGORY)
@form_methods
def category(request: HttpRequest, place: Place, enrolment: Enrolment) -> HttpResponse:
    """What the phone is for, and what kind it is."""
    guess = phone_of(request.headers.get("User-Agent", "")[:500])
    initial = {"category": enrolment.category_id or _only_category()}
    if enrolment.platform:
        initial["platform"] = enrolment.platform
    asks = place.settings.asks_category
    form = PhoneForm(sent(request), asks_category=asks, guess=guess, initial=initial)
    if form.is_valid():
        phone, chosen = form.chosen()
        finishing.choose(enrolment=enrolment, phone=phone, category=chosen, now=timezone.now())
        return redirect("enrol:finish", organisation=place.tenant.slug)
    context = {"place": place, "form": form}
    return render_page(request, "enrol/category.html", context, status=form_status(form))


def _only_category() -> int | None:
    found = list(DeviceCategory.objects.order_by("pk").values_list("pk", flat=True)[:2])
    return found[0] if len(found) == 1 else None


@at_step(Step.FINISH)
@form_methods
def finish(request: HttpRequest, place: Place, enrolment: Enrolment) -> HttpResponse:
    """The notice, and what will be so once Finish is pressed."""
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            finishing.finish(enrolment=enrolment, place=place, now=timezone.now())
            return redirect("enrol:done", organisation=place.tenant.slug)
    context = {
        "place": place,
        "form": form,
        "enrolment": enrolment,
        "moves_from": finishing.moves_from(enrolment=enrolment),
    }
    return render_page(request, "enrol/finish.html", context, status=form_status(form))


@at_step(Step.DONE)
@require_safe
def done(request: HttpRequest, place: Place, enrolment: Enrolment) -> HttpResponse:
    """The phone is enrolled; for some minutes, what the app on it asks for."""
    context = {"place": place, "enrolment": enrolment, "secret": _secret(enrolment)}
    return render_page(request, "enrol/done.html", context)


def _secret(enrolment: Enrolment) -> str:
    finished = enrolment.finished_at
    if not enrolment.token_sealed or timezone.now() - finished > TOKEN_SHOWN_FOR:
        return ""
    try:
        return unseal(enrolment.token_sealed)
    except Refused:
        return ""
