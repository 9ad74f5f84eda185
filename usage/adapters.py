"""What usage does for the apps below it, through their ports."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import QuerySet

from alerts.ports import Subject
from connectors.ports import BadLineKey, LineMatches, LinePlace, LineSeat
from usage.actions.inventory import give_holders, learn_iccids
from usage.models import Line, LineSim
from usage.queries.line_keys import BadKey
from usage.queries.line_places import find_line, line_of_device, lines_by_numbers, seats_of
from usage.queries.search import matching
from usage.workers.due import make_due


class AlertLines:
    """The lines of the tenant in scope, as alerts.ports.Subjects asks for them."""

    def named(self, *, ids: Collection[int]) -> dict[int, Subject]:
        labels = Line.objects.filter(pk__in=ids).values_list("pk", "label")
        return {pk: Subject(label=label, page="usage:line") for pk, label in labels}

    def matching(self, *, text: str, country: str) -> QuerySet:
        return matching(text=text, country=country)


class ConnectorLines(AlertLines):
    """The lines of the tenant in scope, as connectors.ports.Lines asks for them."""

    def make_all_due(self) -> None:
        make_due()

    def matches(
        self, *, phones: Collection[str], iccids: Collection[str], imeis: Collection[str]
    ) -> LineMatches:
        return lines_by_numbers(phones=phones, iccids=iccids, imeis=imeis)

    def seats(self, *, ids: Collection[int]) -> dict[int, LineSeat]:
        return seats_of(line_ids=ids)

    def learn(self, *, iccids: Mapping[int, str], now: datetime) -> None:
        learn_iccids(iccids=iccids, now=now)

    def give_holders(self, *, people: Mapping[int, int], now: datetime) -> int:
        return give_holders(people=people, now=now)

    def find(self, *, kind: str, value: str, now: datetime) -> LinePlace | None:
        try:
            return find_line(kind=kind, value=value, now=now)
        except BadKey as bad:
            raise BadLineKey(str(bad)) from bad

    def of_device(self, *, device_id: int, now: datetime) -> LinePlace | None:
        return line_of_device(device_id=device_id, now=now)


def lines_follow(*, sim_ids: Collection[int]) -> None:
    """Judge the lines of these SIMs again; called inside the transaction in which they moved."""
    links = LineSim.objects.open().filter(sim_id__in=sim_ids)
    make_due(line_ids=list(links.values_list("line_id", flat=True)))
