"""Everything the page of one line shows apart from its timeline."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from common.sentences import sentence
from devices.models import (
    Command,
    Device,
    DeviceControl,
    DeviceSim,
    RestrictionReason,
    Sim,
)
from devices.models.command import OPEN_STATUSES
from devices.queries.device_page import caveats_of, labels
from devices.statuses import control_state
from tenants.models import Person
from usage.decisions import extra_of
from usage.limits import Extra, Measured, measured
from usage.models import (
    Decision,
    Line,
    LineException,
    LinePerson,
    LinePlan,
    LineSim,
    LineState,
    LineWatch,
    Measure,
    Plan,
    Threshold,
    UsageCounter,
)
from usage.queries.due_lines import NOTHING_LOOSENED, limit_of, loosenings, rule_book
from usage.queries.effective import EffectivePolicy, effective_policy
from usage.queries.exception_words import exception_in_words
from usage.queries.judging import cycle_of, rules_of, subject_of, usages_of
from usage.queries.line_figures import UNKNOWN
from usage.queries.standing import CycleUsage, cycle_usage

ORIGINS = {"line": _("The line's own"), "plan": _("Of the plan"), "tenant": _("Of the tenant")}


@dataclass(frozen=True)
class LimitRow:
    """One threshold as it works out for this line; `found` is None where nothing limits."""

    threshold: Threshold
    found: Measured | None
    currency: str | None

    @property
    def is_money(self) -> bool:
        return self.threshold.measure == Measure.MONEY

    @property
    def at(self) -> Any:
        return self.found.at if self.found else None

    @property
    def in_bytes(self) -> int | None:
        return int(self.found.at) if self.found and not self.is_money else None

    @property
    def used(self) -> Any:
        return self.found.used if self.found else None

    @property
    def is_reached(self) -> bool:
        return bool(self.found and self.found.is_reached)


@dataclass(frozen=True)
class PolicyRow:
    """One place a policy could come from, in order of precedence."""

    origin: str
    label: Any
    policy: Any
    holds: bool


@dataclass(frozen=True)
class ExceptionRow:
    """An exception that runs or will, and what it gives in words."""

    exception: LineException
    sentence: str
    runs: bool


@dataclass(frozen=True)
class LinePage:
    """The line and what surrounds it at one moment."""

    line: Line
    plan: Plan | None
    person: Person | None
    sim: Sim | None
    device: Device | None
    control: DeviceControl | None
    decision: Decision | None
    usage: CycleUsage | None
    policies: list[PolicyRow]
    limits: list[LimitRow]
    exceptions: list[ExceptionRow]
    extra: Extra
    covered: int
    reasons: list[RestrictionReason]
    is_due: bool
    open_command: Command | None
    is_personal: bool

    @property
    def is_active(self) -> bool:
        return self.line.state == LineState.ACTIVE

    @property
    def standing(self) -> str:
        return self.decision.standing if self.decision else UNKNOWN

    @property
    def why(self) -> str:
        """The sentence of the decision that holds now."""
        return sentence(self.decision.reason, self.decision.facts) if self.decision else ""

    @property
    def control_state(self) -> str:
        return control_state(self.control)

    @property
    def first_day_after(self) -> date | None:
        """The day on which the next cycle begins: the open end of this one."""
        return self.usage.last_day + timedelta(days=1) if self.usage else None

    @property
    def origin(self) -> Any:
        """Where the policy that holds comes from, in words; empty where none does."""
        return next((row.label for row in self.policies if row.holds), "")

    @property
    def wanted(self) -> list[Any]:
        return labels(self.control.desired) if self.control else []

    @property
    def caveats(self) -> list[str]:
        return caveats_of(self.device, self.control) if self.device else []

    @property
    def seen(self) -> list[Any]:
        return labels(self.control.observed or []) if self.control else []

    @property
    def is_pending(self) -> bool:
        """Whether something will change by itself soon, so that looking again is worth it."""
        return self.is_active and (
            self.is_due
            or self.open_command is not None
            or self.control_state in {"blocking", "releasing"}
        )

    @property
    def is_blocked(self) -> bool:
        """Whether the line's own usage restricts it, which is what an unblock lifts."""
        return bool(self.decision and self.decision.restrictions)


