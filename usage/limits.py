"""How far a line is from one of its limits: in bytes or money, in a cycle or a day.

A limit is measured in its own unit, and says besides how many bytes at the least may be used
before it could be reached (`left`). That figure is a lower bound on purpose: it only makes the
line due, and the line is then measured again. Pure, as usage.decisions is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from usage.cycles import Cycle

CELLULAR, ROAMING = "cellular_data", "roaming_data"
SCOPES = ("domestic", "roaming", "total")
MOST = 2**63 - 1
"""The largest volume a column holds. A limit beyond it is as good as none."""
MB = 1_000_000


@dataclass(frozen=True)
class Limit:
    """One threshold of a policy. `value` is in the measure's unit: percent, bytes or money.

    `zone` names the zone of a limit whose scope is one zone. A block comes `grace_seconds` after
    the limit was crossed.
    """

    scope: str
    measure: str
    value: Decimal
    period: str = "cycle"
    block_roaming: bool = False
    block_cellular: bool = False
    zone: str = ""
    grace_seconds: int = 0

    @property
    def restrictions(self) -> frozenset[str]:
        return frozenset(
            name
            for name, wanted in ((ROAMING, self.block_roaming), (CELLULAR, self.block_cellular))
            if wanted
        )


@dataclass(frozen=True)
class Zone:
    """A zone of the plan: cap in bytes (None: no limit), price per MB over it (None: not known).

    Use in an extended domestic zone is domestic, and counts for the zone's own cap besides.
    """

    name: str
    cap: int | None = None
    price: Decimal | None = None
    is_domestic: bool = False


@dataclass(frozen=True)
class Rules:
    """The effective plan and policy of a line; caps in bytes, None where nothing limits."""

    limits: tuple[Limit, ...] = ()
    domestic_cap: int | None = None
    roaming_cap: int | None = None
    policy: str = ""
    price: Decimal | None = None
    zones: tuple[Zone, ...] = ()
    currency: str = ""

    def zone(self, name: str) -> Zone | None:
        return next((zone for zone in self.zones if zone.name == name), None) if name else None

    def cap(self, scope: str, zone: str = "") -> int | None:
        """The cap of a scope in bytes; the total is capped only where both parts are."""
        if scope == "domestic":
            return self.domestic_cap
        if scope == "roaming":
            return self.roaming_cap
        if scope == "total" and self.domestic_cap is not None and self.roaming_cap is not None:
            return self.domestic_cap + self.roaming_cap
        if scope == "zone":
            found = self.zone(zone)
            return found.cap if found else None
        return None

    def caps(self) -> Iterator[tuple[str, str, int]]:
        """(scope, zone, bytes) of the plan's own caps; the total follows from them."""
        if self.domestic_cap is not None:
            yield "domestic", "", self.domestic_cap
        if self.roaming_cap is not None:
            yield "roaming", "", self.roaming_cap
        for zone in self.zones:
            if zone.cap is not None:
                yield "zone", zone.name, zone.cap

    @property
    def by_day(self) -> bool:
        """Whether use has to be known day by day."""
        return any(limit.period == "day" for limit in self.limits)

    @property
    def has_grace(self) -> bool:
        return any(limit.grace_seconds and limit.restrictions for limit in self.limits)


@dataclass(frozen=True)
class Usage:
    """Bytes used in one cycle; use in extended domestic zones is domestic.

    `zones` are the bytes by the zone's name. `covered` are bytes that a trip pays for, by scope
    and by (`zone`, name); `trip_left` is what the trips of today pay for still. `days` are the
    same figures of each day with use, where limits are counted by day; `today` is the running one.
    """

    cycle: Cycle
    domestic: int = 0
    roaming: int = 0
    zones: Mapping[str, int] = field(default_factory=dict, hash=False)
    covered: Mapping[str, int] = field(default_factory=dict, hash=False)
    trip_left: int = 0
    days: tuple[Usage, ...] = ()
    today: date | None = None

    @property
    def counted(self) -> int:
        """Everything, also what a trip pays for."""
        return self.domestic + self.roaming

    def of(self, scope: str, zone: str = "") -> int:
        """Bytes that count against a limit of the scope."""
        if scope == "zone":
            return max(self.zones.get(zone, 0) - self.covered.get(f"zone:{zone}", 0), 0)
        domestic = max(self.domestic - self.covered.get("domestic", 0), 0)
        roaming = max(self.roaming - self.covered.get("roaming", 0), 0)
        return {"domestic": domestic, "roaming": roaming, "total": domestic + roaming}[scope]


