"""Everything the evaluator needs to know of a batch of lines, in a fixed number of queries.

Raw SQL with plain tuples on purpose: this runs for every line of every tenant, and building
model instances would cost several times the queries themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import F, Q

from common.tenancy import current_tenant_id
from tenants.models import Tenant
from usage.cycles import CycleRule
from usage.decisions import Limit, Loosening, Rules
from usage.limits import Zone
from usage.models import Carrier, LineException, Plan, Policy, Threshold
from usage.queries.usage_sums import Trip
from usage.queries.zones import PlanZones, zones_of_plans

CLAIM = """
SELECT line_id, cycle_first_day, late_since, decision_id FROM usage_linewatch
WHERE tenant_id = %(tenant)s AND evaluate_at <= %(now)s
  AND (%(line)s::bigint IS NULL OR line_id = %(line)s)
ORDER BY evaluate_at, line_id
LIMIT %(limit)s
FOR UPDATE SKIP LOCKED
"""
# One look-up per table and no joins: right after many lines were added the planner knows nothing
# of them yet, and guesses joins whose cost grows with the square of the batch. A tenant has few
# categories, so that join is harmless.
LINES = """
SELECT id, state = 'active', carrier_id FROM usage_line
WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)
"""
PLANS = """
SELECT line_id, plan_id FROM usage_lineplan
WHERE tenant_id = %(tenant)s AND line_id = ANY(%(ids)s) AND unlinked_at IS NULL
"""
POLICIES = """
SELECT line_id, policy_id FROM usage_linepolicy
WHERE tenant_id = %(tenant)s AND line_id = ANY(%(ids)s) AND unlinked_at IS NULL
"""
SIMS = """
SELECT line_id, sim_id FROM usage_linesim
WHERE tenant_id = %(tenant)s AND line_id = ANY(%(ids)s) AND unlinked_at IS NULL
"""
PHONES = """
SELECT sim_id, device_id, data_preferred FROM devices_devicesim
WHERE tenant_id = %(tenant)s AND sim_id = ANY(%(ids)s) AND unlinked_at IS NULL
"""
PERSONAL = """
SELECT d.id FROM devices_device d
JOIN devices_devicecategory k
  ON k.tenant_id = d.tenant_id AND k.id = d.category_id AND k.is_personal
WHERE d.tenant_id = %(tenant)s AND d.id = ANY(%(ids)s)
"""
DECISIONS = """
SELECT id, fingerprint FROM usage_decision WHERE tenant_id = %(tenant)s AND id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class DueLine:
    """One claimed line; `device_id` is the device its SIM is in, `late_since` a local day."""

    line_id: int
    active: bool
    carrier_id: int
    plan_id: int | None
    policy_id: int | None
    device_id: int | None
    carries_data: bool
    personal: bool
    cycle_first_day: date | None
    late_since: date | None
    decision_id: int | None
    fingerprint: str | None


@dataclass(frozen=True)
class CarrierFacts:
    zone: ZoneInfo
    country: str
    source: str


@dataclass(frozen=True)
class PlanFacts:
    cycle: CycleRule
    domestic_cap: int | None
    roaming_cap: int | None
    policy_id: int | None
    price: Decimal | None = None


NO_PLAN = PlanFacts(CycleRule(), None, None, None)
"""A line without a plan has calendar months and no caps."""


@dataclass(frozen=True)
class PolicyFacts:
    name: str
    limits: tuple[Limit, ...]


@dataclass
class RuleBook:
    """The tenant's carriers, plans and policies; a few hundred rows at most."""

    carriers: dict[int, CarrierFacts]
    plans: dict[int, PlanFacts]
    policies: dict[int, PolicyFacts]
    default_policy_id: int | None
    zones: dict[int, PlanZones] = field(default_factory=dict)
    currency: str = ""

    def __post_init__(self) -> None:
        self._rules: dict[tuple[int | None, int | None], Rules] = {}

    def plan(self, plan_id: int | None) -> PlanFacts:
        return self.plans.get(plan_id, NO_PLAN) if plan_id else NO_PLAN

    def zones_of(self, plan_id: int | None) -> tuple[Zone, ...]:
        zones = self.zones.get(plan_id) if plan_id else None
        return zones.terms if zones else ()

    def effective_policy_id(self, *, plan_id: int | None, line_policy_id: int | None) -> int | None:
        """The policy of the line, else of its plan, else of the tenant."""
        return line_policy_id or self.plan(plan_id).policy_id or self.default_policy_id

    def rules(self, *, plan_id: int | None, line_policy_id: int | None) -> Rules:
        """The effective limits and caps; the same object for the same pair."""
        key = (plan_id, line_policy_id)
        if key not in self._rules:
            plan = self.plan(plan_id)
            policy_id = self.effective_policy_id(plan_id=plan_id, line_policy_id=line_policy_id)
            policy = self.policies.get(policy_id) if policy_id else None
            self._rules[key] = Rules(
                limits=policy.limits if policy else (),
                domestic_cap=plan.domestic_cap,
                roaming_cap=plan.roaming_cap,
                policy=policy.name if policy else "",
                price=plan.price,
                zones=self.zones_of(plan_id),
                currency=self.currency,
            )
        return self._rules[key]


