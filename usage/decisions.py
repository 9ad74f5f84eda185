"""What a line's usage means: restrictions, alerts, the reason, and when to look again.

`decide()` is the one place where limits are applied. It is pure: figures, policy, exceptions and
the clock come in, a Decision goes out, and the same input always gives the same output, whoever
calls it and how often. That makes enforcement level-triggered: evaluating a line too often is
harmless, and evaluating it late only costs time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from usage.cycles import Cycle

CELLULAR, ROAMING = "cellular_data", "roaming_data"
SCOPES = ("domestic", "roaming", "total")
MOST = 2**63 - 1
"""The largest volume a column holds. A limit beyond it is as good as none."""
WITHIN, NEAR, OVER = "within", "near", "over"


@dataclass(frozen=True)
class Limit:
    """One threshold of a policy. `value` is in the measure's unit (percent or bytes)."""

    scope: str
    measure: str
    value: Decimal
    period: str = "cycle"
    block_roaming: bool = False
    block_cellular: bool = False

    @property
    def restrictions(self) -> frozenset[str]:
        return frozenset(
            name
            for name, wanted in ((ROAMING, self.block_roaming), (CELLULAR, self.block_cellular))
            if wanted
        )


@dataclass(frozen=True)
class Rules:
    """The effective plan and policy of a line; caps in bytes, None where nothing limits."""

    limits: tuple[Limit, ...] = ()
    domestic_cap: int | None = None
    roaming_cap: int | None = None
    policy: str = ""

    def cap(self, scope: str) -> int | None:
        """The cap of a scope in bytes; the total is capped only where both parts are."""
        if scope == "domestic":
            return self.domestic_cap
        if scope == "roaming":
            return self.roaming_cap
        if scope == "total" and self.domestic_cap is not None and self.roaming_cap is not None:
            return self.domestic_cap + self.roaming_cap
        return None


@dataclass(frozen=True)
class Usage:
    """Bytes used in one cycle."""

    cycle: Cycle
    domestic: int = 0
    roaming: int = 0

    def of(self, scope: str) -> int:
        return {
            "domestic": self.domestic,
            "roaming": self.roaming,
            "total": self.domestic + self.roaming,
        }[scope]


