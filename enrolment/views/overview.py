"""Who enrolled, who is at it, and what the tenant says about enrolment."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.http import optional_tenant_url, tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import form_methods, form_status, refusals_on, sent
from common.tables import Column, Search, Table
from enrolment.actions import settings as acts
from enrolment.forms.settings import SettingsForm
from enrolment.models import Enrolment, EnrolmentSettings, How
from enrolment.statuses import ENROLMENT_STATES
from enrolment.steps import LASTS, state_of
from enrolment.views.doors import progress_of


class EnrolmentFilters(django_filters.FilterSet):
    q = Search(
        "number__startswith",
        "person__name__icontains",
        "device__name__icontains",
        label=gettext_lazy("Search"),
    )
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"),
        empty_label=gettext_lazy("Any"),
        choices=ENROLMENT_STATES,
        method="in_state",
    )
    how = django_filters.ChoiceFilter(
        label=gettext_lazy("How"), empty_label=gettext_lazy("Any"), choices=How.choices
    )

    class Meta:
        model = Enrolment
        fields = ()

    def in_state(self, found: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        too_old = Q(started_at__lt=timezone.now() - LASTS)
        if value == "finished":
            return found.filter(finished_at__isnull=False)
        open_ones = found.filter(finished_at=None)
        if value == "given_up":
            return open_ones.filter(too_old)
        return open_ones.exclude(too_old).filter(proven_at__isnull=value == "code_sent")


ENROLMENTS = Table(
    name="enrolments",
    columns=(
        Column("who", gettext_lazy("Number or person"), order=("number",)),
        Column("how", gettext_lazy("How"), order=("how",)),
        Column("state", gettext_lazy("State")),
        Column("device", gettext_lazy("Device"), order=("device__name",)),
        Column("category", gettext_lazy("Category"), order=("category__name",)),
        Column("started", gettext_lazy("Begun"), order=("started_at",)),
    ),
    sort="-started",
    filters=EnrolmentFilters,
)


@require(Permission.VIEW_DEVICES)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every enrolment, the newest first."""
    found = Enrolment.objects.select_related("person", "device", "category")
    view = ENROLMENTS.view(request, found)
    devices = tenant_url(request, "devices:devices")
    now = timezone.now()
    for row in view.rows:
        row.state = state_of(progress_of(row), now=now)
        row.device_url = f"{devices}{row.device_id}/" if row.device_id else ""
    settings = EnrolmentSettings.objects.first()
    context = {
        "enrolments": view,
        "is_open": bool(settings and settings.is_open),
        "address": _address(request),
        "may_manage": request.membership.may(Permission.MANAGE_DEVICES),
    }
    return render_page(request, "enrolment/overview.html", context, parts=(ENROLMENTS.part,))


def _address(request: HttpRequest) -> str:
    page = reverse("enrol:start", kwargs={"organisation": request.tenant.slug})
    return request.build_absolute_uri(page)


@require(Permission.MANAGE_DEVICES)
@form_methods
def settings(request: HttpRequest) -> HttpResponse:
    """How people of the tenant enrol."""
    row = EnrolmentSettings.objects.first() or EnrolmentSettings(tenant=request.tenant)
    form = SettingsForm(sent(request), instance=row)
    if form.is_valid():
        with refusals_on(form):
            acts.save(chosen=form.cleaned_data, by=request.user)
            messages.success(request, _("Saved."))
            return redirect(tenant_url(request, "enrolment:overview"))
    context = {
        "form": form,
        "address": _address(request),
        "inbox_url": optional_tenant_url(request, "phones:messages"),
    }
    return render_page(request, "enrolment/settings.html", context, status=form_status(form))
