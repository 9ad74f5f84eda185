"""Carriers: list, page, add, edit, retire."""

from __future__ import annotations

import django_filters
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from common.tables import Column, Search, Table
from usage.actions import carriers as acts
from usage.forms.carriers import CarrierForm
from usage.models import Carrier, LineState


class CarrierFilters(django_filters.FilterSet):
    q = Search("name__icontains", label=gettext_lazy("Search"))

    class Meta:
        model = Carrier
        fields = ()


CARRIERS = Table(
    name="carriers",
    columns=(
        Column("carrier", gettext_lazy("Carrier"), order=("name",)),
        Column("country", gettext_lazy("Country"), order=("country", "name")),
        Column("zone", gettext_lazy("Time zone"), order=("time_zone", "name")),
        Column("limits", gettext_lazy("Figures that drive limits")),
        Column("state", gettext_lazy("State")),
    ),
    sort="carrier",
    filters=CarrierFilters,
)


@require(Permission.VIEW_PLANS)
@require_safe
def carriers(request: HttpRequest) -> HttpResponse:
    """All carriers of the tenant."""
    view = CARRIERS.view(request, Carrier.objects.all())
    base = tenant_url(request, "usage:carriers")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
    context = {"carriers": view, "may_manage": _may_manage(request)}
    return render_page(request, "usage/carriers.html", context, parts=(CARRIERS.part,))


@require(Permission.VIEW_PLANS)
@require_safe
def carrier(request: HttpRequest, pk: int) -> HttpResponse:
    """One carrier, with its plans."""
    carrier = get_object_or_404(Carrier, pk=pk)
    plans = carrier.plans.filter(retired_at=None).order_by("name", "pk")
    lines = carrier.lines.aggregate(
        active=Count("pk", filter=Q(state=LineState.ACTIVE)), all=Count("pk")
    )
    context = {
        "carrier": carrier,
        "plans": plans,
        "lines": lines,
        "may_manage": _may_manage(request),
    }
    return render_page(request, "usage/carrier.html", context)


@require(Permission.MANAGE_PLANS)
@form_methods
def carrier_add(request: HttpRequest) -> HttpResponse:
    """The form of a new carrier."""
    form = CarrierForm(sent(request), initial=CarrierForm.for_new(request.tenant))
    if form.is_valid():
        with refusals_on(form):
            added = acts.add(terms=form.terms(), by=request.user)
            messages.success(request, _("%(name)s was added.") % {"name": added})
            return redirect(tenant_url(request, "usage:carrier", pk=added.pk))
    return render_page(request, "usage/carrier_form.html", {"form": form}, status=form_status(form))


@require(Permission.MANAGE_PLANS)
@form_methods
def carrier_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a carrier that is there."""
    carrier = get_object_or_404(Carrier, pk=pk, retired_at=None)
    form = CarrierForm(sent(request), initial=CarrierForm.of(carrier))
    if form.is_valid():
        with refusals_on(form):
            acts.edit(carrier=carrier, terms=form.terms(), by=request.user)
            messages.success(request, _("Saved."))
            return redirect(tenant_url(request, "usage:carrier", pk=pk))
    context = {"form": form, "carrier": carrier}
    return render_page(request, "usage/carrier_form.html", context, status=form_status(form))


@require(Permission.MANAGE_PLANS)
@form_methods
def carrier_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before retiring, and the deed."""
    carrier = get_object_or_404(Carrier, pk=pk, retired_at=None)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.retire(carrier=carrier, now=timezone.now(), by=request.user)
            messages.success(request, _("%(name)s was retired.") % {"name": carrier})
            return redirect(tenant_url(request, "usage:carriers"))
    context = {
        "form": form,
        "title": _("Retire %(name)s") % {"name": carrier},
        "sentence": _("Nothing new is put on this carrier. What was counted stays."),
        "verb": _("Retire"),
        "back": tenant_url(request, "usage:carrier", pk=pk),
        "back_label": str(carrier),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


def _may_manage(request: HttpRequest) -> bool:
    """Whether the page offers commands; the views behind them check again."""
    return request.membership.may(Permission.MANAGE_PLANS)
