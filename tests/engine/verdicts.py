"""Verdicts of decide() in a few words, and any rules for properties."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from usage.cycles import Cycle
from usage.decisions import (
    Decision,
    Limit,
    Rules,
    Usage,
    decide,
)

CYCLE = Cycle(date(2026, 3, 1), date(2026, 4, 1))
ENDS = datetime(2026, 3, 31, 22, tzinfo=UTC)
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def limit(value: Any, scope: str = "domestic", measure: str = "percent", **more: Any) -> Limit:
    return Limit(scope=scope, measure=measure, value=Decimal(str(value)), **more)


STANDARD = (
    limit(80),
    limit(100, block_cellular=True),
    limit(80, "roaming"),
    limit(100, "roaming", block_roaming=True),
)


def judged(
    domestic: int = 0,
    roaming: int = 0,
    *,
    limits: tuple[Limit, ...] = STANDARD,
    domestic_cap: int | None = 1000,
    roaming_cap: int | None = 100,
    policy: str = "Standard",
    cycle: Cycle = CYCLE,
    **more: Any,
) -> Decision:
    return decide(
        line_id=more.pop("line_id", 7),
        rules=Rules(limits, domestic_cap, roaming_cap, policy),
        usage=Usage(cycle, domestic, roaming),
        now=more.pop("now", NOW),
        cycle_ends_at=more.pop("cycle_ends_at", ENDS),
        **more,
    )


def identities(decision: Decision) -> set[str]:
    return {crossing.identity for crossing in decision.crossings}


caps = st.one_of(st.none(), st.integers(0, 50), st.integers(0, 10**12))
values = st.one_of(st.decimals(0, 150, places=3), st.decimals(0, 10**12, places=3))
limits = st.builds(
    Limit,
    scope=st.sampled_from(["domestic", "roaming", "total", "total", "zone"]),
    measure=st.sampled_from(["percent", "percent", "bytes", "remaining", "money"]),
    value=values,
    period=st.sampled_from(["cycle", "cycle", "cycle", "day"]),
    block_roaming=st.booleans(),
    block_cellular=st.booleans(),
)
rule_sets = st.builds(
    Rules,
    limits=st.lists(limits, max_size=5).map(tuple),
    domestic_cap=caps,
    roaming_cap=caps,
    policy=st.just("Any"),
)
volumes = st.one_of(st.integers(0, 60), st.integers(0, 2 * 10**12))
