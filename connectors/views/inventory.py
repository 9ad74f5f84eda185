"""The inventory of a connected Microsoft tenant: the devices and their lines, syncs, doubts."""

from __future__ import annotations

import django_filters
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.sentences import sentence
from common.submission import form_methods, form_status, refusals_on, sent
from common.tables import Column, Search, Table
from connectors.actions import inventory as acts
from connectors.forms.inventory import MatchForm
from connectors.models import (
    Connector,
    InventoryItem,
    ItemKind,
    MatchState,
)
from connectors.ports import lines
from connectors.workers.inventory import KIND
from devices.models import Device
from jobs.models import OPEN_STATES, Job

RUNS_SHOWN = 5
IN_PORTAL = (
    ("devices_added", gettext_lazy("Devices added")),
    ("sims_moved", gettext_lazy("SIMs put in")),
    ("holders_given", gettext_lazy("Lines given to a person")),
    ("people_added", gettext_lazy("People added")),
)


class DeviceFilters(django_filters.FilterSet):
    q = Search(
        "name__icontains",
        "facts__serialNumber__istartswith",
        "facts__imei__startswith",
        "facts__userPrincipalName__icontains",
        label=gettext_lazy("Device, serial number, IMEI or user"),
    )
    match_state = django_filters.ChoiceFilter(
        label=gettext_lazy("Line"), empty_label=gettext_lazy("Any"), choices=MatchState.choices
    )
    there = django_filters.ChoiceFilter(
        label=gettext_lazy("At Microsoft"),
        empty_label=gettext_lazy("There"),
        choices=[("gone", gettext_lazy("Gone")), ("trouble", gettext_lazy("Without a device"))],
        method="is_there",
    )

    class Meta:
        model = InventoryItem
        fields = ()

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("there") != "gone":
            queryset = queryset.filter(gone_at=None)
        return queryset

    def is_there(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == "gone":
            return queryset.filter(gone_at__isnull=False)
        return queryset.exclude(trouble="")


OWNERS = {"company": gettext_lazy("Company"), "personal": gettext_lazy("Personal")}
COMPLIANCE = {
    "compliant": gettext_lazy("Compliant"),
    "noncompliant": gettext_lazy("Not compliant"),
    "conflict": gettext_lazy("Conflict"),
    "error": gettext_lazy("Error"),
    "inGracePeriod": gettext_lazy("In grace period"),
    "configManager": gettext_lazy("Managed by Configuration Manager"),
}
"""Graph's managedDeviceOwnerType and complianceState in words."""

DEVICES = Table(
    name="inventory",
    columns=(
        Column("device", gettext_lazy("Device"), order=("name",)),
        Column("model", gettext_lazy("Model")),
        Column("user", gettext_lazy("User")),
        Column("category", gettext_lazy("Category")),
        Column("number", gettext_lazy("Phone number")),
        Column("line", gettext_lazy("Line")),
        Column("match", gettext_lazy("Match")),
        Column("profiles", gettext_lazy("Profiles")),
    ),
    sort="device",
    filters=DeviceFilters,
)


@require(Permission.VIEW_CONNECTORS)
@require_safe
def inventory(request: HttpRequest, pk: int) -> HttpResponse:
    """The managed devices with their lines, and the last syncs."""
    connector = get_object_or_404(Connector, pk=pk)
    known = InventoryItem.objects.filter(connector=connector)
    there = known.filter(gone_at=None)
    devices = known.filter(kind=ItemKind.DEVICE)
    view = DEVICES.view(request, devices.select_related("device"))
    names = lines().named(ids={row.line_id for row in view.rows if row.line_id})
    for row in view.rows:
        line = names.get(row.line_id)
        row.line_label = line.label if line else ""
        row.line_url = tenant_url(request, line.page, pk=row.line_id) if line else ""
        row.url = tenant_url(request, "connectors:match", pk=row.pk)
        row.profiles_url = tenant_url(request, "connectors:device_profiles", pk=row.pk)
        row.why = sentence(row.trouble) if row.trouble else ""
        if row.device_id:
            row.device_url = tenant_url(request, "devices:device", pk=row.device_id)
    counts = dict(there.order_by().values_list("kind").annotate(count=Count("pk")))
    jobs = list(Job.objects.filter(kind=KIND, key=str(pk)).order_by("-pk")[:RUNS_SHOWN])
    for job in jobs:
        job.url = tenant_url(request, "connectors:inventory_run", pk=job.pk)
    context = {
        "connector": connector,
        "inventory": view,
        "counts": [(kind.label, counts.get(kind.value, 0)) for kind in ItemKind],
        "doubtful": there.filter(match_state=MatchState.DOUBTFUL).count(),
        "without": there.filter(kind=ItemKind.DEVICE).exclude(trouble="").count(),
        "gone": devices.filter(gone_at__isnull=False).count(),
        "jobs": jobs,
        "may_manage": request.membership.may(Permission.MANAGE_CONNECTORS),
    }
    return render_page(request, "connectors/inventory.html", context, parts=(DEVICES.part,))


@require(Permission.MANAGE_CONNECTORS)
@require_POST
def sync(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a sync: of the changes, or of everything."""
    connector = get_object_or_404(Connector, pk=pk)
    whole = request.POST.get("mode") == "full"
    try:
        job = acts.ask(connector=connector, whole=whole, by=request.user, now=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused.sentence))
        return redirect(tenant_url(request, "connectors:inventory", pk=pk))
    return redirect(tenant_url(request, "connectors:inventory_run", pk=job.pk))


@require(Permission.VIEW_CONNECTORS)
@require_safe
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a sync is, or what it came to."""
    job = get_object_or_404(Job, pk=pk, kind=KIND)
    is_open = job.state in OPEN_STATES
    if request.htmx and not is_open:
        return HttpResponseClientRefresh()
    total = job.total if job.done < job.total else 0  # as many as there were last time
    came_to = job.result or job.checkpoint or {}
    counts, portal = came_to.get("counts", {}), came_to.get("portal", {})
    context = {
        "job": job,
        "connector": get_object_or_404(Connector, pk=job.parameters["connector"]),
        "is_open": is_open,
        "total": total,
        "percent": 100 * job.done // total if total else 0,
        "rows": [(kind.label, counts.get(kind.value, {})) for kind in ItemKind],
        "in_portal": [(label, portal.get(name, 0)) for name, label in IN_PORTAL],
        "whole": job.parameters["mode"] == "full",
    }
    return render_page(request, "connectors/inventory_run.html", context, parts=("sync-progress",))


@require(Permission.MANAGE_CONNECTORS)
@form_methods
def match(request: HttpRequest, pk: int) -> HttpResponse:
    """A person decides which line a device has."""
    item = get_object_or_404(InventoryItem, pk=pk, kind=ItemKind.DEVICE)
    wanted = {*item.candidates, *([item.line_id] if item.line_id else [])}
    names = lines().named(ids=wanted)
    form = MatchForm(
        sent(request),
        candidates=[(line, names[line].label) for line in sorted(wanted) if line in names],
        initial={"line": str(item.line_id or 0)},
    )
    page = tenant_url(request, "connectors:inventory", pk=item.connector_id)
    if form.is_valid():
        with refusals_on(form):
            acts.decide(
                item=item,
                line_id=form.cleaned_data["line"],
                by=request.user,
                now=timezone.now(),
            )
            messages.success(request, _("Decided."))
            return redirect(page)
    facts = [
        (label, item.facts.get(name, ""))
        for label, name in (
            (_("Serial number"), "serialNumber"),
            (_("Phone number"), "phoneNumber"),
            ("ICCID", "iccid"),
            ("IMEI", "imei"),
            (_("User"), "userPrincipalName"),
        )
    ]
    context = {"form": form, "item": item, "facts": facts, "back": page}
    return render_page(request, "connectors/match.html", context, status=form_status(form))


@require(Permission.VIEW_CONNECTORS)
@require_safe
def of_device(request: HttpRequest, pk: int) -> HttpResponse:
    """What the inventory knows of a device of the portal: a panel of its page, and a page."""
    device = get_object_or_404(Device, pk=pk)
    known = InventoryItem.objects.filter(device=device).select_related("connector")
    items = list(known.order_by("gone_at", "-pk")[:1])  # those that are gone come last
    for item in items:
        item.url = tenant_url(request, "connectors:inventory", pk=item.connector_id)
        item.match_url = tenant_url(request, "connectors:match", pk=item.pk)
        item.profiles_url = tenant_url(request, "connectors:device_profiles", pk=item.pk)
        item.owner = OWNERS.get(item.facts.get("managedDeviceOwnerType", ""), "")
        item.compliance = COMPLIANCE.get(item.facts.get("complianceState", ""), "")
    context = {
        "device": device,
        "items": items,
        "may_manage": request.membership.may(Permission.MANAGE_CONNECTORS),
    }
    return render_page(request, "connectors/of_device.html", context, parts=("device-inventory",))