@dataclass(frozen=True)
class Extra:
    """Bytes that top-ups and trips add. Those for roaming raise every limit of use abroad."""

    domestic: int = 0
    roaming: int = 0

    def of(self, scope: str, zone: Zone | None = None) -> int:
        if scope == "zone":
            return self.domestic if zone and zone.is_domestic else self.roaming
        if scope == "total":
            return self.domestic + self.roaming
        return self.domestic if scope == "domestic" else self.roaming


@dataclass(frozen=True)
class Measured:
    """One limit, held against use. `at` and `used` are bytes or money; `left` is None once reached.

    `over` is by how many bytes it is passed, `raised_by` the scopes of top-ups that raise it.
    """

    limit: Limit
    at: Decimal | int
    used: Decimal | int
    is_reached: bool
    left: int | None
    spends: str
    cycle: Cycle
    restrictions: frozenset[str]
    over: int = 0
    raised_by: tuple[str, ...] = ()
    is_current: bool = True
    named_scope: str = ""

    @property
    def first_day(self) -> date:
        return self.cycle.first_day

    @property
    def last_day(self) -> date:
        return self.cycle.last_day

    @property
    def order(self) -> tuple[Any, ...]:
        limit = self.limit
        return (
            len(self.restrictions),
            Decimal(self.at),
            limit.scope,
            limit.measure,
            limit.value,
            limit.period,
            limit.zone,
            limit.grace_seconds,
        )


def limit_in_bytes(limit: Limit, rules: Rules, extra: Extra | None = None) -> int | None:
    """The volume at which the limit is reached, or None where it cannot be.

    Fractions of a byte are rounded up, so that a limit is never reached a byte early.
    """
    if limit.scope == "zone" and rules.zone(limit.zone) is None:
        return None
    more = (extra or Extra()).of(limit.scope, rules.zone(limit.zone))
    if limit.measure == "bytes":
        return min(_whole_bytes(limit.value) + more, MOST)
    cap = rules.cap(limit.scope, limit.zone)
    if cap is None:
        return None
    if limit.measure == "percent":
        return _whole_bytes((cap + more) * limit.value / 100)
    if limit.measure == "remaining" and limit.period == "cycle":
        return max(cap + more - int(limit.value), 0)
    return None


def _whole_bytes(volume: Decimal) -> int:
    return min(int(volume.to_integral_value(rounding=ROUND_CEILING)), MOST)


def is_reached(*, used: Decimal | int, limit: Decimal | int) -> bool:
    """A limit is reached by the byte that makes it full; a limit of nothing by the first byte."""
    return used >= limit and used > 0


def spends(scope: str, rules: Rules) -> str:
    """Whose bytes a limit of the scope counts: those at home, abroad, or of both."""
    if scope == "total":
        return "total"
    if scope == "domestic":
        return "total" if any(zone.is_domestic for zone in rules.zones) else "home"
    return "abroad"


def measured(limit: Limit, rules: Rules, usage: Usage, extra: Extra) -> Iterator[Measured]:
    """The limit against the cycle, or against each day with use and the running one."""
    if limit.measure == "money":
        yield from _money(limit, rules, usage, extra)
        return
    volume = limit_in_bytes(limit, rules, extra)
    if volume is None:
        return
    if limit.period == "day":
        for day in _days(usage):
            yield _in_bytes(limit, volume, rules, day, day.cycle.first_day == usage.today)
    else:
        yield _in_bytes(limit, volume, rules, usage, True)


