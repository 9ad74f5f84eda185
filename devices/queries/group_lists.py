"""The list of groups, and lists of the devices that are in a group or could be put into it."""

from __future__ import annotations

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from common.tables import Column, Search, Table
from devices.models import Device, DeviceState, Group, GroupKind, GroupMember, Platform
from devices.queries.device_list import categories


class GroupFilters(django_filters.FilterSet):
    q = Search("name__icontains", "description__icontains", label=_("Search"))
    kind = django_filters.ChoiceFilter(
        label=_("Membership type"), empty_label=_("All"), choices=GroupKind.choices
    )

    class Meta:
        model = Group
        fields = ()


GROUPS = Table(
    name="groups",
    columns=(
        Column("group", _("Group"), order=("name",)),
        Column("kind", _("Membership type"), order=("kind", "name")),
        Column("members", _("Devices"), order=("watch__member_count", "name"), numeric=True),
        Column("state", _("State")),
        Column("changed", _("Last membership change"), order=("watch__changed_at", "name")),
    ),
    sort="group",
    filters=GroupFilters,
)


class GroupDeviceFilters(django_filters.FilterSet):
    q = Search(
        "name__icontains", "model__icontains", "serial__istartswith",
        label=_("Name, model or serial number"),
    )  # fmt: skip
    platform = django_filters.ChoiceFilter(
        label=_("Platform"), empty_label=_("All platforms"), choices=Platform.choices
    )
    category = django_filters.ChoiceFilter(
        label=_("Category"),
        empty_label=_("All categories"),
        choices=categories,
        method="in_category",
    )

    class Meta:
        model = Device
        fields = ()

    def in_category(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(category=None if value == "none" else value)


GROUP_DEVICES = Table(
    name="group-devices",
    columns=(
        Column("device", _("Device"), order=("name",)),
        Column("platform", _("Platform"), order=("platform", "name")),
        Column("model", _("Model"), order=("model", "name")),
        Column("category", _("Category"), order=("category__name", "name")),
    ),
    sort="device",
    filters=GroupDeviceFilters,
)


def devices_in(group: Group) -> QuerySet[Device]:
    """The members of a group now."""
    return Device.objects.filter(_is_member(group)).select_related("category")


def devices_outside(group: Group) -> QuerySet[Device]:
    """Devices in service that are not in the group."""
    here = Device.objects.exclude(state=DeviceState.RETIRED)
    return here.filter(~_is_member(group)).select_related("category")


def _is_member(group: Group) -> Exists:
    return Exists(GroupMember.objects.filter(group=group, left_at=None, device=OuterRef("pk")))
