"""decide(): limits hold neither a byte early nor late, and budgets overlook no change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from usage.cycles import Cycle
from usage.decisions import (
    Decision,
    Limit,
    Loosening,
    Rules,
    Usage,
    crossings,
    decide,
    limit_in_bytes,
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
        # not limited yet: other scopes, measures and periods
        (limit(80, period="day"), None),
        (limit(80, measure="money"), None),
        (limit(80, "zone"), None),
        (limit(80, "pool"), None),
        (limit(80, "zone", "bytes"), None),
    ],
)
def test_a_limit_is_a_volume_in_bytes_rounded_up(what, bytes_):
    assert limit_in_bytes(what, Rules(domestic_cap=1000, roaming_cap=100)) == bytes_


@pytest.mark.parametrize("measure", ["percent", "remaining"])
@pytest.mark.parametrize("scope", ["domestic", "roaming", "total"])
def test_without_a_cap_there_is_nothing_to_take_a_part_of(scope, measure):
    assert limit_in_bytes(limit(80, scope, measure), Rules()) is None


@pytest.mark.parametrize(("home", "abroad"), [(1000, None), (None, 100)])
def test_the_total_is_capped_only_where_both_parts_are(home, abroad):
    assert limit_in_bytes(limit(80, "total"), Rules((), home, abroad)) is None


@given(
    cap=st.integers(0, 2**62),
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
        if volume is not None and 0 < used >= volume:
            expected |= item.restrictions
    assert set(decision.restrictions) == expected
    assert list(decision.restrictions) == sorted(expected)


# --- alerts -----------------------------------------------------------------------------------


def test_an_alert_stays_itself_through_edits_that_change_nothing():
    first = identities(judged(1000))
    assert first == identities(judged(5000, policy="Renamed"))
    assert first == identities(judged(1000, limits=tuple(reversed(STANDARD))))
    assert first == identities(judged(1000, limits=(limit("80.000"), *STANDARD[1:])))
    assert first == identities(judged(1000, limits=(limit(80, block_roaming=True), *STANDARD[1:])))
    assert first == identities(judged(1000, exceptions=[Loosening("unblock", NOW, ENDS)]))


@pytest.mark.parametrize(
    "edited",
    [
        {"line_id": 8},
        {"domestic_cap": 900},
        {"limits": (limit(81), limit(99))},
        {"cycle": Cycle(date(2026, 2, 1), date(2026, 3, 1))},
    ],
    ids=str,
)
def test_another_line_cycle_or_effective_limit_is_another_alert(edited):
    assert not identities(judged(1000)) & identities(judged(1000, **edited))


def test_the_same_limit_twice_is_one_alert_as_loud_as_the_louder():
    blocking = limit(100, block_cellular=True)
    for limits in permutations([limit(100), blocking, limit("99.95")]):
        found = crossings(
            line_id=7, rules=Rules(limits, domestic_cap=1000), usage=Usage(CYCLE, 1000)
        )
        assert [crossing.critical for crossing in found] == [True]


@given(rules=rule_sets, domestic=volumes, roaming=volumes)
def test_no_identity_crosses_twice(rules, domestic, roaming):
    found = crossings(line_id=7, rules=rules, usage=Usage(CYCLE, domestic, roaming))
    assert len({crossing.identity for crossing in found}) == len(found)


# --- exceptions and time ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("starts", "ends", "restrictions", "reason"),
    [
        (-1, 1, (), "unblocked_by_hand"),
        (0, 1, (), "unblocked_by_hand"),
        (-1, 0, ("cellular_data",), "limit_reached"),
        (1, 2, ("cellular_data",), "limit_reached"),
    ],
)
def test_an_exception_holds_from_its_start_up_to_its_end(starts, ends, restrictions, reason):
    exception = Loosening("unblock", NOW + starts * HOUR, NOW + ends * HOUR)
    decision = judged(1000, exceptions=[exception])
    assert (decision.restrictions, decision.reason) == (restrictions, reason)
    assert decision.standing == "over"


def test_of_several_exceptions_the_longest_is_named_whatever_their_order():
    short, long = (Loosening("unblock", NOW - HOUR, NOW + hours * HOUR) for hours in (1, 5))
    for exceptions in ([short, long], [long, short]):
        assert judged(1000, exceptions=exceptions).facts["until"] == (NOW + 5 * HOUR).isoformat()


def test_an_exception_without_a_block_is_not_mentioned():
    assert judged(900, exceptions=[Loosening("unblock", NOW, ENDS)]).reason == "limit_near"


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], ENDS),
        ([(-2, -1)], ENDS),
        ([(-1, 3)], NOW + 3 * HOUR),
        ([(2, 3)], NOW + 2 * HOUR),
        ([(0, 3), (1, 2)], NOW + HOUR),
        ([(-1, 10_000)], ENDS),
    ],
)
def test_the_next_look_is_at_the_first_moment_that_could_change_anything(spans, expected):
    exceptions = [Loosening("unblock", NOW + a * HOUR, NOW + b * HOUR) for a, b in spans]
    assert judged(5, exceptions=exceptions).next_check_at == expected


def test_a_retired_line_is_free_and_never_looked_at_again():
    decision = judged(10**6, 10**6, active=False)
    assert (decision.restrictions, decision.standing, decision.reason) == (
        (),
        "within",
        "line_retired",
    )
    assert decision.crossings == ()
    assert decision.next_check_at is None
    assert decision.home_budget is decision.abroad_budget is decision.total_budget is None


# --- what a person would call another decision ------------------------------------------------

OVER = judged(1000)


@pytest.mark.parametrize(
    "same",
    [
        judged(1000),
        judged(123_456),
        judged(1000, now=NOW + HOUR),
        judged(1000, line_id=7, limits=tuple(reversed(STANDARD))),
        judged(1000, exceptions=[Loosening("unblock", NOW + HOUR, ENDS)]),
    ],
)
def test_more_usage_and_more_time_alone_are_not_another_decision(same):
    assert same.fingerprint == OVER.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        judged(999),
        judged(0),
        judged(1000, 100),
        judged(1000, domestic_cap=900),
        judged(1000, policy="Renamed"),
        judged(1000, limits=(limit(100, block_roaming=True),)),
        judged(1000, exceptions=[Loosening("unblock", NOW, NOW + HOUR)]),
        judged(1000, active=False),
        judged(1000, cycle=Cycle(date(2026, 4, 1), date(2026, 5, 1))),
    ],
)
def test_another_block_limit_policy_or_cycle_is_another_decision(other):
    assert other.fingerprint != OVER.fingerprint


def test_a_new_cycle_in_which_nothing_is_reached_is_no_news():
    april = Cycle(date(2026, 4, 1), date(2026, 5, 1))
    assert judged(5).fingerprint == judged(6, cycle=april).fingerprint


@given(rules=rule_sets, domestic=volumes, roaming=volumes, data=st.data())
def test_the_order_of_thresholds_and_exceptions_is_nothing_to_a_decision(
    rules, domestic, roaming, data
):
    spans = data.draw(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 5)), max_size=3))
    exceptions = [Loosening("unblock", NOW + a * HOUR, NOW + (a + b) * HOUR) for a, b in spans]
    shuffled = replace(rules, limits=tuple(data.draw(st.permutations(rules.limits))))
    verdicts = [
        decide(
            line_id=7,
            rules=some_rules,
            usage=Usage(CYCLE, domestic, roaming),
            now=NOW,
            cycle_ends_at=ENDS,
            exceptions=some_exceptions,
        )
        for some_rules, some_exceptions in (
            (rules, exceptions),
            (shuffled, data.draw(st.permutations(exceptions))),
        )
    ]
    assert verdicts[0].fingerprint == verdicts[1].fingerprint
    assert identities(verdicts[0]) == identities(verdicts[1])
    assert verdicts[0].next_check_at == verdicts[1].next_check_at