def _days(usage: Usage) -> Iterator[Usage]:
    """The days with use, and the running one: what is left of it bounds every day without."""
    yield from usage.days
    today = usage.today
    if today is not None and all(day.cycle.first_day != today for day in usage.days):
        yield Usage(Cycle(today, today + timedelta(days=1)))


def _raised_by(limit: Limit, rules: Rules) -> tuple[str, ...]:
    if limit.scope == "total":
        return "domestic", "roaming"
    zone = rules.zone(limit.zone)
    is_domestic = limit.scope == "domestic" or bool(zone and zone.is_domestic)
    return ("domestic",) if is_domestic else ("roaming",)


def _in_bytes(limit: Limit, volume: int, rules: Rules, usage: Usage, is_current: bool) -> Measured:
    used = usage.of(limit.scope, limit.zone)
    reached = is_reached(used=used, limit=volume)
    return Measured(
        limit=limit,
        at=volume,
        used=used,
        is_reached=reached,
        left=None if reached else max(volume - used, 1),
        spends=spends(limit.scope, rules),
        cycle=usage.cycle,
        restrictions=limit.restrictions if is_current else frozenset(),
        over=used - volume + 1 if reached else 0,
        raised_by=_raised_by(limit, rules),
        is_current=is_current,
        named_scope=f"zone:{limit.zone}" if limit.scope == "zone" else limit.scope,
    )


# --- money --------------------------------------------------------------------------------------


def _money(limit: Limit, rules: Rules, usage: Usage, extra: Extra) -> Iterator[Measured]:
    """What use over the caps costs. `left` is the way to the limit by the dearest use alone.

    Whoever spreads use over several zones passes the free volume of each, so one zone alone is
    always the shortest way.
    """
    parts = list(_priced(limit, rules, usage, extra)) if limit.period == "cycle" else []
    if not parts:
        return
    cost = sum((price * max(used - free, 0) / MB for used, free, price in parts), Decimal(0))
    reached = is_reached(used=cost, limit=limit.value)
    missing = abs(limit.value - cost)
    ways = [
        max(free - used, 0) + int((missing * MB / price).to_integral_value(rounding=ROUND_CEILING))
        for used, free, price in parts
    ]
    yield Measured(
        limit=limit,
        at=limit.value,
        used=cost,
        is_reached=reached,
        left=None if reached else max(min(*ways, MOST), 1),
        spends=spends(limit.scope, rules),
        cycle=usage.cycle,
        restrictions=limit.restrictions,
        over=max(ways) + 1 if reached else 0,
        raised_by=_raised_by(limit, rules),
        named_scope=f"zone:{limit.zone}" if limit.scope == "zone" else limit.scope,
    )


def _priced(
    limit: Limit, rules: Rules, usage: Usage, extra: Extra
) -> Iterator[tuple[int, int, Decimal]]:
    """(bytes used, bytes that cost nothing, price per MB) of each part of the scope with a price.

    Use in no zone has the plan's own price and the plan's roaming cap. Where nothing limits,
    nothing is over and nothing costs.
    """
    scope = limit.scope
    if scope == "zone":
        zones = [zone for zone in rules.zones if zone.name == limit.zone]
    elif scope == "domestic":
        zones = [zone for zone in rules.zones if zone.is_domestic]
    elif scope == "roaming":
        zones = [zone for zone in rules.zones if not zone.is_domestic]
    else:
        zones = list(rules.zones) if scope == "total" else []
    for zone in zones:
        if zone.cap is not None and zone.price:
            used = usage.of("zone", zone.name)
            yield used, zone.cap + extra.of("zone", zone), zone.price
    if not rules.price:
        return
    if scope in {"domestic", "total"} and rules.domestic_cap is not None:
        yield usage.of("domestic"), rules.domestic_cap + extra.domestic, rules.price
    if scope in {"roaming", "total"} and rules.roaming_cap is not None:
        in_zones = sum(usage.of("zone", zone.name) for zone in rules.zones if not zone.is_domestic)
        elsewhere = max(usage.of("roaming") - in_zones, 0)
        yield elsewhere, rules.roaming_cap + extra.roaming, rules.price
