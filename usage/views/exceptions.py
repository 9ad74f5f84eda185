"""What loosens the rule for a line, given and ended on its page; and the helpdesk's allowance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.submission import form_methods, form_status, refusals_on, sent
from common.wording import volume
from devices.forms.restrictions import ReasonForm
from usage.actions import exceptions as acts
from usage.forms.exceptions import AllowanceForm, GraceForm, TopUpForm, TripForm, UnblockForm
from usage.models import HelpdeskAllowance, Line, LineException, LinePlan, LineState
from usage.queries.allowance import helpdesk_allowance
from usage.queries.judging import shortfalls


def _active(pk: int) -> Line:
    lines = Line.objects.select_related("carrier")
    return get_object_or_404(lines, pk=pk, state=LineState.ACTIVE)


def _allowance(request: HttpRequest) -> HelpdeskAllowance | None:
    """What binds the person; None for those who manage lines."""
    return None if request.membership.may(Permission.MANAGE_LINES) else helpdesk_allowance()


def _page(request: HttpRequest, line: Line, form: Any, **words: Any) -> HttpResponse:
    context = {
        "form": form,
        "back": tenant_url(request, "usage:line", pk=line.pk),
        "back_label": str(line),
        "tone": "primary",
        **words,
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


def _done(request: HttpRequest, line: Line, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect(tenant_url(request, "usage:line", pk=line.pk))


def _bound_by(allowance: HelpdeskAllowance | None) -> str:
    """What the allowance leaves, as a sentence; nothing for those whom none binds."""
    if allowance is None:
        return ""
    return " " + _(
        "You may give at most %(hours)s hours and %(volume)s, %(times)s times per line and cycle."
    ) % {"hours": allowance.hours, "volume": volume(allowance.volume), "times": allowance.times}


@require(Permission.UNBLOCK)
@form_methods
def unblock(request: HttpRequest, pk: int) -> HttpResponse:
    """Lets the line go on for a while, with a reason."""
    line, allowance, now = _active(pk), _allowance(request), timezone.now()
    form = UnblockForm(sent(request))
    if form.is_valid():
        hours = form.cleaned_data["hours"]
        with refusals_on(form):
            acts.unblock(
                line=line,
                by=request.user,
                reason=form.cleaned_data["reason"],
                until=now + timedelta(hours=hours) if hours else None,
                volume=form.cleaned_data["volume"],
                allowance=allowance,
                now=now,
            )
            asked = _("Unblocking was asked for. The timeline shows the rest.")
            return _done(request, line, asked)
    sentence = _(
        "What the line's own usage blocks is released for a while, to the end of the billing cycle "
        "at the latest. What somebody blocked by hand stays."
    )
    return _page(
        request,
        line,
        form,
        title=_("Unblock %(name)s") % {"name": line},
        sentence=sentence + _bound_by(allowance),
        verb=_("Unblock"),
    )


@require(Permission.UNBLOCK)
@form_methods
def top_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Raises the line's limits by a volume."""
    line, allowance, now = _active(pk), _allowance(request), timezone.now()
    form = TopUpForm(sent(request), initial={"unit": "GB"})
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form):
            acts.top_up(
                line=line,
                scope=data["scope"],
                volume=data["volume"],
                last_day=data["last_day"],
                reason=data["reason"],
                by=request.user,
                allowance=allowance,
                now=now,
            )
            return _done(request, line, _("The top-up holds. The timeline shows the rest."))
    missing = shortfalls(line=line, now=now)
    sentence = _("The volume is added to the limits of the line.")
    if missing["domestic"]:
        more = _("It takes %(volume)s of domestic data until no block holds.")
        sentence += " " + more % {"volume": volume(missing["domestic"])}
    if missing["roaming"]:
        more = _("It takes %(volume)s of roaming data until no block holds.")
        sentence += " " + more % {"volume": volume(missing["roaming"])}
    return _page(
        request,
        line,
        form,
        title=_("Top up %(name)s") % {"name": line},
        sentence=sentence + _bound_by(allowance),
        verb=_("Top up"),
    )


