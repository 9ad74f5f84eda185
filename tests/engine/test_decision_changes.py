"""What a person would call another alert or another decision, and when to look again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.verdicts import (
    CYCLE,
    ENDS,
    HOUR,
    NOW,
    STANDARD,
    identities,
    judged,
    limit,
    rule_sets,
    volumes,
)
from usage.cycles import Cycle
from usage.decisions import (
    Loosening,
    Rules,
    Usage,
    crossings,
    decide,
)

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
