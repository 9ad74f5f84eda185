"""Changing one fact of many lines: the question, the progress, the result, and taking it back."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.selection import Verb, back_to, chosen
from common.submission import form_methods, form_status, refusals_on, sent
from common.tables import Column, Table
from usage.actions import bulk_changes as acts
from usage.forms.bulk_changes import BulkChangeForm
from usage.models import BulkChange, Fact, ItemState, Line, LineState
from usage.queries.line_list import LINES

PROGRESS = "bulk-change-progress"
LEFT = (ItemState.REFUSED, ItemState.KEPT)
SHOWN = 50
CHANGES = Table(
    name="bulk-changes",
    columns=(
        Column("change", gettext_lazy("Change")),
        Column("state", gettext_lazy("State")),
        Column("lines", gettext_lazy("Lines"), order=("lines",), numeric=True),
        Column("when", gettext_lazy("When"), order=("created_at",)),
        Column("by", gettext_lazy("By")),
    ),
    sort="-when",
)


def verbs(request: HttpRequest) -> list[Verb]:
    """What may be done with the rows that are chosen in the list of lines."""
    if not request.membership.may(Permission.MANAGE_LINES):
        return []
    icons = {Fact.PLAN: "receipt-text", Fact.POLICY: "shield-check", Fact.COST_CENTRE: "tag"}
    return [
        Verb(VERBS[fact], tenant_url(request, f"usage:set_{fact.value}"), icon)
        for fact, icon in icons.items()
    ]


VERBS = {
    Fact.PLAN: gettext_lazy("Set the plan"),
    Fact.POLICY: gettext_lazy("Set the policy"),
    Fact.COST_CENTRE: gettext_lazy("Set the cost centre"),
}


@require(Permission.VIEW_LINES)
@require_safe
def bulk_changes(request: HttpRequest) -> HttpResponse:
    """All changes of many lines, the latest first."""
    rows = BulkChange.objects.select_related("by", "job", "undo_job")
    view = CHANGES.view(request, rows)
    return render_page(request, "usage/bulk_changes.html", {"changes": view}, parts=(CHANGES.part,))


@require(Permission.MANAGE_LINES)
@form_methods
def bulk_change_add(request: HttpRequest, fact: str) -> HttpResponse:
    """How many lines were chosen, and what they shall have."""
    back = back_to(tenant_url(request, "usage:lines"), request)
    picked = chosen(table=LINES, request=request, queryset=Line.objects.all())
    picked = picked.filter(state=LineState.ACTIVE)
    count = picked.order_by().count()
    if not count:
        messages.info(request, _("No active line was chosen."))
        return redirect(back)
    form = BulkChangeForm(sent(request), fact=fact)
    if form.is_valid():
        with refusals_on(form):
            change = acts.begin(
                lines=picked, fact=fact, to=form.target(), now=timezone.now(), by=request.user
            )
            return redirect(tenant_url(request, "usage:bulk_change", pk=change.pk))
    counted = ngettext("%(count)s line is chosen.", "%(count)s lines are chosen.", count)
    judged = _("Their limits are judged anew at once.")
    context = {
        "form": form,
        "title": VERBS[Fact(fact)],
        "sentence": f"{counted % {'count': count}} {judged}",
        "verb": ngettext("Change %(count)s line", "Change %(count)s lines", count)
        % {"count": count},
        "tone": "primary",
        "back": back,
        "back_label": _("Lines"),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


@require(Permission.VIEW_LINES)
@require_safe
def bulk_change(request: HttpRequest, pk: int) -> HttpResponse:
    """One change: how far it is, how many lines came out of it how, and which were left."""
    rows = BulkChange.objects.select_related("by", "job", "undo_job")
    change = get_object_or_404(rows, pk=pk)
    if request.htmx.target == PROGRESS and not change.under_way:
        return HttpResponseClientRefresh()  # the whole page is another one
    counts = acts.counts_of(change)
    left = change.items.filter(state__in=LEFT).select_related("line").order_by("line__label", "pk")
    context = {
        "change": change,
        "job": change.latest_job,
        "figures": [(state.label, counts[state.value]) for state in ItemState if state in counts],
        "left": left[:SHOWN],
        "left_count": sum(counts.get(state.value, 0) for state in LEFT),
        "may_undo": request.membership.may(Permission.MANAGE_LINES) and acts.may_be_undone(change),
    }
    return render_page(request, "usage/bulk_change.html", context, parts=(PROGRESS,))


@require(Permission.MANAGE_LINES)
@form_methods
def bulk_change_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before taking it back, and the deed."""
    change = get_object_or_404(BulkChange, pk=pk)
    back = tenant_url(request, "usage:bulk_change", pk=pk)
    form = forms.Form(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.undo(change=change, now=timezone.now(), by=request.user)
            return redirect(back)
    context = {
        "form": form,
        "title": _("Undo this change"),
        "sentence": _(
            "Every line that it changed gets back what it had. Lines that somebody has changed "
            "since stay as they are now."
        ),
        "verb": _("Undo"),
        "back": back,
        "back_label": str(change),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))