@require(Permission.MANAGE_LINES)
@form_methods
def trip(request: HttpRequest, pk: int) -> HttpResponse:
    """Pays for use in some countries on some days."""
    line = _active(pk)
    plan_id = LinePlan.objects.open().filter(line=line).values_list("plan_id", flat=True).first()
    form = TripForm(sent(request), plan_id=plan_id, initial={"unit": "GB"})
    if form.is_valid():
        data = form.cleaned_data
        names = ("countries", "first_day", "last_day", "volume", "approver", "reason")
        with refusals_on(form):
            acts.trip(line=line, by=request.user, **{name: data[name] for name in names})
            return _done(request, line, _("The trip is noted. The timeline shows the rest."))
    sentence = _(
        "So much use in these countries on these days does not count, in each billing cycle that "
        "the trip touches; while it lasts, the volume is added to the limits of roaming data. Days "
        "are those of %(zone)s."
    ) % {"zone": line.carrier.time_zone}
    title = _("Trip of %(name)s") % {"name": line}
    return _page(request, line, form, title=title, sentence=sentence, verb=_("Save"))


@require(Permission.MANAGE_LINES)
@form_methods
def grace(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps blocks away to the end of a day."""
    line = _active(pk)
    form = GraceForm(sent(request))
    if form.is_valid():
        data = form.cleaned_data
        with refusals_on(form):
            acts.give_grace(
                line=line, last_day=data["last_day"], reason=data["reason"], by=request.user
            )
            return _done(request, line, _("Grace holds. The timeline shows the rest."))
    title = _("Grace for %(name)s") % {"name": line}
    sentence = _("The line is warned, and not blocked, to the end of that day.")
    return _page(request, line, form, title=title, sentence=sentence, verb=_("Give grace"))


@require(Permission.MANAGE_LINES)
@form_methods
def exempt(request: HttpRequest, pk: int) -> HttpResponse:
    """Keeps blocks away for good."""
    line = _active(pk)
    form = ReasonForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.exempt(line=line, by=request.user, reason=form.cleaned_data["reason"])
            return _done(request, line, _("The line is exempt. The timeline shows the rest."))
    title = _("Exempt %(name)s") % {"name": line}
    sentence = _("Its usage raises alerts and blocks nothing until somebody ends that.")
    return _page(request, line, form, title=title, sentence=sentence, verb=_("Exempt"))


@require(Permission.UNBLOCK)
@require_POST
def end(request: HttpRequest, pk: int, exception_pk: int) -> HttpResponse:
    """Ends an exception early; the helpdesk ends only what it may give."""
    line = _active(pk)
    exception = get_object_or_404(LineException, pk=exception_pk, line=line)
    if not exception.is_of_helpdesk and not request.membership.may(Permission.MANAGE_LINES):
        raise PermissionDenied(_("Your role does not include this."))
    try:
        acts.end(exception=exception, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    else:
        messages.success(request, _("Ended. The timeline shows the rest."))
    return redirect(tenant_url(request, "usage:line", pk=pk))


@require(Permission.MANAGE_PLANS)
@form_methods
def allowance(request: HttpRequest) -> HttpResponse:
    """How far the helpdesk may go."""
    form = AllowanceForm(sent(request), initial=AllowanceForm.of(helpdesk_allowance()))
    back = tenant_url(request, "usage:policies")
    if form.is_valid():
        names = ("hours", "volume", "times")
        acts.set_allowance(by=request.user, **{name: form.cleaned_data[name] for name in names})
        messages.success(request, _("Saved."))
        return redirect(back)
    context = {
        "form": form,
        "title": _("Helpdesk allowance"),
        "sentence": _("How far the helpdesk may go for one line without an administrator."),
        "verb": _("Save"),
        "tone": "primary",
        "back": back,
        "back_label": _("Policies"),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))
