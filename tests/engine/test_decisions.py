"""decide(): limits hold neither a byte early nor late, and budgets overlook no change."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from common.units import MAX_VOLUME
from tests.engine.verdicts import (
    CYCLE,
    ENDS,
    NOW,
    STANDARD,
    identities,
    judged,
    limit,
    rule_sets,
    volumes,
)
from usage.decisions import (
    Decision,
    Rules,
    Usage,
    decide,
    limit_in_bytes,
)
from usage.limits import Zone

# --- limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domestic", "roaming", "restrictions", "standing", "reason", "alerts"),
    [
        (0, 0, (), "within", "within_limits", 0),
        (799, 79, (), "within", "within_limits", 0),
        (800, 0, (), "near", "limit_near", 1),
        (999, 0, (), "near", "limit_near", 1),
        (1000, 0, ("cellular_data",), "over", "limit_reached", 2),
        (0, 80, (), "near", "limit_near", 1),
        (0, 99, (), "near", "limit_near", 1),
        (0, 100, ("roaming_data",), "over", "limit_reached", 2),
        (800, 100, ("roaming_data",), "over", "limit_reached", 3),
        (10**17, 10**17, ("cellular_data", "roaming_data"), "over", "limit_reached", 4),
    ],
)
def test_the_default_policy_warns_at_80_percent_and_acts_at_100(
    domestic, roaming, restrictions, standing, reason, alerts
):
    decision = judged(domestic, roaming)
    assert (decision.restrictions, decision.standing, decision.reason) == (
        restrictions,
        standing,
        reason,
    )
    assert len(decision.crossings) == alerts


@pytest.mark.parametrize(
    ("what", "bytes_"),
    [
        (limit(80), 800),
        (limit("80.01"), 801),
        (limit("0.001"), 1),
        (limit(0), 0),
        (limit(150), 1500),
        (limit(80, "total"), 880),
        (limit(250, measure="bytes"), 250),
        (limit("250.001", measure="bytes"), 251),
        (limit(250, measure="remaining"), 750),
        (limit("250.9", measure="remaining"), 750),
        (limit(2000, measure="remaining"), 0),
        (limit(10**19, measure="bytes"), 2**63 - 1),
        (limit(10**19), 2**63 - 1),
        (limit(80, period="day"), 800),
        (limit(80, "zone", zone="EU"), 40),
        (limit(80, "zone", "bytes", zone="EU"), 80),
        # money is not a volume, a day leaves nothing over, and the plan has no such zone
        (limit(80, measure="money"), None),
        (limit(80, measure="remaining", period="day"), None),
        (limit(80, "zone", zone="Elsewhere"), None),
        (limit(80, "zone", "bytes", zone="Elsewhere"), None),
    ],
)
def test_a_limit_is_a_volume_in_bytes_rounded_up(what, bytes_):
    rules = Rules(domestic_cap=1000, roaming_cap=100, zones=(Zone("EU", 50),))
    assert limit_in_bytes(what, rules) == bytes_


@pytest.mark.parametrize("measure", ["percent", "remaining"])
@pytest.mark.parametrize("scope", ["domestic", "roaming", "total"])
def test_without_a_cap_there_is_nothing_to_take_a_part_of(scope, measure):
    assert limit_in_bytes(limit(80, scope, measure), Rules()) is None


@pytest.mark.parametrize(("home", "abroad"), [(1000, None), (None, 100)])
def test_the_total_is_capped_only_where_both_parts_are(home, abroad):
    assert limit_in_bytes(limit(80, "total"), Rules((), home, abroad)) is None


@given(
    cap=st.integers(0, MAX_VOLUME // 2),
    percent=st.decimals(0, 200, places=3),
)
def test_a_percentage_is_never_reached_a_byte_early_nor_late(cap, percent):
    volume = limit_in_bytes(limit(percent), Rules(domestic_cap=cap))
    exact = Fraction(percent) * cap / 100
    assert volume is not None
    assert exact <= volume < exact + 1


@pytest.mark.parametrize(
    ("used", "restrictions", "standing"),
    [(0, (), "within"), (1, ("roaming_data",), "over"), (10**9, ("roaming_data",), "over")],
)
def test_a_cap_of_nothing_is_reached_by_the_first_byte(used, restrictions, standing):
    decision = judged(0, used, roaming_cap=0)
    assert (decision.restrictions, decision.standing) == (restrictions, standing)


def test_a_full_cap_without_a_threshold_has_a_budget_all_the_same():
    assert judged(900, limits=(limit(80),)).home_budget == 100


def test_a_full_cap_is_over_even_where_no_threshold_stands_on_it():
    warn = (limit(80),)
    assert judged(999, limits=warn).standing == "near"
    assert judged(1000, limits=warn).standing == "over"
    assert judged(1000, limits=()).standing == "over"
    assert judged(1000, limits=()).restrictions == ()


def test_a_line_without_a_policy_is_told_so():
    assert judged(5, limits=(), domestic_cap=None).reason == "no_policy"


# --- budgets ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domestic", "roaming", "more", "home", "abroad", "total"),
    [
        (0, 0, (), 800, 80, None),
        (799, 79, (), 1, 1, None),
        (800, 80, (), 200, 20, None),
        (1000, 0, (), None, 80, None),
        (1000, 100, (), None, None, None),
        (10, 10, (limit(50, "total", "bytes"),), 790, 70, 30),
        (10, 10, (limit(15, "total", "bytes"),), 790, 70, None),
    ],
)
def test_budgets_are_the_bytes_to_the_next_limit(domestic, roaming, more, home, abroad, total):
    decision = judged(domestic, roaming, limits=(*STANDARD, *more))
    assert (decision.home_budget, decision.abroad_budget, decision.total_budget) == (
        home,
        abroad,
        total,
    )


def part(draw: Any, budget: int | None) -> int:
    return draw(st.integers(0, 10**13 if budget is None else max(budget - 1, 0)))


@given(rules=rule_sets, domestic=volumes, roaming=volumes, data=st.data())
@settings(max_examples=600)
def test_usage_below_every_budget_changes_nothing_a_person_would_see(
    rules, domestic, roaming, data
):
    def verdict(home: int, abroad: int) -> Decision:
        return decide(
            line_id=7, rules=rules, usage=Usage(CYCLE, home, abroad), now=NOW, cycle_ends_at=ENDS
        )

    before = verdict(domestic, roaming)
    for budget in (before.home_budget, before.abroad_budget, before.total_budget):
        assert budget is None or 0 < budget < 2**63
    more_home = part(data.draw, before.home_budget)
    more_abroad = part(data.draw, before.abroad_budget)
    assume(before.total_budget is None or more_home + more_abroad < before.total_budget)
    after = verdict(domestic + more_home, roaming + more_abroad)
    assert after.restrictions == before.restrictions
    assert after.standing == before.standing
    assert after.reason == before.reason
    assert identities(after) == identities(before)
    assert after.fingerprint == before.fingerprint


@given(rules=rule_sets, domestic=volumes, roaming=volumes)
@settings(max_examples=300)
def test_restrictions_are_those_of_the_limits_reached_and_no_others(rules, domestic, roaming):
    usage = Usage(CYCLE, domestic, roaming)
    decision = decide(line_id=7, rules=rules, usage=usage, now=NOW, cycle_ends_at=ENDS)
    expected = set()
    for item in rules.limits:
        volume = limit_in_bytes(item, rules)
        used = {"domestic": domestic, "roaming": roaming}.get(item.scope, domestic + roaming)
        if item.period == "cycle" and volume is not None and 0 < used >= volume:
            expected |= item.restrictions
    assert set(decision.restrictions) == expected
    assert list(decision.restrictions) == sorted(expected)