@dataclass(frozen=True)
class Loosening:
    """An exception: blocks do not hold from `starts_at` up to, not including, `ends_at`."""

    kind: str
    starts_at: datetime
    ends_at: datetime

    def holds(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at


@dataclass(frozen=True)
class Crossing:
    """A limit that has been reached: the alert's identity, and the figures of its sentence."""

    identity: str
    critical: bool
    facts: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class Decision:
    """The outcome. Budgets are bytes that may still be used before anything could change.

    `facts` are the figures of the reason; `causes` those of each restriction by itself.
    """

    restrictions: tuple[str, ...]
    standing: str
    reason: str
    facts: dict[str, Any] = field(hash=False)
    causes: dict[str, dict[str, Any]] = field(default_factory=dict, hash=False)
    crossings: tuple[Crossing, ...] = ()
    home_budget: int | None = None
    abroad_budget: int | None = None
    total_budget: int | None = None
    next_check_at: datetime | None = None
    fingerprint: str = ""


def limit_in_bytes(limit: Limit, rules: Rules) -> int | None:
    """The volume at which the limit is reached, or None where it cannot be.

    Fractions of a byte are rounded up, so that a limit is never reached a byte early.
    """
    if limit.period != "cycle":
        return None
    if limit.measure == "bytes":
        return _whole_bytes(limit.value) if limit.scope in SCOPES else None
    cap = rules.cap(limit.scope)
    if cap is None:
        return None
    if limit.measure == "percent":
        return _whole_bytes(cap * limit.value / 100)
    if limit.measure == "remaining":
        return max(cap - int(limit.value), 0)
    return None


def _whole_bytes(volume: Decimal) -> int:
    return min(int(volume.to_integral_value(rounding=ROUND_CEILING)), MOST)


def is_reached(*, used: int, limit: int) -> bool:
    """A limit is reached by the byte that makes it full; a limit of nothing by the first byte."""
    return used >= limit and used > 0


def decide(
    *,
    line_id: int,
    rules: Rules,
    usage: Usage,
    now: datetime,
    cycle_ends_at: datetime,
    exceptions: Sequence[Loosening] = (),
    active: bool = True,
    personal: bool = False,
) -> Decision:
    """Judge one line in its running cycle.

    `cycle_ends_at` is the instant at which `usage.cycle` ends. An inactive line is free of
    restrictions and never looked at again; so is one whose SIM is in a `personal` device.
    """
    if not active:
        return _sealed(Decision((), WITHIN, "line_retired", {}))
    if personal:
        return _sealed(Decision((), WITHIN, "personal_device", {}))
    reached: list[tuple[Limit, int]] = []
    budgets: dict[str, int] = {}
    for limit in rules.limits:
        volume = limit_in_bytes(limit, rules)
        if volume is None:
            continue
        used = usage.of(limit.scope)
        if is_reached(used=used, limit=volume):
            reached.append((limit, volume))
        else:
            left = max(volume - used, 1)
            budgets[limit.scope] = min(left, budgets.get(limit.scope, left))
    restrictions = frozenset().union(*(limit.restrictions for limit, _ in reached))
    standing = _standing(reached=reached, rules=rules, usage=usage)
    # A full cap changes the standing by itself; the total is full only after one of its parts.
    for scope in ("domestic", "roaming") if standing != OVER else ():
        cap = rules.cap(scope)
        if cap is not None:
            left = max(cap - usage.of(scope), 1)
            budgets[scope] = min(left, budgets.get(scope, left))
    holding = [item for item in exceptions if item.holds(now)]
    loosened = max(holding, key=lambda item: item.ends_at, default=None)
    if loosened and restrictions:
        reason = "unblocked_by_hand"
        facts = {**_worst(reached, rules, usage), "until": loosened.ends_at.isoformat()}
        restrictions = frozenset()
    elif reached:
        reason = "limit_reached" if restrictions else "limit_near"
        facts = _worst(reached, rules, usage)
    else:
        reason = "within_limits" if rules.limits else "no_policy"
        facts = {}
    return _sealed(
        Decision(
            restrictions=tuple(sorted(restrictions)),
            standing=standing,
            reason=reason,
            facts=facts,
            causes={
                name: _worst(
                    [item for item in reached if name in item[0].restrictions], rules, usage
                )
                for name in sorted(restrictions)
            },
            crossings=crossings(line_id=line_id, rules=rules, usage=usage),
            home_budget=budgets.get("domestic"),
            abroad_budget=budgets.get("roaming"),
            total_budget=budgets.get("total"),
            next_check_at=_next_check(now, cycle_ends_at, exceptions),
        ),
        cycle=usage.cycle if reached else None,
    )


def crossings(*, line_id: int, rules: Rules, usage: Usage) -> tuple[Crossing, ...]:
    """Every limit that is reached, once each. Used for the running and for closed cycles.

    An alert's identity is made of line, cycle, scope, measure and effective limit, so an edit
    that changes none of these does not alert again.
    """
    found: dict[str, Crossing] = {}
    for limit in rules.limits:
        volume = limit_in_bytes(limit, rules)
        if volume is None or not is_reached(used=usage.of(limit.scope), limit=volume):
            continue
        identity = _digest(
            line_id, usage.cycle.first_day, limit.scope, limit.measure, limit.period, volume
        )
        crossing = Crossing(
            identity=identity,
            critical=bool(limit.restrictions),
            facts=_facts(limit, volume, rules, usage),
        )
        if identity not in found or crossing.critical:
            found[identity] = crossing
    return tuple(found.values())


def _standing(*, reached: Sequence[tuple[Limit, int]], rules: Rules, usage: Usage) -> str:
    if any(limit.restrictions for limit, _ in reached):
        return OVER
    for scope in SCOPES:
        cap = rules.cap(scope)
        if cap is not None and is_reached(used=usage.of(scope), limit=cap):
            return OVER
    return NEAR if reached else WITHIN


def _worst(reached: Iterable[tuple[Limit, int]], rules: Rules, usage: Usage) -> dict[str, Any]:
    """Facts of the limit to name first: one that restricts, then the highest.

    The rest of the key makes the choice independent of the order of the thresholds.
    """
    limit, volume = max(
        reached,
        key=lambda pair: (
            len(pair[0].restrictions),
            pair[1],
            pair[0].scope,
            pair[0].measure,
            pair[0].value,
        ),
    )
    return _facts(limit, volume, rules, usage)


def _facts(limit: Limit, volume: int, rules: Rules, usage: Usage) -> dict[str, Any]:
    return {
        "scope": limit.scope,
        "measure": limit.measure,
        "value": format(limit.value.normalize(), "f"),
        "limit": volume,
        "used": usage.of(limit.scope),
        "cap": rules.cap(limit.scope),
        "policy": rules.policy,
        "first_day": usage.cycle.first_day.isoformat(),
        "last_day": usage.cycle.last_day.isoformat(),
    }


def _next_check(now: datetime, ends_at: datetime, exceptions: Iterable[Loosening]) -> datetime:
    moments = [ends_at]
    for item in exceptions:
        moments += [moment for moment in (item.starts_at, item.ends_at) if moment > now]
    return min(moments)


def _sealed(decision: Decision, cycle: Cycle | None = None) -> Decision:
    """The decision with its fingerprint: two decisions differ when a person would say so."""
    told = {key: value for key, value in decision.facts.items() if key != "used"}
    fingerprint = _digest(
        decision.restrictions,
        decision.standing,
        decision.reason,
        sorted(told.items(), key=lambda item: item[0]),
        cycle.first_day if cycle else None,
    )
    return Decision(**{**decision.__dict__, "fingerprint": fingerprint})


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
