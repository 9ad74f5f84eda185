"""Undoing what a policy gave in a period: first a look, then the deed."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import ngettext

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import form_methods, form_status, refusals_on, sent
from licensing.actions.undo import given_by, undo
from licensing.forms.undo import PeriodForm, UndoForm
from licensing.models import AutoClaimPolicy

SHOWN = 50


@require(Permission.MANAGE_LICENCES)
@form_methods
def policy_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """The claims of the period that the address names, and the button that undoes them."""
    policy = get_object_or_404(AutoClaimPolicy, pk=pk)
    form = UndoForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            count = undo(
                policy=policy,
                since=form.since,
                until=form.until,
                expected=form.cleaned_data["seen"],
                now=timezone.now(),
                by=request.user,
            )
            said = ngettext(
                "%(count)s claim is being undone.", "%(count)s claims are being undone.", count
            )
            messages.success(request, said % {"count": count})
            return redirect(tenant_url(request, "licensing:claims") + f"?policy={pk}")
    today = timezone.localdate()
    asked = request.GET if {"first", "last"} & set(request.GET) else None
    initial = {"first": today - timedelta(days=6), "last": today}
    period = PeriodForm(asked or {name: day.isoformat() for name, day in initial.items()})
    context = {"policy": policy, "form": form, "period": period, "count": 0, "rows": []}
    if period.is_valid():
        found = given_by(policy=policy, since=period.since, until=period.until)
        context["count"] = found.count()
        context["rows"] = list(found.order_by("claimed_at", "pk")[:SHOWN])
        context["undo"] = UndoForm(initial={**period.cleaned_data, "seen": context["count"]})
    status = form_status(form) if form.is_bound else form_status(period)
    return render_page(request, "licensing/undo.html", context, status=status)
