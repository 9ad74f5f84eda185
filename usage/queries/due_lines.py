"""Everything the evaluator needs to know of a batch of lines, in a fixed number of queries.

Raw SQL with plain tuples on purpose: this runs for every line of every tenant, and building
model instances would cost several times the queries themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection

from common.tenancy import current_tenant_id
from usage.cycles import Cycle, CycleRule
from usage.decisions import Limit, Loosening, Rules
from usage.models import Carrier, LineException, Plan, Policy, Threshold

CLAIM = """
SELECT w.line_id, l.state = 'active', l.carrier_id, lp.plan_id, lo.policy_id,
       ds.device_id, coalesce(ds.data_preferred, false), w.cycle_first_day, w.late_since,
       w.decision_id, d.fingerprint, coalesce(d.restrictions, '{}')
FROM usage_linewatch w
JOIN usage_line l ON l.tenant_id = w.tenant_id AND l.id = w.line_id
LEFT JOIN usage_decision d ON d.id = w.decision_id
LEFT JOIN usage_lineplan lp
       ON lp.tenant_id = w.tenant_id AND lp.line_id = w.line_id AND lp.unlinked_at IS NULL
LEFT JOIN usage_linepolicy lo
       ON lo.tenant_id = w.tenant_id AND lo.line_id = w.line_id AND lo.unlinked_at IS NULL
LEFT JOIN usage_linesim ls
       ON ls.tenant_id = w.tenant_id AND ls.line_id = w.line_id AND ls.unlinked_at IS NULL
LEFT JOIN devices_devicesim ds
       ON ds.tenant_id = w.tenant_id AND ds.sim_id = ls.sim_id AND ds.unlinked_at IS NULL
WHERE w.tenant_id = %(tenant)s AND WHICH
ORDER BY w.evaluate_at, w.line_id
LIMIT %(limit)s
FOR UPDATE OF w SKIP LOCKED
"""
DUE = CLAIM.replace("WHICH", "w.evaluate_at <= %(now)s")
ONE = CLAIM.replace("WHICH", "w.line_id = %(line)s AND w.evaluate_at <= %(now)s")

USAGE = """
SELECT w.line_id, w.first_day,
       coalesce(sum(c.volume) FILTER (WHERE c.country = w.home), 0)::bigint,
       coalesce(sum(c.volume) FILTER (WHERE c.country <> w.home), 0)::bigint
FROM unnest(%(lines)s::bigint[], %(first)s::date[], %(end)s::date[], %(source)s::text[],
            %(home)s::text[]) AS w(line_id, first_day, end_day, source, home)
JOIN usage_usagecounter c
  ON c.tenant_id = %(tenant)s AND c.line_id = w.line_id AND c.source = w.source
 AND c.day >= w.first_day AND c.day < w.end_day
GROUP BY w.line_id, w.first_day
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
    cycle_first_day: date | None
    late_since: date | None
    decision_id: int | None
    fingerprint: str | None
    restrictions: list[str]


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

    def __post_init__(self) -> None:
        self._rules: dict[tuple[int | None, int | None], Rules] = {}

    def plan(self, plan_id: int | None) -> PlanFacts:
        return self.plans.get(plan_id, NO_PLAN) if plan_id else NO_PLAN

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
            )
        return self._rules[key]


def rule_book() -> RuleBook:
    """The rule book of the tenant in scope (four queries)."""
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
    return PlanFacts(cycle_rule(plan), plan.domestic_cap, plan.roaming_cap, plan.policy_id)


def claim_due(*, now: datetime, limit: int, line_id: int | None = None) -> list[DueLine]:
    """Lock due watches that nobody else works on; call inside the evaluating transaction."""
    parameters = {"tenant": current_tenant_id(), "now": now, "limit": limit, "line": line_id}
    with connection.cursor() as cursor:
        cursor.execute(ONE if line_id else DUE, parameters)
        return [DueLine(*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class Window:
    """Whose bytes of which days to sum: one line, one cycle, one source, one home country."""

    line_id: int
    cycle: Cycle
    source: str
    home: str


def usage_in(*, windows: Sequence[Window]) -> dict[tuple[int, date], tuple[int, int]]:
    """(line, first day) -> (domestic bytes, roaming bytes); windows without usage are absent."""
    if not windows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            USAGE,
            {
                "tenant": current_tenant_id(),
                "lines": [window.line_id for window in windows],
                "first": [window.cycle.first_day for window in windows],
                "end": [window.cycle.end_day for window in windows],
                "source": [window.source for window in windows],
                "home": [window.home for window in windows],
            },
        )
        return {(line, first): (home, abroad) for line, first, home, abroad in cursor.fetchall()}


def loosenings(*, line_ids: Iterable[int], now: datetime) -> dict[int, list[Loosening]]:
    """Exceptions that hold now or will."""
    found: dict[int, list[Loosening]] = defaultdict(list)
    rows = LineException.objects.filter(line_id__in=list(line_ids), ends_at__gt=now)
    for line_id, kind, starts_at, ends_at in rows.values_list(
        "line_id", "kind", "starts_at", "ends_at"
    ):
        found[line_id].append(Loosening(kind, starts_at, ends_at))
    return found