def rule_book() -> RuleBook:
    """The rule book of the tenant in scope (six queries)."""
    limits: dict[int, list[Limit]] = defaultdict(list)
    for threshold in Threshold.objects.order_by("policy_id", "position"):
        limits[threshold.policy_id].append(limit_of(threshold))
    policies = list(Policy.objects.values_list("pk", "name", "is_default"))
    return RuleBook(
        carriers={
            carrier.pk: CarrierFacts(carrier.zone, carrier.country, carrier.drives_limits)
            for carrier in Carrier.objects.all()
        },
        plans={plan.pk: plan_facts(plan) for plan in Plan.objects.all()},
        policies={
            pk: PolicyFacts(name, tuple(limits.get(pk, ()))) for pk, name, _default in policies
        },
        default_policy_id=next((pk for pk, _name, default in policies if default), None),
        zones=zones_of_plans(),
        currency=Tenant.objects.values_list("currency", flat=True).get(pk=current_tenant_id()),
    )


def limit_of(threshold: Threshold) -> Limit:
    """The threshold as the decision sees it."""
    return Limit(
        scope=threshold.scope,
        measure=threshold.measure,
        value=Decimal(threshold.value),
        period=threshold.period,
        block_roaming=threshold.block_roaming,
        block_cellular=threshold.block_cellular,
        zone=threshold.zone,
        grace_seconds=threshold.grace_seconds,
    )


def cycle_rule(plan: Plan) -> CycleRule:
    """The plan's cycles as the calendar sees them."""
    return CycleRule(
        kind=plan.cycle_kind,
        billing_day=plan.billing_day,
        days=plan.cycle_days,
        first_day=plan.first_day,
    )


def plan_facts(plan: Plan) -> PlanFacts:
    return PlanFacts(
        cycle_rule(plan), plan.domestic_cap, plan.roaming_cap, plan.policy_id, plan.overage_price
    )


def claim_due(*, now: datetime, limit: int, line_id: int | None = None) -> list[DueLine]:
    """Lock due watches that nobody else works on, and load what is known of their lines.

    Call inside the evaluating transaction. Eight queries, whatever the number of lines.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM, {"tenant": current_tenant_id(), "now": now, "limit": limit, "line": line_id}
        )
        watches = cursor.fetchall()

        def of(query: str, ids: Iterable[int]) -> dict[int, tuple[Any, ...]]:
            cursor.execute(query, {"tenant": current_tenant_id(), "ids": list(ids)})
            return {row[0]: row[1:] for row in cursor.fetchall()}

        if not watches:
            return []
        line_ids = [watch[0] for watch in watches]
        lines, plans, policies = of(LINES, line_ids), of(PLANS, line_ids), of(POLICIES, line_ids)
        sims = of(SIMS, line_ids)
        phones = of(PHONES, {sim_id for (sim_id,) in sims.values()})
        personal = of(PERSONAL, {device_id for device_id, _carries in phones.values()})
        decisions = of(DECISIONS, {watch[3] for watch in watches if watch[3]})
    due = []
    for watched_id, first_day, late_since, decision_id in watches:
        sim_id = sims.get(watched_id, (None,))[0]
        device_id, carries_data = phones.get(sim_id, (None, False))
        due.append(
            DueLine(
                line_id=watched_id,
                active=lines[watched_id][0],
                carrier_id=lines[watched_id][1],
                plan_id=plans.get(watched_id, (None,))[0],
                policy_id=policies.get(watched_id, (None,))[0],
                device_id=device_id,
                carries_data=carries_data,
                personal=device_id in personal,
                cycle_first_day=first_day,
                late_since=late_since,
                decision_id=decision_id,
                fingerprint=decisions[decision_id][0] if decision_id else None,
            )
        )
    return due


@dataclass(frozen=True)
class Loosened:
    """What loosens the rules for one line; trips are among the exceptions too, for their dates."""

    exceptions: tuple[Loosening, ...] = ()
    trips: tuple[Trip, ...] = ()


NOTHING_LOOSENED = Loosened()


def loosenings(*, line_ids: Iterable[int], now: datetime, since: date) -> dict[int, Loosened]:
    """Exceptions of each line that has any which hold, will, or held on `since` or later."""
    exceptions: dict[int, list[Loosening]] = defaultdict(list)
    trips: dict[int, list[Trip]] = defaultdict(list)
    begin = datetime.combine(since, time.min, tzinfo=UTC) - timedelta(days=1)  # in any zone
    rows = LineException.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=begin) & Q(ends_at__gt=F("starts_at")),
        line_id__in=list(line_ids),
    )
    for row in rows.order_by("pk"):
        volume = row.volume or 0
        exceptions[row.line_id].append(
            Loosening(row.kind, row.starts_at, row.ends_at, row.scope, volume, row.ceiling)
        )
        if row.first_day and row.last_day and row.ends_at:
            runs = row.starts_at <= now < row.ends_at
            countries = frozenset(row.countries)
            trips[row.line_id].append(Trip(row.first_day, row.last_day, countries, volume, runs))
    return {
        line_id: Loosened(tuple(found), tuple(trips.get(line_id, ())))
        for line_id, found in exceptions.items()
    }
