"""The list of lines: what it may be searched, filtered and sorted by.

Fast at 100,000 lines because nothing here reads them all on the way to fifty: the default order
is an index, a search is a bounded set of ids, and an order by something that few values share
(carrier, plan, standing) is read group by group, each group in the order of the index.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.tables import Column, Search, Table, TableView
from devices.models import Device, DeviceSim
from usage.models import Carrier, Line, LinePlan, LineSim, LineState, Plan
from usage.queries.search import matching
from usage.queries.silent_lines import silent_lines

STANDINGS = [
    ("over", _("Over the limit")),
    ("near", _("Near the limit")),
    ("within", _("Within limits")),
    ("restricted", _("Restricted")),
    ("silent", _("Not reporting")),
]
STATES = [("retired", _("Retired")), ("all", _("Active and retired"))]
STANDING = "watch__standing"
RESTRICTED = Q(
    sim_links__unlinked_at=None,
    sim_links__sim__device_links__unlinked_at=None,
    sim_links__sim__device_links__device__control__desired__gt=[],
)
"""The line's SIM is in a device that shall be restricted. A line has one such link at most."""


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
        label=_("State"),
        empty_label=pgettext_lazy("line", "Active"),
        choices=STATES,
        method="state_is",
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
        return queryset.filter(_on_plan(plan))

    def standing_is(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == "restricted":
            return queryset.filter(RESTRICTED)
        if value == "silent":
            return queryset.filter(pk__in=silent_lines(now=timezone.now()).values("pk"))
        return queryset.filter(**{STANDING: value})

    def state_is(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset if value == "all" else queryset.filter(state=value)


# --- orders that are read group by group ----------------------------------------------------------


def _on_plan(plan: Plan) -> Q:
    return Q(plan_links__plan=plan, plan_links__unlinked_at=None)


def _carriers() -> list[Q]:
    return [Q(carrier=carrier) for carrier in Carrier.objects.order_by("name", "pk")]


def _plans() -> list[Q]:
    without = ~Exists(LinePlan.objects.open().filter(line=OuterRef("pk")))
    return [*(_on_plan(plan) for plan in Plan.objects.order_by("name", "pk")), Q(without)]


def _standings() -> list[Q]:
    """The worst first."""
    rest = Q(**{f"{STANDING}__in": ["within", ""]})
    return [Q(**{STANDING: "over"}), Q(**{STANDING: "near"}), rest]


GROUPS: dict[str, Callable[[], list[Q]]] = {
    "carrier": _carriers,
    "plan": _plans,
    "standing": _standings,
}


class LinesView(TableView):
    """A page of lines; where the order has groups, of as many groups as it takes."""

    def _slice(self, number: int) -> list[Any]:
        column = self.sort.removeprefix("-")
        if column not in GROUPS:
            return super()._slice(number)
        groups = GROUPS[column]()
        if self.sort.startswith("-"):
            groups.reverse()
        size = self.table.page_size
        return self._rows_of(self._keys(groups, start=(number - 1) * size, wanted=size + 1))

    def _keys(self, groups: list[Q], *, start: int, wanted: int) -> list[int]:
        """Keys of the lines from place `start` on; groups before it are counted, not read."""
        keys: list[int] = []
        for group in groups:
            lines = self._ordered.filter(group).values_list("pk", flat=True)
            taken = list(lines[start : start + wanted - len(keys)])
            keys += taken
            if len(keys) == wanted:
                break
            if start:
                start = 0 if taken else start - lines.order_by().count()
        return keys


@dataclass(frozen=True)
class LinesTable(Table):
    """The table whose pages are LinesViews."""

    def view(self, request: HttpRequest, queryset: QuerySet) -> LinesView:
        return LinesView(table=self, request=request, base=queryset)


LINES = LinesTable(
    name="lines",
    columns=(
        Column("line", _("Line"), order=("label",)),
        Column("details", _("Details"), label_hidden=True),
        Column("person", _("Person")),
        Column("domestic", _("Domestic")),
        Column("roaming", _("Roaming")),
        Column("standing", _("Standing"), order=("label",)),
        Column("control", _("Restrictions")),
        Column("plan", _("Plan"), order=("label",)),
        Column("carrier", _("Carrier"), order=("label",)),
        Column("device", _("Device")),
    ),
    sort="line",
    filters=LineFilters,
    count_cap=1_000,
)


def lines_in_device(device: Device) -> QuerySet[Line]:
    """The lines whose SIM is in the device now."""
    seats = DeviceSim.objects.open().filter(device=device).values("sim_id")
    links = LineSim.objects.open().filter(sim_id__in=seats).values("line_id")
    return Line.objects.select_related("carrier").filter(pk__in=links).order_by("label", "pk")
