"""The list of devices: what it may be searched, filtered and sorted by."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from common.tables import Column, Search, Table
from devices.models import Device, DeviceCategory, DeviceSim, DeviceState, Platform

RESTRICTIONS = [
    ("wanted", _("Shall be restricted")),
    ("seen", _("Seen restricted")),
    ("pending", _("Pending")),
    ("error", _("Last try failed")),
]
STATES = [
    (DeviceState.UNMANAGED.value, DeviceState.UNMANAGED.label),
    (DeviceState.RETIRED.value, DeviceState.RETIRED.label),
    ("all", _("All")),
]


def categories() -> list[tuple[str, Any]]:
    """Value and name of each category, and of having none."""
    rows = DeviceCategory.objects.order_by("name", "pk").values_list("pk", "name")
    return [("none", _("Unassigned")), *((str(pk), name) for pk, name in rows)]


class DeviceFilters(django_filters.FilterSet):
    """The query string of the list. Without `state` only managed devices are shown."""

    q = Search(label=_("Name, model, serial number, IMEI or ICCID"), method="find")
    platform = django_filters.ChoiceFilter(
        label=_("Platform"), empty_label=_("All platforms"), choices=Platform.choices
    )
    category = django_filters.ChoiceFilter(
        label=_("Category"),
        empty_label=_("All categories"),
        choices=categories,
        method="in_category",
    )
    restrictions = django_filters.ChoiceFilter(
        label=_("Restrictions"), empty_label=_("Any"), choices=RESTRICTIONS, method="control_is"
    )
    state = django_filters.ChoiceFilter(
        label=_("State"),
        empty_label=DeviceState.MANAGED.label,
        choices=STATES,
        method="state_is",
    )

    class Meta:
        model = Device
        fields = ()

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("state"):
            queryset = queryset.filter(state=DeviceState.MANAGED)
        return queryset

    def find(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        words = " ".join(text.split())
        digits = "".join(character for character in words if character.isdigit())
        matches = Q(name__icontains=words) | Q(model__icontains=words)
        matches |= Q(serial__istartswith=words)
        if len(digits) >= 6:
            seats = DeviceSim.objects.open().filter(sim__iccid=digits)
            matches |= Q(imei__startswith=digits) | Q(pk__in=seats.values("device_id"))
        return queryset.filter(matches)

    def in_category(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(category=None if value == "none" else value)

    def control_is(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(_CONTROL[value])

    def state_is(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset if value == "all" else queryset.filter(state=value)


_CONTROL: dict[str, Any] = {
    "wanted": Q(control__desired__gt=[]),
    "seen": Q(control__observed__gt=[]),
    "pending": (Q(control__observed__isnull=True) & Q(control__desired__gt=[]))
    | (Q(control__observed__isnull=False) & ~Q(control__observed=F("control__desired"))),
    "error": ~Q(control__last_error="") & Q(control__isnull=False),
}

DEVICES = Table(
    name="devices",
    columns=(
        Column("device", _("Device"), order=("name",)),
        Column("platform", _("Platform"), order=("platform", "name")),
        Column("model", _("Model"), order=("model", "name")),
        Column("category", _("Category"), order=("category__name", "name")),
        Column("imei", _("IMEI"), order=("imei",)),
        Column("restrictions", _("Restrictions")),
        Column("wanted", _("Desired")),
        Column("seen", _("Observed")),
        Column("state", _("State")),
    ),
    sort="device",
    filters=DeviceFilters,
)


def devices_with_control() -> QuerySet[Device]:
    """Devices with their control and category, in one query."""
    return Device.objects.select_related("control", "category")
