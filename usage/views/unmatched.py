"""The queue of unmatched usage: the list, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from common import wording
from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.selection import Verb, back_to, chosen
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from usage.actions import unmatched as acts
from usage.forms.unmatched import AssignForm, CreateLinesForm
from usage.models import UnmatchedName, UnmatchedState
from usage.queries.unmatched import UNMATCHED, lines_now, unmatched_names

VERBS = {
    "assign": (gettext_lazy("Assign to a line"), "arrow-right-to-line"),
    "create": (gettext_lazy("Create lines"), "plus"),
    "match": (gettext_lazy("Match again"), "refresh-cw"),
    "dismiss": (gettext_lazy("Dismiss"), "x"),
}


@require(Permission.VIEW_LINES)
@require_safe
def unmatched(request: HttpRequest) -> HttpResponse:
    """Numbers and references under which usage came, and which no line has."""
    view = UNMATCHED.view(request, unmatched_names())
    known = lines_now(
        names=[row for row in view.rows if row.state == UnmatchedState.OPEN],
        home_country=request.tenant.home_country,
    )
    base = tenant_url(request, "usage:lines")
    for row in view.rows:
        row.line_url = f"{base}{row.line_id}/" if row.line_id else ""
        row.has_line_now = row.pk in known
    waiting = UnmatchedName.objects.filter(state=UnmatchedState.OPEN)
    context = {
        "unmatched": view,
        "totals": waiting.aggregate(rows=Sum("waiting"), volume=Sum("volume")),
        "verbs": _verbs(request),
    }
    return render_page(request, "usage/unmatched.html", context, parts=(UNMATCHED.part,))


def _verbs(request: HttpRequest) -> list[Verb]:
    if not request.membership.may(Permission.MANAGE_LINES):
        return []
    if request.GET.get("state") == UnmatchedState.DISMISSED:
        url = tenant_url(request, "usage:unmatched_take_back")
        return [Verb(gettext_lazy("Take back"), url, "undo-2")]
    if request.GET.get("state") == UnmatchedState.COUNTED:
        return []
    return [
        Verb(label, tenant_url(request, f"usage:unmatched_{name}"), icon)
        for name, (label, icon) in VERBS.items()
    ]


@require(Permission.MANAGE_LINES)
@form_methods
def unmatched_assign(request: HttpRequest) -> HttpResponse:
    """Which line, and the deed."""
    form = AssignForm(sent(request), country=request.tenant.home_country)
    return _decide(
        request,
        form,
        lambda names: _counted(
            acts.assign(
                names=names, line=form.cleaned_data["line"], now=timezone.now(), by=request.user
            )
        ),
        title=_("Assign to a line"),
        sentence=_("It is counted for that line at once, on the days it was used."),
        verb=_("Assign"),
    )


@require(Permission.MANAGE_LINES)
@form_methods
def unmatched_create(request: HttpRequest) -> HttpResponse:
    """The plan of the new lines, and the deed."""
    carriers = set(_chosen(request, UnmatchedState.OPEN).values_list("carrier_id", flat=True))
    form = CreateLinesForm(
        sent(request), carrier_ids=carriers - {None}, asks_carrier=None in carriers
    )
    return _decide(
        request,
        form,
        lambda names: _counted(
            acts.create_lines(
                names=names,
                carrier=form.cleaned_data.get("carrier"),
                plan=form.cleaned_data["plan"],
                now=timezone.now(),
                by=request.user,
            )
        ),
        title=_("Create lines"),
        sentence=_("A line is made for each, and the usage is counted for it at once."),
        verb=_("Create lines"),
    )


@require(Permission.MANAGE_LINES)
@form_methods
def unmatched_match(request: HttpRequest) -> HttpResponse:
    """The question before looking for their lines again, and the deed."""
    return _decide(
        request,
        ConfirmForm(sent(request)),
        lambda names: _counted(
            acts.match_again(
                names=names,
                home_country=request.tenant.home_country,
                now=timezone.now(),
                by=request.user,
            )
        ),
        title=_("Match again"),
        sentence=_(
            "What a line has the number or reference of by now is counted for it; the others stay."
        ),
        verb=_("Match again"),
    )


@require(Permission.MANAGE_LINES)
@form_methods
def unmatched_dismiss(request: HttpRequest) -> HttpResponse:
    """The question before dismissing, and the deed."""

    def dismiss(names: QuerySet[UnmatchedName]) -> str:
        count = acts.dismiss(names=names, now=timezone.now(), by=request.user)
        said = ngettext("%(count)s was dismissed.", "%(count)s were dismissed.", count)
        return said % {"count": count}

    return _decide(
        request,
        ConfirmForm(sent(request)),
        dismiss,
        title=_("Dismiss"),
        sentence=_("It leaves the list and is kept. What comes later under it stays dismissed."),
        verb=_("Dismiss"),
    )


@require(Permission.MANAGE_LINES)
@form_methods
def unmatched_take_back(request: HttpRequest) -> HttpResponse:
    """The question before opening them again, and the deed."""

    def take_back(names: QuerySet[UnmatchedName]) -> str:
        count = acts.take_back(names=names, now=timezone.now(), by=request.user)
        said = ngettext("%(count)s is open again.", "%(count)s are open again.", count)
        return said % {"count": count}

    return _decide(
        request,
        ConfirmForm(sent(request)),
        take_back,
        title=_("Take back"),
        sentence=_("It is in the list again, with all that came since."),
        verb=_("Take back"),
        state=UnmatchedState.DISMISSED,
    )


def _decide(
    request: HttpRequest,
    form: forms.Form,
    deed: Callable[[QuerySet[UnmatchedName]], str],
    *,
    state: UnmatchedState = UnmatchedState.OPEN,
    **words: Any,
) -> HttpResponse:
    """The page that counts what was chosen and asks; sent, it does the deed and says what came."""
    back = back_to(tenant_url(request, "usage:unmatched"), request)
    names = _chosen(request, state)
    count = names.order_by().count()
    if not count:
        messages.info(request, _("Nothing that was chosen is waiting for this any more."))
        return redirect(back)
    if form.is_valid():
        with refusals_on(form):
            messages.success(request, deed(names))
            return redirect(back)
    sums = names.order_by().aggregate(rows=Sum("waiting"), volume=Sum("volume"))
    said = ngettext(
        "%(count)s number or reference with %(rows)s rows (%(volume)s).",
        "%(count)s numbers or references with %(rows)s rows (%(volume)s).",
        count,
    ) % {"count": count, "rows": sums["rows"], "volume": wording.volume(sums["volume"])}
    words["sentence"] = f"{said} {words['sentence']}"
    context = {
        "form": form, "tone": "primary", "back": back, "back_label": _("Unmatched usage"), **words
    }  # fmt: skip
    return render_page(request, "confirm_page.html", context, status=form_status(form))


def _chosen(request: HttpRequest, state: UnmatchedState) -> QuerySet[UnmatchedName]:
    picked = chosen(table=UNMATCHED, request=request, queryset=unmatched_names())
    return picked.filter(state=state)


def _counted(done: acts.Counted) -> str:
    said = ngettext(
        "%(rows)s row was counted, %(volume)s.",
        "%(rows)s rows were counted, %(volume)s.",
        done.rows,
    ) % {"rows": done.rows, "volume": wording.volume(done.volume)}
    if not done.left:
        return said
    left = ngettext(
        "%(count)s still waits: it is too old, or of a device that is not here.",
        "%(count)s still wait: they are too old, or of a device that is not here.",
        done.left,
    )
    return f"{said} {left % {'count': done.left}}"
