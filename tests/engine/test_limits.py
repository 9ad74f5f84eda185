"""Zones, days, money and exceptions: what counts for which limit, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.engine.verdicts import CYCLE, ENDS, HOUR, NOW, STANDARD, identities, limit
from usage.cycles import Cycle
from usage.decisions import Decision, Loosening, Rules, Usage, decide, shortfall
from usage.limits import Limit, Zone

TODAY = NOW.date()
EU, WORLD, NEAR_BY = Zone("EU", 50, Decimal(2)), Zone("World", 0, Decimal(10)), "Near by"
MB = 10**6


def judged(usage: Usage, *limits: Limit, **more: Any) -> Decision:
    given = {name: more.pop(name) for name in list(more) if name in Rules.__dataclass_fields__}
    rules = Rules(limits, **{"domestic_cap": 1000, "roaming_cap": 100, **given})
    return decide(
        line_id=7,
        rules=rules,
        usage=usage,
        now=more.pop("now", NOW),
        cycle_ends_at=ENDS,
        day_ends_at=NOW + 10 * HOUR,
        **more,
    )


def day(number: int, **use: Any) -> Usage:
    first = date(2026, 3, number)
    return Usage(Cycle(first, first + timedelta(days=1)), **use)


# --- zones --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("in_eu", "elsewhere", "restrictions"),
    [(49, 0, ()), (50, 0, ("roaming_data",)), (0, 99, ()), (49, 51, ())],
)
def test_a_limit_of_one_zone_counts_that_zone_alone(in_eu, elsewhere, restrictions):
    usage = Usage(CYCLE, 0, in_eu + elsewhere, zones={"EU": in_eu, "World": elsewhere})
    block = limit(100, "zone", zone="EU", block_roaming=True)
    assert judged(usage, block, zones=(EU, WORLD)).restrictions == restrictions


def test_a_limit_of_a_zone_that_the_plan_does_not_have_limits_nothing():
    block = limit(100, "zone", zone="EU", block_roaming=True)
    assert judged(Usage(CYCLE, 0, 99), block).standing == "within"


def test_use_in_an_extended_domestic_zone_may_come_from_abroad_and_is_watched_there():
    zones = (Zone(NEAR_BY, None, None, is_domestic=True),)
    decision = judged(Usage(CYCLE, 400), limit(80), zones=zones)
    assert (decision.home_budget, decision.total_budget) == (None, 400)


def test_a_full_zone_is_over_even_where_no_threshold_stands_on_it():
    usage = Usage(CYCLE, 0, 1, zones={"World": 1})
    assert judged(usage, zones=(EU, WORLD)).standing == "over"


# --- days ---------------------------------------------------------------------------------------


def test_a_limit_of_a_day_blocks_today_and_lets_go_at_midnight():
    block = limit(50, measure="bytes", period="day", block_cellular=True)
    days = (day(9, domestic=70), day(10, domestic=60))
    over = judged(Usage(CYCLE, 130, days=days, today=TODAY), block)
    assert (over.restrictions, over.reason) == (("cellular_data",), "day_limit_reached")
    assert over.next_check_at == NOW + 10 * HOUR
    tomorrow = judged(Usage(CYCLE, 130, days=days, today=date(2026, 3, 11)), block)
    assert (tomorrow.restrictions, tomorrow.home_budget) == ((), 50)


def test_a_day_that_is_over_is_told_of_and_blocks_nothing():
    block = limit(50, measure="bytes", period="day", block_cellular=True)
    decision = judged(Usage(CYCLE, 70, days=(day(9, domestic=70),), today=TODAY), block)
    assert decision.restrictions == decision.crossings == ()
    assert [crossing.facts["first_day"] for crossing in decision.late] == ["2026-03-09"]


# --- money --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "zone", "usage", "spent"),
    [
        ("domestic", "", Usage(CYCLE, 3 * MB), "0.999"),
        ("zone", "EU", Usage(CYCLE, 0, MB, zones={"EU": MB}), "1.9999"),
        ("roaming", "", Usage(CYCLE, 0, 2 * MB, zones={"EU": MB, "World": MB}), "11.9999"),
        ("roaming", "", Usage(CYCLE, 0, MB, zones={"EU": 50}), "0.499925"),
        ("total", "", Usage(CYCLE, 3 * MB, MB, zones={"EU": MB}), "2.9989"),
    ],
)
def test_money_is_what_use_over_the_caps_costs(scope, zone, usage, spent):
    price = Decimal("0.5")
    found = judged(usage, limit("0.1", scope, "money", zone=zone), zones=(EU, WORLD), price=price,
                   domestic_cap=1_002_000)  # fmt: skip
    [crossing] = found.crossings
    assert Decimal(crossing.facts["spent"]) == Decimal(spent)
    assert found.reason == "money_limit_near"


def test_without_a_price_or_a_cap_nothing_costs():
    money = limit(1, "total", "money")
    assert judged(Usage(CYCLE, 10**15), money).crossings == ()
    assert judged(
        Usage(CYCLE, 10**15), money, price=Decimal(1), domestic_cap=None, roaming_cap=None
    ).crossings == ()  # fmt: skip


# --- grace --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("crossed", "restrictions", "reason", "next_check"),
    [
        (None, (), "limit_in_grace", NOW + HOUR),
        (NOW - HOUR / 2, (), "limit_in_grace", NOW + HOUR / 2),
        (NOW - HOUR, ("cellular_data",), "limit_reached", ENDS),
    ],
)
def test_a_block_comes_the_grace_delay_after_the_crossing(
    crossed, restrictions, reason, next_check
):
    block = limit(100, block_cellular=True, grace_seconds=3600)
    [identity] = identities(judged(Usage(CYCLE, 1000), block))
    crossed_at = {identity: crossed} if crossed else {}
    decision = judged(Usage(CYCLE, 1000), block, crossed_at=crossed_at)
    assert (decision.restrictions, decision.reason) == (restrictions, reason)
    assert decision.next_check_at == next_check
    assert decision.standing == "over"


# --- exceptions ---------------------------------------------------------------------------------


def held(kind: str, **more: Any) -> Loosening:
    return Loosening(kind, NOW - HOUR, more.pop("ends_at", NOW + HOUR), **more)


@pytest.mark.parametrize(
    ("exception", "reason"),
    [
        (held("exemption", ends_at=None), "exempt"),
        (held("grace"), "in_grace"),
        (held("unblock"), "unblocked_by_hand"),
        (held("unblock", ceiling=1001), "unblocked_by_hand"),
        (held("unblock", ceiling=1000), "limit_reached"),
        (held("top_up", scope="domestic", volume=1), "limit_near"),
        (held("top_up", scope="roaming", volume=1), "limit_reached"),
    ],
)
def test_an_exception_lifts_the_block_while_it_holds(exception, reason):
    decision = judged(Usage(CYCLE, 1000), *STANDARD, exceptions=[exception])
    assert decision.reason == reason
    assert bool(decision.restrictions) == (reason == "limit_reached")


def test_an_unblock_ends_at_its_volume():
    decision = judged(Usage(CYCLE, 1000), *STANDARD, exceptions=[held("unblock", ceiling=1300)])
    assert decision.total_budget == 300


def test_what_a_trip_pays_for_does_not_count():
    usage = Usage(CYCLE, 0, 150, zones={"EU": 150}, covered={"roaming": 60, "zone:EU": 60})
    decision = judged(usage, *STANDARD)
    assert (decision.restrictions, decision.facts["used"]) == ((), 90)


@given(used=st.integers(1000, 10**6), percent=st.integers(1, 100))
def test_a_top_up_of_the_shortfall_restores_service_and_one_byte_less_does_not(used, percent):
    rules = Rules((limit(percent, measure="bytes", block_cellular=True),), 1000, 100)
    usage = Usage(CYCLE, used)
    missing = shortfall(rules=rules, usage=usage, now=NOW, scope="domestic")

    def blocked(volume: int) -> bool:
        more = held("top_up", scope="domestic", volume=volume)
        return bool(judged(usage, *rules.limits, exceptions=[more]).restrictions)

    assert not blocked(missing)
    assert blocked(missing - 1)


# --- budgets ------------------------------------------------------------------------------------

some_limits = st.builds(
    Limit,
    scope=st.sampled_from(["domestic", "roaming", "total", "zone", "zone"]),
    measure=st.sampled_from(["percent", "bytes", "remaining", "money"]),
    value=st.one_of(st.integers(0, 120), st.integers(0, 3 * MB)).map(Decimal),
    period=st.sampled_from(["cycle", "cycle", "day"]),
    zone=st.sampled_from(["EU", "World", NEAR_BY]),
    block_cellular=st.booleans(),
)
bytes_ = st.one_of(st.integers(0, 150), st.integers(0, 4 * MB))
parts = st.fixed_dictionaries(dict.fromkeys(("home", "EU", "World", NEAR_BY, "elsewhere"), bytes_))
caps = st.one_of(st.none(), st.integers(0, 200), st.integers(0, 3 * MB))
prices = st.one_of(st.none(), st.decimals(0, 20, places=4))


def usage_of(part: dict[str, int]) -> Usage:
    figures = {
        "domestic": part["home"] + part[NEAR_BY],
        "roaming": part["EU"] + part["World"] + part["elsewhere"],
        "zones": {name: part[name] for name in ("EU", "World", NEAR_BY)},
    }
    return replace(
        Usage(CYCLE, **figures), days=(day(TODAY.day, **figures),), today=TODAY
    )  # fmt: skip


@given(
    found=st.lists(some_limits, max_size=4).map(tuple),
    terms=st.tuples(caps, caps, caps, caps, prices, prices),
    use=parts,
    more=parts,
)
@settings(max_examples=500)
def test_use_below_every_budget_changes_nothing_in_any_zone(found, terms, use, more):
    home_cap, roaming_cap, eu_cap, near_cap, price, eu_price = terms
    zones = (Zone("EU", eu_cap, eu_price), WORLD, Zone(NEAR_BY, near_cap, None, is_domestic=True))
    rules = {"domestic_cap": home_cap, "roaming_cap": roaming_cap, "price": price, "zones": zones}
    before = judged(usage_of(use), *found, **rules)
    abroad = sum(more.values()) - more["home"]
    assume(before.home_budget is None or more["home"] < before.home_budget)
    assume(before.abroad_budget is None or abroad < before.abroad_budget)
    assume(before.total_budget is None or more["home"] + abroad < before.total_budget)
    after = judged(usage_of({name: use[name] + more[name] for name in use}), *found, **rules)
    assert (after.restrictions, after.standing, after.reason) == (
        before.restrictions, before.standing, before.reason,
    )  # fmt: skip
    assert identities(after) == identities(before)
    assert after.fingerprint == before.fingerprint
