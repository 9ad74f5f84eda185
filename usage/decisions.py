"""What a line's usage means: restrictions, alerts, the reason, and when to look again.

`decide()` is the one place where limits are applied. It is pure: figures, policy, exceptions and
the clock come in, a Decision goes out, and the same input always gives the same output, whoever
calls it and how often. That makes enforcement level-triggered: evaluating a line too often is
harmless, and evaluating it late only costs time. How much a limit leaves is in usage.limits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from usage.cycles import Cycle
from usage.limits import (
    Extra,
    Limit,
    Measured,
    Rules,
    Usage,
    is_reached,
    limit_in_bytes,
    measured,
    spends,
)

__all__ = [
    "CELLULAR",
    "NEAR",
    "OVER",
    "ROAMING",
    "WITHIN",
    "Crossing",
    "Decision",
    "Limit",
    "Loosening",
    "Rules",
    "Usage",
    "crossings",
    "decide",
    "extra_of",
    "is_reached",
    "limit_in_bytes",
]

CELLULAR, ROAMING = "cellular_data", "roaming_data"
WITHIN, NEAR, OVER = "within", "near", "over"
LIFTING = {"unblock": "unblocked_by_hand", "grace": "in_grace", "exemption": "exempt"}
"""Kinds of exceptions that keep blocks away, and the reason that each gives."""


@dataclass(frozen=True)
class Loosening:
    """An exception: holds from `starts_at` up to, not including, `ends_at` (None: for good).

    A top-up adds `volume` bytes to the limits of `scope`. An unblock ends early, at `ceiling`
    bytes used in the cycle. What a trip pays for is known from the use (Usage.trip_left).
    """

    kind: str
    starts_at: datetime
    ends_at: datetime | None
    scope: str = ""
    volume: int = 0
    ceiling: int | None = None

    def holds(self, now: datetime, usage: Usage) -> bool:
        begun = self.starts_at <= now and (self.ends_at is None or now < self.ends_at)
        return begun and (self.ceiling is None or usage.counted < self.ceiling)


@dataclass(frozen=True)
class Crossing:
    """A limit that has been reached: the alert's identity, and the figures of its sentence."""

    identity: str
    critical: bool
    facts: dict[str, Any] = field(hash=False)
    reason: str = "limit_reached"


@dataclass(frozen=True)
class Decision:
    """The outcome. Budgets are bytes that may still be used before anything could change.

    `facts` are the figures of the reason; `causes` those of each restriction by itself, and
    `cause_reasons` their sentences. `late` are crossings of days that are over.
    """

    restrictions: tuple[str, ...]
    standing: str
    reason: str
    facts: dict[str, Any] = field(hash=False)
    causes: dict[str, dict[str, Any]] = field(default_factory=dict, hash=False)
    cause_reasons: dict[str, str] = field(default_factory=dict, hash=False)
    crossings: tuple[Crossing, ...] = ()
    late: tuple[Crossing, ...] = ()
    home_budget: int | None = None
    abroad_budget: int | None = None
    total_budget: int | None = None
    next_check_at: datetime | None = None
    fingerprint: str = ""


