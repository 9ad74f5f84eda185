"""Zones of a plan: page, add (also from the sample), edit, remove."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from usage.actions import zones as acts
from usage.forms.zones import ZoneForm
from usage.models import Plan, Zone


@require(Permission.VIEW_PLANS)
@require_safe
def zone(request: HttpRequest, pk: int) -> HttpResponse:
    """One zone, with its countries and their days."""
    zone = get_object_or_404(Zone.objects.select_related("plan__carrier"), pk=pk)
    context = {
        "zone": zone,
        "countries": zone.countries.order_by("country", "valid_from"),
        "may_manage": _may_manage(request) and zone.plan.retired_at is None,
    }
    return render_page(request, "usage/zone.html", context)


@require(Permission.MANAGE_PLANS)
@form_methods
def zone_add(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a new zone; `?sample=eu` fills in roam-like-at-home."""
    plan = get_object_or_404(Plan.objects.select_related("carrier"), pk=pk, retired_at=None)
    sample = request.GET.get("sample") == "eu"
    form = ZoneForm(
        sent(request), initial=ZoneForm.sample(plan.carrier.country) if sample else None
    )
    if form.is_valid():
        with refusals_on(form):
            added = acts.add(plan=plan, terms=form.terms(), by=request.user)
            messages.success(request, _("%(name)s was added.") % {"name": added})
            return redirect(tenant_url(request, "usage:plan", pk=pk))
    context = {"form": form, "plan": plan, "offers_sample": not sample and not form.is_bound}
    return render_page(request, "usage/zone_form.html", context, status=form_status(form))


@require(Permission.MANAGE_PLANS)
@form_methods
def zone_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a zone that is there."""
    zone = _of_plan_in_use(pk)
    form = ZoneForm(sent(request), initial=ZoneForm.of(acts.terms_of(zone)))
    if form.is_valid():
        with refusals_on(form):
            acts.edit(zone=zone, terms=form.terms(), by=request.user)
            messages.success(request, _("Saved. The lines on this plan are judged again."))
            return redirect(tenant_url(request, "usage:zone", pk=pk))
    context = {"form": form, "zone": zone, "plan": zone.plan}
    return render_page(request, "usage/zone_form.html", context, status=form_status(form))


@require(Permission.MANAGE_PLANS)
@form_methods
def zone_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before removing, and the deed."""
    zone = _of_plan_in_use(pk)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.remove(zone=zone, by=request.user)
            messages.success(request, _("%(name)s was removed.") % {"name": zone})
            return redirect(tenant_url(request, "usage:plan", pk=zone.plan_id))
    context = {
        "form": form,
        "title": _("Remove %(name)s") % {"name": zone},
        "sentence": _(
            "Its countries belong to the rest of the world then. Thresholds of this zone limit "
            "nothing for the lines of this plan."
        ),
        "verb": _("Remove"),
        "back": tenant_url(request, "usage:zone", pk=pk),
        "back_label": str(zone),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


def _of_plan_in_use(pk: int) -> Zone:
    zones = Zone.objects.select_related("plan__carrier")
    return get_object_or_404(zones, pk=pk, plan__retired_at=None)


def _may_manage(request: HttpRequest) -> bool:
    """Whether the page offers commands; the views behind them check again."""
    return request.membership.may(Permission.MANAGE_PLANS)
