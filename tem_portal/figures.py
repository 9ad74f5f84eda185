"""The figures of the home page: few statements, a fixed number, each bounded.

Usage is one sum over the day counters of a month, three million of them at 100,000 lines, found by
the index on days. The figures of lines agree with the lists that they lead to.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone

from alerts.models import Alert
from common.sentences import sentence
from common.tenancy import current_tenant_id
from connectors.models import Connector, ConnectorState, Provider
from devices.models import Command, CommandStatus
from devices.models.command import OPEN_STATUSES
from usage.models import Carrier, Line, LineState, LineWatch, Plan
from usage.queries.line_list import RESTRICTED
from usage.queries.silent_lines import silent_lines

TREND_DAYS = 30
ALERTS_SHOWN = 10
ALERTS_COUNTED = 1_000
FAILED_SHOWN = 5
FAILED_WITHIN = timedelta(days=7)
FAILED = (CommandStatus.FAILED, CommandStatus.FORMAT_ERROR)

USE_BY_DAY = """
SELECT c.day, c.country, c.country = r.country, sum(c.volume)::bigint
FROM usage_usagecounter c
JOIN usage_line l ON l.tenant_id = c.tenant_id AND l.id = c.line_id
JOIN usage_carrier r
  ON r.tenant_id = l.tenant_id AND r.id = l.carrier_id AND r.drives_limits = c.source
WHERE c.tenant_id = %(tenant)s AND l.tenant_id = %(tenant)s AND r.tenant_id = %(tenant)s
  AND c.day BETWEEN %(first)s AND %(last)s
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class LineFigures:
    """Active lines by the standing of their latest decision, and those in blocked phones."""

    active: int
    over: int
    near: int
    restricted: int


def line_figures() -> LineFigures:
    active = Line.objects.filter(state=LineState.ACTIVE)
    rows = LineWatch.objects.filter(line__state=LineState.ACTIVE).values_list("standing")
    standings = dict(rows.annotate(Count("pk")).order_by())
    return LineFigures(
        active=sum(standings.values()),
        over=standings.get("over", 0),
        near=standings.get("near", 0),
        restricted=active.filter(RESTRICTED).count(),
    )


@dataclass(frozen=True)
class SilentLines:
    """Lines that tell of no usage any more. Apart, since they take longer to find."""

    count: int


def silent(*, now: datetime) -> SilentLines:
    return SilentLines(count=silent_lines(now=now).count())


@dataclass(frozen=True)
class UsageFigures:
    """Bytes by the figures that drive limits: `days` are (day, domestic, roaming), `countries`
    (code, roaming bytes since `month`, the first of this month), the largest first."""

    days: tuple[tuple[date, int, int], ...]
    countries: tuple[tuple[str, int], ...]
    month: date

    @property
    def is_empty(self) -> bool:
        return not any(domestic or roaming for _, domestic, roaming in self.days)


def usage_figures(*, today: date) -> UsageFigures:
    """Usage of the last thirty days, and the month's roaming; today is a local day."""
    month = today.replace(day=1)
    days = [today - timedelta(days=number) for number in reversed(range(TREND_DAYS))]
    home, abroad, countries = Counter[date](), Counter[date](), Counter[str]()
    for day, country, is_home, volume in _use_by_day(first=min(month, days[0]), last=today):
        (home if is_home else abroad)[day] += volume
        if not is_home and day >= month:
            countries[country] += volume
    return UsageFigures(
        days=tuple((day, home[day], abroad[day]) for day in days),
        countries=tuple(sorted(countries.items(), key=lambda pair: (-pair[1], pair[0]))),
        month=month,
    )


def _use_by_day(*, first: date, last: date) -> list[tuple[date, str, bool, int]]:
    with connection.cursor() as cursor:
        cursor.execute(USE_BY_DAY, {"tenant": current_tenant_id(), "first": first, "last": last})
        return list(cursor.fetchall())


def built_in_connector() -> Connector | None:
    return Connector.objects.filter(provider=Provider.BUILT_IN).first()


def connector_state(connector: Connector | None) -> ConnectorState:
    """The state as a person says it: with either switch off it is disabled."""
    if connector is None:
        return ConnectorState.NOT_SET_UP
    if not (connector.provider_enabled and connector.portal_enabled):
        return ConnectorState.DISABLED
    return ConnectorState(connector.state)


@dataclass(frozen=True)
class AlertRow:
    """An alert with the name and number of its line, if it is about one."""

    alert: Alert
    line_id: int | None
    label: str

    @property
    def sentence(self) -> str:
        return sentence(self.alert.reason, self.alert.facts)


@dataclass(frozen=True)
class AlertFigures:
    """The newest alerts since `since`; `count` stops at ALERTS_COUNTED + 1."""

    since: datetime
    count: int
    newest: list[AlertRow]


def alerts_today(*, now: datetime) -> AlertFigures:
    """Alerts raised since midnight in the zone in use, whatever became of them."""
    midnight = datetime.combine(timezone.localdate(now), time(), timezone.get_current_timezone())
    raised = Alert.objects.filter(raised_at__gte=midnight).order_by("-raised_at", "-pk")
    newest = list(raised[:ALERTS_SHOWN])
    ids = {alert.subject_id for alert in newest if alert.subject_type == "line"}
    labels = dict(Line.objects.filter(pk__in=ids).values_list("pk", "label"))
    return AlertFigures(
        since=midnight,
        count=raised.order_by()[: ALERTS_COUNTED + 1].count(),
        newest=[_alert_row(alert, labels) for alert in newest],
    )


def _alert_row(alert: Alert, labels: dict[int, str]) -> AlertRow:
    line_id = alert.subject_id if alert.subject_type == "line" else None
    known = line_id if line_id in labels else None
    return AlertRow(alert=alert, line_id=known, label=labels.get(known, "") if known else "")


@dataclass(frozen=True)
class CommandFigures:
    """Commands on their way, the oldest of them, and those that failed in the last days."""

    waiting: int
    oldest: datetime | None
    failed: int
    newest_failed: list[Command]


def command_figures(*, now: datetime) -> CommandFigures:
    waiting: dict[str, Any] = Command.objects.filter(status__in=OPEN_STATUSES).aggregate(
        count=Count("pk"), oldest=Min("created_at")
    )
    failed = Command.objects.filter(status__in=FAILED, created_at__gte=now - FAILED_WITHIN)
    newest = failed.select_related("device").order_by("-created_at", "pk")
    return CommandFigures(
        waiting=waiting["count"],
        oldest=waiting["oldest"],
        failed=failed.count(),
        newest_failed=list(newest[:FAILED_SHOWN]),
    )


@dataclass(frozen=True)
class Beginning:
    """What a tenant without lines has already."""

    has_carrier: bool
    has_plan: bool


def beginning() -> Beginning:
    return Beginning(
        has_carrier=Carrier.objects.filter(retired_at=None).exists(),
        has_plan=Plan.objects.filter(retired_at=None).exists(),
    )