def decide(
    *,
    line_id: int,
    rules: Rules,
    usage: Usage,
    now: datetime,
    cycle_ends_at: datetime,
    day_ends_at: datetime | None = None,
    exceptions: Sequence[Loosening] = (),
    crossed_at: Mapping[str, datetime] | None = None,
    active: bool = True,
    personal: bool = False,
) -> Decision:
    """Judge one line in its running cycle.

    `cycle_ends_at` is the instant at which `usage.cycle` ends, `day_ends_at` that of the running
    day (needed where limits are counted by day). `crossed_at` tells when limits with a grace delay
    were crossed, by identity; one that is missing is crossed now. An inactive line is free of
    restrictions and never looked at again; so is one whose SIM is in a `personal` device.
    """
    if not active:
        return _sealed(Decision((), WITHIN, "line_retired", {}))
    if personal:
        return _sealed(Decision((), WITHIN, "personal_device", {}))
    extra = extra_of(exceptions, usage, now)
    found = [item for limit in rules.limits for item in measured(limit, rules, usage, extra)]
    current = [item for item in found if item.is_current]
    reached = [item for item in current if item.is_reached]
    budgets = _Budgets()
    for item in found:
        budgets.take(item.spends, item.left)
    standing = _standing(reached, rules, usage, extra)
    if standing != OVER:
        _watch_caps(budgets, rules, usage, extra)
    waiting = _waiting(reached, line_id, usage, crossed_at or {}, now)
    blocking = [item for item in reached if item.restrictions and item not in waiting]
    lifted = _lifted(exceptions, usage, now)
    for exception in exceptions:
        if exception.ceiling is not None and exception.holds(now, usage):
            budgets.take("total", exception.ceiling - usage.counted)
    restrictions = frozenset().union(*(item.restrictions for item in blocking))
    if lifted and restrictions:
        reason, facts = _lifted_reason(lifted, blocking, rules, usage)
        restrictions = frozenset()
    elif restrictions:
        reason, facts = _reason(blocking, rules, usage, "limit_reached")
    elif waiting:
        soon = min(waiting, key=lambda item: (waiting[item], item.order))
        facts = {**_facts(soon, rules, usage), "until": waiting[soon].isoformat()}
        reason = "limit_in_grace"
    elif reached:
        reason, facts = _reason(reached, rules, usage, "limit_near")
    else:
        reason, facts = ("within_limits" if rules.limits else "no_policy"), {}
    causes = {
        name: _reason(
            [item for item in blocking if name in item.restrictions], rules, usage, "limit_reached"
        )
        for name in sorted(restrictions)
    }
    moments = [cycle_ends_at, *waiting.values()]
    if day_ends_at is not None and any(item.limit.period == "day" for item in reached):
        moments.append(day_ends_at)
    return _sealed(
        Decision(
            restrictions=tuple(sorted(restrictions)),
            standing=standing,
            reason=reason,
            facts=facts,
            causes={name: figures for name, (_key, figures) in causes.items()},
            cause_reasons={name: key for name, (key, _figures) in causes.items()},
            crossings=_crossings(current, line_id, rules, usage),
            late=_crossings([item for item in found if not item.is_current], line_id, rules, usage),
            home_budget=budgets.left.get("home"),
            abroad_budget=budgets.left.get("abroad"),
            total_budget=budgets.left.get("total"),
            next_check_at=_next_check(now, moments, exceptions),
        ),
        cycle=usage.cycle if reached else None,
    )


def crossings(
    *,
    line_id: int,
    rules: Rules,
    usage: Usage,
    exceptions: Sequence[Loosening] = (),
    at: datetime | None = None,
) -> tuple[Crossing, ...]:
    """Every limit of a closed cycle that is reached, once each.

    `at` is its last moment: top-ups that held then raised its limits. Nothing else loosens them.
    """
    extra = extra_of(exceptions, usage, at) if at else Extra()
    found = [item for limit in rules.limits for item in measured(limit, rules, usage, extra)]
    return _crossings(found, line_id, rules, usage)


def shortfall(
    *,
    rules: Rules,
    usage: Usage,
    exceptions: Sequence[Loosening] = (),
    now: datetime,
    scope: str,
) -> int:
    """Bytes by which the line is past the blocking limits that a top-up of `scope` raises."""
    extra = extra_of(exceptions, usage, now)
    found = [item for limit in rules.limits for item in measured(limit, rules, usage, extra)]
    past = [item for item in found if item.is_reached and item.restrictions]
    return max((item.over for item in past if scope in item.raised_by), default=0)


class _Budgets:
    """The least of what each limit leaves, for bytes at home, abroad, and of both."""

    def __init__(self) -> None:
        self.left: dict[str, int] = {}

    def take(self, where: str, left: int | None) -> None:
        if left is not None:
            left = max(left, 1)
            self.left[where] = min(left, self.left.get(where, left))


def extra_of(exceptions: Iterable[Loosening], usage: Usage, now: datetime) -> Extra:
    """What top-ups and trips add to the limits at the moment."""
    domestic, roaming = 0, usage.trip_left
    for item in exceptions:
        if item.kind == "top_up" and item.holds(now, usage):
            domestic += item.volume if item.scope == "domestic" else 0
            roaming += item.volume if item.scope == "roaming" else 0
    return Extra(domestic, roaming)


def _lifted(exceptions: Iterable[Loosening], usage: Usage, now: datetime) -> Loosening | None:
    """The exception that keeps blocks away longest."""
    holding = [item for item in exceptions if item.kind in LIFTING and item.holds(now, usage)]
    return max(
        holding,
        key=lambda item: (item.ends_at is None, item.ends_at or item.starts_at, item.kind),
        default=None,
    )


def _waiting(
    reached: Iterable[Measured],
    line_id: int,
    usage: Usage,
    crossed_at: Mapping[str, datetime],
    now: datetime,
) -> dict[Measured, datetime]:
    """Limits whose block does not hold yet, and the moment from which it will."""
    found = {}
    for item in reached:
        if item.restrictions and item.limit.grace_seconds:
            crossed = crossed_at.get(_identity(item, line_id, usage), now)
            moment = crossed + timedelta(seconds=item.limit.grace_seconds)
            if moment > now:
                found[item] = moment
    return found


