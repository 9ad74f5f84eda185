"""Plans: list, page, add, edit, make default, retire."""

from __future__ import annotations

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
from usage.actions import plans as acts
from usage.forms.plans import PlanForm
from usage.models import Carrier, Plan
from usage.queries import lines_of


class PlanFilters(django_filters.FilterSet):
    q = Search("name__icontains", label=gettext_lazy("Search"))
    carrier = django_filters.ModelChoiceFilter(
        label=gettext_lazy("Carrier"),
        empty_label=gettext_lazy("All carriers"),
        queryset=lambda request: Carrier.objects.order_by("name"),
    )

    class Meta:
        model = Plan
        fields = ()


PLANS = Table(
    name="plans",
    columns=(
        Column("plan", gettext_lazy("Plan"), order=("name",)),
        Column("carrier", gettext_lazy("Carrier"), order=("carrier__name", "name")),
        Column("domestic", gettext_lazy("Domestic cap"), order=("domestic_cap",), numeric=True),
        Column("roaming", gettext_lazy("Roaming cap"), order=("roaming_cap",), numeric=True),
        Column("cycle", gettext_lazy("Billing cycle")),
        Column("policy", gettext_lazy("Policy")),
        Column("state", gettext_lazy("State")),
    ),
    sort="plan",
    filters=PlanFilters,
)


@require(Permission.VIEW_PLANS)
@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """All plans of the tenant."""
    view = PLANS.view(request, Plan.objects.select_related("carrier", "policy"))
    base = tenant_url(request, "usage:plans")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
    context = {"plans": view, "may_manage": _may_manage(request)}
    return render_page(request, "usage/plans.html", context, parts=(PLANS.part,))


@require(Permission.VIEW_PLANS)
@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """One plan."""
    plan = get_object_or_404(Plan.objects.select_related("carrier", "policy"), pk=pk)
    context = {
        "plan": plan,
        "line_count": lines_of.of_plan(plan).count(),
        "zones": plan.zones.annotate(country_count=Count("countries")).order_by("name"),
        "may_manage": _may_manage(request),
    }
    return render_page(request, "usage/plan.html", context)


@require(Permission.MANAGE_PLANS)
@form_methods
def plan_add(request: HttpRequest) -> HttpResponse:
    """The form of a new plan."""
    form = PlanForm(sent(request), initial={"carrier": request.GET.get("carrier")})
    if form.is_valid():
        with refusals_on(form):
            carrier = form.cleaned_data["carrier"]
            added = acts.add(carrier=carrier, terms=form.terms(), by=request.user)
            messages.success(request, _("%(name)s was added.") % {"name": added})
            return redirect(tenant_url(request, "usage:plan", pk=added.pk))
    return render_page(request, "usage/plan_form.html", {"form": form}, status=form_status(form))


@require(Permission.MANAGE_PLANS)
@form_methods
def plan_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a plan that is there."""
    plan = get_object_or_404(Plan.objects.select_related("carrier"), pk=pk, retired_at=None)
    form = PlanForm(sent(request), plan=plan, initial=PlanForm.of(plan))
    if form.is_valid():
        with refusals_on(form):
            acts.edit(plan=plan, terms=form.terms(), by=request.user)
            messages.success(request, _("Saved. The lines on this plan are judged again."))
            return redirect(tenant_url(request, "usage:plan", pk=pk))
    context = {"form": form, "plan": plan}
    return render_page(request, "usage/plan_form.html", context, status=form_status(form))


@require(Permission.MANAGE_PLANS)
@require_POST
def plan_make_default(request: HttpRequest, pk: int) -> HttpResponse:
    """New lines of the carrier get this plan from now on."""
    plan = get_object_or_404(Plan, pk=pk)
    try:
        acts.make_default(plan=plan, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    else:
        messages.success(request, _("New lines of the carrier get this plan."))
    return redirect(tenant_url(request, "usage:plan", pk=pk))


@require(Permission.MANAGE_PLANS)
@form_methods
def plan_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before retiring, and the deed."""
    plan = get_object_or_404(Plan, pk=pk, retired_at=None)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.retire(plan=plan, now=timezone.now(), by=request.user)
            messages.success(request, _("%(name)s was retired.") % {"name": plan})
            return redirect(tenant_url(request, "usage:plans"))
    context = {
        "form": form,
        "title": _("Retire %(name)s") % {"name": plan},
        "sentence": _("No line gets this plan any more. Past cycles keep it."),
        "verb": _("Retire"),
        "back": tenant_url(request, "usage:plan", pk=pk),
        "back_label": str(plan),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


def _may_manage(request: HttpRequest) -> bool:
    """Whether the page offers commands; the views behind them check again."""
    return request.membership.may(Permission.MANAGE_PLANS)
