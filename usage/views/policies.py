"""Policies: list, page, add, edit, make the tenant's, retire.

Adding and editing share one form with its list of thresholds. A button of the list sends the
form and gets it back rearranged; only Save reads it.
"""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from common.tables import Column, Search, Table
from usage.actions import policies as acts
from usage.forms.policies import (
    DEFAULT_ROWS,
    PREFIX,
    PolicyForm,
    ThresholdList,
    arrangement,
    rearranged,
    rows_of,
)
from usage.models import Policy
from usage.queries import lines_of


class PolicyFilters(django_filters.FilterSet):
    q = Search("name__icontains", label=gettext_lazy("Search"))

    class Meta:
        model = Policy
        fields = ()


POLICIES = Table(
    name="policies",
    columns=(
        Column("policy", gettext_lazy("Policy"), order=("name",)),
        Column("thresholds", gettext_lazy("Thresholds"), numeric=True),
        Column("plans", gettext_lazy("Plans"), numeric=True),
        Column("state", gettext_lazy("State")),
    ),
    sort="policy",
    filters=PolicyFilters,
)


@require(Permission.VIEW_PLANS)
@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """All policies of the tenant."""
    counted = Policy.objects.annotate(
        threshold_count=Count("thresholds", distinct=True), plan_count=Count("plans", distinct=True)
    )
    view = POLICIES.view(request, counted)
    base = tenant_url(request, "usage:policies")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
    context = {"policies": view, "may_manage": _may_manage(request)}
    return render_page(request, "usage/policies.html", context, parts=(POLICIES.part,))


@require(Permission.VIEW_PLANS)
@require_safe
def policy(request: HttpRequest, pk: int) -> HttpResponse:
    """One policy, with its thresholds in order and what has it."""
    policy = get_object_or_404(Policy, pk=pk)
    context = {
        "policy": policy,
        "thresholds": policy.thresholds.order_by("position", "pk"),
        "plans": policy.plans.filter(retired_at=None).select_related("carrier").order_by("name"),
        "line_count": lines_of.of_policy(policy).count(),
        "may_manage": _may_manage(request),
    }
    return render_page(request, "usage/policy.html", context)


@require(Permission.MANAGE_PLANS)
@form_methods
def policy_add(request: HttpRequest) -> HttpResponse:
    """The form of a new policy; it proposes to warn at 80 % and act at 100 %."""
    if arrangement(request.POST):
        return _show(request, *_rearranged(request), {})
    form = PolicyForm(sent(request))
    rows = ThresholdList(sent(request), prefix=PREFIX, initial=DEFAULT_ROWS)
    if form.is_valid() and rows.is_valid():
        with refusals_on(form):
            name = form.cleaned_data["name"]
            added = acts.add(name=name, thresholds=rows.terms(), by=request.user)
            messages.success(request, _("%(name)s was added.") % {"name": added})
            return redirect(tenant_url(request, "usage:policy", pk=added.pk))
    return _show(request, form, rows, {})


@require(Permission.MANAGE_PLANS)
@form_methods
def policy_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a policy that is there."""
    policy = get_object_or_404(Policy, pk=pk, retired_at=None)
    if arrangement(request.POST):
        return _show(request, *_rearranged(request), {"policy": policy})
    form = PolicyForm(sent(request), initial={"name": policy.name})
    rows = ThresholdList(sent(request), prefix=PREFIX, initial=rows_of(policy))
    if form.is_valid() and rows.is_valid():
        with refusals_on(form):
            name = form.cleaned_data["name"]
            acts.edit(policy=policy, name=name, thresholds=rows.terms(), by=request.user)
            messages.success(request, _("Saved. The lines with this policy are judged again."))
            return redirect(tenant_url(request, "usage:policy", pk=pk))
    return _show(request, form, rows, {"policy": policy})


def _rearranged(request: HttpRequest) -> tuple[PolicyForm, Any]:
    """The forms as typed, after a button of the list; nothing is judged yet."""
    form = PolicyForm(initial={"name": request.POST.get("name", "")})
    return form, ThresholdList(prefix=PREFIX, initial=rearranged(request.POST))


def _show(
    request: HttpRequest, form: PolicyForm, rows: Any, context: dict[str, Any]
) -> HttpResponse:
    context = {"form": form, "rows": rows, **context}
    status = form_status(form, rows)
    return render_page(
        request, "usage/policy_form.html", context, parts=("thresholds",), status=status
    )


@require(Permission.MANAGE_PLANS)
@require_POST
def policy_make_default(request: HttpRequest, pk: int) -> HttpResponse:
    """The tenant's policy from now on."""
    policy = get_object_or_404(Policy, pk=pk)
    try:
        acts.make_default(policy=policy, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    else:
        messages.success(request, _("This is now the policy of the tenant."))
    return redirect(tenant_url(request, "usage:policy", pk=pk))


@require(Permission.MANAGE_PLANS)
@form_methods
def policy_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before retiring, and the deed."""
    policy = get_object_or_404(Policy, pk=pk, retired_at=None)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.retire(policy=policy, now=timezone.now(), by=request.user)
            messages.success(request, _("%(name)s was retired.") % {"name": policy})
            return redirect(tenant_url(request, "usage:policies"))
    context = {
        "form": form,
        "title": _("Retire %(name)s") % {"name": policy},
        "sentence": _("The policy can no longer be given to a line or plan."),
        "verb": _("Retire"),
        "back": tenant_url(request, "usage:policy", pk=pk),
        "back_label": str(policy),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


def _may_manage(request: HttpRequest) -> bool:
    """Whether the page offers commands; the views behind them check again."""
    return request.membership.may(Permission.MANAGE_PLANS)
