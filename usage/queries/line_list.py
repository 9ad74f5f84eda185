"""The list of lines: what it may be searched, filtered and sorted by.

Fast at 100,000 lines because nothing here reads them all on the way to fifty: the default order
is an index, a search is a bounded set of ids, and the filters that look through other tables
begin at the small side (the lines that are near, over or restricted), which partial indexes give.
"""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from common.tables import Column, Search, Table
from devices.models import Device, DeviceSim
from usage.models import Carrier, Line, LinePlan, LineSim, LineState, LineWatch, Plan
from usage.queries.search import matching

STANDINGS = [
    ("over", _("Over the limit")),
    ("near", _("Near the limit")),
    ("within", _("Within limits")),
    ("restricted", _("Restricted")),
]
STATES = [("retired", _("Retired")), ("all", _("Active and retired"))]


def with_standing(standing: str) -> QuerySet:
    """Ids of lines whose latest decision says so."""
    return LineWatch.objects.filter(decision__standing=standing).values("line_id")


def restricted() -> QuerySet:
    """Ids of lines whose SIM is in a device that shall be restricted."""
    return (
        DeviceSim.objects.open()
        .filter(
            sim__line_links__unlinked_at=None,
            sim__line_links__isnull=False,
            device__control__desired__len__gt=0,
        )
        .values("sim__line_links__line_id")
    )


class LineFilters(django_filters.FilterSet):
    """The query string of the list. Without `state` only active lines are shown."""

    q = Search(label=_("Number, reference, ICCID, IMEI or person"), method="find")
    carrier = django_filters.ModelChoiceFilter(
        label=_("Carrier"),
        empty_label=_("All carriers"),
        queryset=lambda request: Carrier.objects.order_by("name"),
    )
    plan = django_filters.ModelChoiceFilter(
        label=_("Plan"),
        empty_label=_("All plans"),
        queryset=lambda request: Plan.objects.order_by("name", "pk"),
        method="on_plan",
    )
    standing = django_filters.ChoiceFilter(
        label=_("Standing"), empty_label=_("Any"), choices=STANDINGS, method="standing_is"
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), empty_label=_("Active"), choices=STATES, method="state_is"
    )

    class Meta:
        model = Line
        fields = ()

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("state"):
            queryset = queryset.filter(state=LineState.ACTIVE)
        return queryset

    def find(self, queryset: QuerySet, name: str, text: str) -> QuerySet:
        country = self.request.tenant.home_country
        return queryset.filter(pk__in=matching(text=text, country=country))

    def on_plan(self, queryset: QuerySet, name: str, plan: Plan) -> QuerySet:
        return queryset.filter(pk__in=LinePlan.objects.open().filter(plan=plan).values("line_id"))

    def standing_is(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == "restricted":
            return queryset.filter(pk__in=restricted())
        if value == "within":
            return queryset.filter(watch__decision__standing="within")
        return queryset.filter(pk__in=with_standing(value))

    def state_is(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset if value == "all" else queryset.filter(state=value)


LINES = Table(
    name="lines",
    columns=(
        Column("line", _("Line"), order=("label",)),
        Column("person", _("Person")),
        Column("domestic", _("Domestic")),
        Column("roaming", _("Roaming")),
        Column("standing", _("Standing"), order=("rank", "label")),
        Column("control", _("Restrictions")),
        Column("plan", _("Plan"), order=("plan_name", "label")),
        Column("carrier", _("Carrier"), order=("carrier__name", "label")),
        Column("device", _("Device")),
        Column("details", _("Details"), label_hidden=True),
    ),
    sort="line",
    filters=LineFilters,
)


def lines_for(*, sort: str) -> QuerySet[Line]:
    """The lines, with what the asked order needs and no more."""
    queryset = Line.objects.select_related("carrier")
    column = sort.removeprefix("-")
    if column == "plan":
        name = LinePlan.objects.open().filter(line=OuterRef("pk")).values("plan__name")
        return queryset.annotate(plan_name=Subquery(name))
    if column == "standing":
        return queryset.annotate(rank=_rank())
    return queryset


def _rank() -> Any:
    """Over before near before the rest, from the two small sets of ids."""
    return Case(
        When(Q(pk__in=with_standing("over")), then=Value(0)),
        When(Q(pk__in=with_standing("near")), then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )


def lines_in_device(device: Device) -> QuerySet[Line]:
    """The lines whose SIM is in the device now."""
    seats = DeviceSim.objects.open().filter(device=device).values("sim_id")
    links = LineSim.objects.open().filter(sim_id__in=seats).values("line_id")
    return Line.objects.select_related("carrier").filter(pk__in=links).order_by("label", "pk")