def line_page(*, line: Line, now: datetime) -> LinePage:
    """The page of `line` (with its carrier) at `now`; fifteen queries or so, whatever it has."""
    plan = _linked(LinePlan, "plan", line)
    sim = _linked(LineSim, "sim", line)
    is_active = line.state == LineState.ACTIVE
    seat = (
        DeviceSim.objects.open()
        .filter(sim=sim)
        .select_related("device__control", "device__category")
        .first()
        if sim and is_active
        else None
    )
    device = seat.device if seat else None
    watch = LineWatch.objects.filter(line=line).select_related("decision").first()
    usage = cycle_usage(line_ids=[line.pk], now=now).get(line.pk) if is_active else None
    effective = effective_policy(line=line)
    measuring = _Measuring(line, now) if is_active else None
    if usage and measuring:
        usage = _raised(usage, measuring.extra)
    return LinePage(
        line=line,
        plan=plan,
        person=_linked(LinePerson, "person", line),
        sim=sim,
        device=device,
        control=getattr(device, "control", None),
        decision=watch.decision if watch else None,
        usage=usage,
        policies=_policies(effective),
        limits=_limits(effective, measuring),
        exceptions=_exceptions(line, now) if is_active else [],
        extra=measuring.extra if measuring else Extra(),
        covered=sum(measuring.usage.covered.get(name, 0) for name in ("domestic", "roaming"))
        if measuring
        else 0,
        reasons=list(
            RestrictionReason.objects.filter(device=device)
            .select_related("set_by")
            .order_by("since", "pk")
        )
        if device
        else [],
        is_due=bool(watch and watch.evaluate_at and watch.evaluate_at <= now),
        open_command=Command.objects.filter(device=device, status__in=OPEN_STATUSES).first()
        if device
        else None,
        is_personal=bool(device and device.category and device.category.is_personal),
    )


def without_history(page: LinePage) -> LinePage:
    """The page for those who may not see what a personal device's line has done."""
    return replace(page, usage=None, decision=None, limits=[], exceptions=[], reasons=[], covered=0)


@dataclass(frozen=True)
class DayUse:
    """Bytes of one local day, at home and abroad."""

    day: date
    domestic: int
    roaming: int


def days_of_cycle(*, line: Line, usage: CycleUsage, now: datetime) -> list[DayUse]:
    """Each day of the running cycle up to today, from the figures that drive limits."""
    rows = (
        UsageCounter.objects.filter(
            line=line,
            source=line.carrier.drives_limits,
            day__gte=usage.first_day,
            day__lte=usage.last_day,
        )
        .values_list("day", "country")
        .annotate(volume=Sum("volume"))
    )
    home, abroad = Counter[date](), Counter[date]()
    for day, country, volume in rows:
        (home if country == line.carrier.country else abroad)[day] += volume
    today = min(now.astimezone(line.carrier.zone).date(), usage.last_day)
    count = (today - usage.first_day).days + 1
    days = (usage.first_day + timedelta(days=number) for number in range(count))
    return [DayUse(day=day, domestic=home[day], roaming=abroad[day]) for day in days]


def _linked(link: Any, field: str, line: Line) -> Any:
    """What the open link leads to; for a retired line, what the last one led to."""
    links = link.objects.filter(line=line).select_related(field)
    if line.state == LineState.ACTIVE:
        links = links.open()
    found = links.order_by("-linked_at", "-pk").first()
    return getattr(found, field) if found else None


def _policies(effective: EffectivePolicy) -> list[PolicyRow]:
    return [
        PolicyRow(
            origin=origin,
            label=ORIGINS.get(origin, origin),
            policy=policy,
            holds=origin == effective.origin,
        )
        for origin, policy in effective.candidates
    ]


class _Measuring:
    """The line's rules, use and loosenings, as the evaluator knows them."""

    def __init__(self, line: Line, now: datetime) -> None:
        book, subject = rule_book(), subject_of(line)
        since = cycle_of(subject, book, now).first_day
        loosened = loosenings(line_ids=[line.pk], now=now, since=since)
        self.rules = rules_of(subject, book)
        self.usage = usages_of(lines=[subject], book=book, now=now, loosened=loosened)[line.pk]
        exceptions = loosened.get(line.pk, NOTHING_LOOSENED).exceptions
        self.extra = extra_of(exceptions, self.usage, now)


def _raised(usage: CycleUsage, extra: Extra) -> CycleUsage:
    """The usage with what top-ups and trips add to its caps."""

    def more(cap: int | None, by: int) -> int | None:
        return None if cap is None else cap + by

    return replace(
        usage,
        domestic_cap=more(usage.domestic_cap, extra.domestic),
        roaming_cap=more(usage.roaming_cap, extra.roaming),
        zones=tuple(
            replace(row, zone=replace(row.zone, cap=more(row.zone.cap, extra.of("zone", row.zone))))
            for row in usage.zones
        ),
    )


def _exceptions(line: Line, now: datetime) -> list[ExceptionRow]:
    rows = (
        LineException.objects.filter(Q(ends_at=None) | Q(ends_at__gt=now), line=line)
        .exclude(ends_at__lte=F("starts_at"))
        .select_related("created_by")
        .order_by("starts_at", "pk")
    )
    return [ExceptionRow(row, exception_in_words(row), row.starts_at <= now) for row in rows]


def _limits(effective: EffectivePolicy, measuring: _Measuring | None) -> list[LimitRow]:
    """Each threshold as the evaluator measures it."""
    if measuring is None:
        return [LimitRow(threshold, None, None) for threshold in effective.thresholds]
    rules = measuring.rules
    rows = []
    for threshold in effective.thresholds:
        found = list(measured(limit_of(threshold), rules, measuring.usage, measuring.extra))
        today = next((item for item in found if item.is_current), None)
        rows.append(LimitRow(threshold, today, rules.currency))
    return rows