def _watch_caps(budgets: _Budgets, rules: Rules, usage: Usage, extra: Extra) -> None:
    """A full cap changes the standing by itself; the total is full only after one of its parts."""
    for scope, zone, cap in rules.caps():
        left = cap + extra.of(scope, rules.zone(zone)) - usage.of(scope, zone)
        budgets.take(spends(scope, rules), left)


def _standing(reached: Sequence[Measured], rules: Rules, usage: Usage, extra: Extra) -> str:
    if any(item.restrictions for item in reached):
        return OVER
    for scope, zone, cap in rules.caps():
        limit = cap + extra.of(scope, rules.zone(zone))
        if is_reached(used=usage.of(scope, zone), limit=limit):
            return OVER
    return NEAR if reached else WITHIN


def _lifted_reason(
    lifted: Loosening, blocking: Sequence[Measured], rules: Rules, usage: Usage
) -> tuple[str, dict[str, Any]]:
    _key, facts = _reason(blocking, rules, usage, "limit_reached")
    reason = LIFTING[lifted.kind]
    if reason == "unblocked_by_hand" and "used" not in facts:
        reason = "money_unblocked_by_hand"
    if lifted.ends_at is not None:
        facts = {**facts, "until": lifted.ends_at.isoformat()}
    return reason, facts


def _reason(
    items: Iterable[Measured], rules: Rules, usage: Usage, key: str
) -> tuple[str, dict[str, Any]]:
    """Sentence and facts of the limit to name first: one that restricts, then the highest.

    The rest of the order makes the choice independent of the order of the thresholds.
    """
    worst = max(items, key=lambda item: item.order)
    return _key(worst, key), _facts(worst, rules, usage)


def _key(item: Measured, key: str) -> str:
    if item.limit.measure == "money":
        return f"money_{key}"
    return f"day_{key}" if item.limit.period == "day" else key


def _facts(item: Measured, rules: Rules, usage: Usage) -> dict[str, Any]:
    limit = item.limit
    figures: dict[str, Any]
    if limit.measure == "money":
        figures = {
            "spent": format(item.used, "f"),
            "price": format(item.at, "f"),
            "currency": rules.currency,
        }
    else:
        figures = {"used": int(item.used), "limit": int(item.at)}
    return {
        "scope": item.named_scope,
        "measure": limit.measure,
        "value": format(limit.value.normalize(), "f"),
        **figures,
        "cap": rules.cap(limit.scope, limit.zone),
        "policy": rules.policy,
        "first_day": item.first_day.isoformat(),
        "last_day": item.last_day.isoformat(),
    }


def _crossings(
    items: Iterable[Measured], line_id: int, rules: Rules, usage: Usage
) -> tuple[Crossing, ...]:
    """Every limit that is reached, once each.

    An alert's identity is made of line, cycle, scope, measure and effective limit, so an edit that
    changes none of these does not alert again.
    """
    found: dict[str, Crossing] = {}
    for item in items:
        if not item.is_reached:
            continue
        critical = bool(item.limit.restrictions)
        crossing = Crossing(
            identity=_identity(item, line_id, usage),
            critical=critical,
            facts=_facts(item, rules, usage),
            reason=_key(item, "limit_reached" if critical else "limit_near"),
        )
        if crossing.identity not in found or crossing.critical:
            found[crossing.identity] = crossing
    return tuple(found.values())


def _identity(item: Measured, line_id: int, usage: Usage) -> str:
    limit = item.limit
    parts: tuple[object, ...] = (
        line_id,
        item.first_day,
        limit.scope,
        limit.measure,
        limit.period,
        int(item.at) if limit.measure != "money" else format(Decimal(item.at).normalize(), "f"),
    )
    return _digest(*parts, limit.zone) if limit.zone else _digest(*parts)


def _next_check(
    now: datetime, moments: Iterable[datetime], exceptions: Iterable[Loosening]
) -> datetime:
    found = list(moments)
    for item in exceptions:
        ends = (item.starts_at, item.ends_at)
        found += [moment for moment in ends if moment is not None and moment > now]
    return min(found)


def _sealed(decision: Decision, cycle: Cycle | None = None) -> Decision:
    """The decision with its fingerprint: two decisions differ when a person would say so."""
    told = {key: value for key, value in decision.facts.items() if key not in {"used", "spent"}}
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
