"""The queue of unmatched usage: what its list may do, and which lines have its names by now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.tables import Column, Search, Table
from usage.models import (
    Carrier,
    NameKind,
    Source,
    UnmatchedName,
    UnmatchedState,
)
from usage.queries.line_keys import KEYS, BadKey, LineFinder
from usage.queries.sample_lines import AmbiguousKey, SampledLine, SampleLines


class UnmatchedFilters(django_filters.FilterSet):
    """The query string of the list. Without `state` only open names are shown."""

    q = Search("value__icontains", label=_("Number or reference"))
    source = django_filters.ChoiceFilter(
        label=_("Source"), empty_label=_("Any"), choices=Source.choices
    )
    carrier = django_filters.ModelChoiceFilter(
        label=_("Carrier"),
        empty_label=_("All carriers"),
        queryset=lambda request: Carrier.objects.order_by("name"),
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), empty_label=_("Any"), choices=NameKind.choices
    )
    state = django_filters.ChoiceFilter(
        label=_("State"),
        empty_label=pgettext_lazy("unmatched usage", "Open"),
        choices=[
            choice for choice in UnmatchedState.choices if choice[0] != UnmatchedState.OPEN.value
        ],
    )

    class Meta:
        model = UnmatchedName
        fields = ()

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("state"):
            queryset = queryset.filter(state=UnmatchedState.OPEN)
        return queryset


UNMATCHED = Table(
    name="unmatched",
    columns=(
        Column("name", _("Number or reference"), order=("value",)),
        Column("kind", _("Kind")),
        Column("carrier", _("Carrier or source"), order=("carrier__name", "value")),
        Column("rows", _("Rows"), order=("waiting",), numeric=True),
        Column("volume", _("Volume"), order=("volume",), numeric=True),
        Column("last", _("Last used"), order=("last_at",)),
        Column("state", _("State")),
        Column("line", _("Line")),
    ),
    sort="-last",
    filters=UnmatchedFilters,
)


def unmatched_names() -> QuerySet[UnmatchedName]:
    """Names with all that a row of the list shows."""
    return UnmatchedName.objects.select_related("carrier", "line")


def lines_now(*, names: Iterable[UnmatchedName], home_country: str) -> dict[int, int]:
    """Keys of the lines that have these names by now, by the keys of the names.

    `home_country` is the tenant's, for what device agents told. A query for each carrier and kind.
    """
    of_files: dict[tuple[Carrier, str], list[UnmatchedName]] = defaultdict(list)
    of_agents: list[UnmatchedName] = []
    for name in names:
        if name.carrier is not None:
            of_files[name.carrier, name.kind].append(name)
        else:
            of_agents.append(name)
    found: dict[int, int] = {}
    for (carrier, kind), mine in of_files.items():
        finder = LineFinder(carrier=carrier, kind=kind)
        finder.look_up(name.value for name in mine)
        for name in mine:
            line_id = finder.get(name.value)
            if line_id is not None:
                found[name.pk] = line_id
    known = SampleLines(
        lines=[(name.kind, name.value) for name in of_agents if name.kind in KEYS],
        devices=[(name.kind, name.value) for name in of_agents if name.kind not in KEYS],
        home_country=home_country,
    )
    for name in of_agents:
        line = _line_of(known, name)
        if line is not None:
            found[name.pk] = line.line_id
    return found


def _line_of(known: SampleLines, name: UnmatchedName) -> SampledLine | None:
    try:
        if name.kind in KEYS:
            return known.line((name.kind, name.value))
        device = known.device((name.kind, name.value))
    except (BadKey, AmbiguousKey):
        return None
    return device.line if device else None
