"""The planner and the gate: one step for every situation, and a reason for every refusal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.sentences import SENTENCES, sentence
from connectors.gate import judge
from devices.plan import (
    BACK_OFF,
    CELLULAR,
    PUSH_AGAIN,
    RESYNC_AFTER,
    ROAMING,
    Change,
    Look,
    Nothing,
    Refusal,
    Situation,
    Target,
    parse_version,
    plan,
    refusal,
    wait_after,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
IPHONE = Target("ios", "18.1")
GALAXY = Target("knox", "14", management_mode="DO")
NONE: frozenset[str] = frozenset()
ROAM, CELL = frozenset({ROAMING}), frozenset({CELLULAR})
BOTH = ROAM | CELL
SETS = (NONE, ROAM, CELL, BOTH)


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (IPHONE, None),
        (GALAXY, None),
        (Target("ipados", "13.0"), None),
        (Target("ipados", "13"), None),
        (Target("ios", "9"), None),
        (Target("ios", "9.0"), None),
        (Target("ios", "16.1 (a)"), None),
        (Target("ios", ""), None),
        (Target("knox", "4.4", management_mode="DA"), None),
        (Target("knox", "4.4.2", management_mode="COPE"), None),
        (Target("ios", "18.1", state="unmanaged"), "not_enrolled"),
        (Target("ios", "18.1", state="retired"), "not_enrolled"),
        (Target("other", state="retired"), "not_enrolled"),
        (Target("android", "14"), "not_knox"),
        (Target("other", "11"), "unknown_platform"),
        (Target("windows"), "unknown_platform"),
        (Target("ipados", "18.1", has_mobile_radio=False), "no_cellular_hardware"),
        (Target("knox", "14", has_mobile_radio=False), "no_cellular_hardware"),
        (Target("ios", "18.1", management_mode="user"), "user_enrollment"),
        (Target("ipados", "18.1", management_mode="user"), "user_enrollment"),
        (Target("knox", "14", management_mode="PO"), "work_profile_only"),
        (Target("ios", "7.1.2"), "os_too_old"),
        (Target("ios", "7"), "os_too_old"),
        (Target("ipados", "12.9"), "os_too_old"),
        (Target("knox", "4.3"), "os_too_old"),
        (Target("ios", "8"), "ios8_no_cellular_rule"),
        (Target("ios", "8.4.1"), "ios8_no_cellular_rule"),
    ],
    ids=str,
)
def test_a_device_that_cannot_be_restricted_is_refused_with_its_code(target, code):
    for wanted in (ROAM, CELL, BOTH):
        refused = refusal(target=target, restrictions=wanted)
        assert (refused and refused.code) == code
        step = plan(target=target, situation=Situation(desired=wanted), now=NOW)
        assert isinstance(step, Refusal) == (code is not None)
    assert refusal(target=target, restrictions=()) is None
    if code:
        text = sentence(refused.code, dict(refused.facts))
        assert code in SENTENCES
        assert text != code
        assert "%(" not in text


@pytest.mark.parametrize(
    ("older", "newer"),
    [("3.9", "3.10"), ("8", "8.1"), ("9.3.5", "10"), ("13", "13.0.1"), ("4.4", "4.4.2")],
)
def test_versions_are_compared_part_by_part(older, newer):
    assert parse_version(older) < parse_version(newer)


@pytest.mark.parametrize(
    "text", ["", "Tiramisu", "14-beta", "1..2", ".", "²", "١٤", "v14", "14.", "-1"]
)
def test_a_text_that_is_no_version_is_unknown_and_not_an_error(text):
    assert parse_version(text) == ()


@given(st.text(max_size=20))
def test_no_version_text_breaks_the_planner(text):
    target = Target("ios", text)
    assert plan(target=target, situation=Situation(desired=CELL), now=NOW) is not None


# --- steps ------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [IPHONE, GALAXY, Target("ipados", "18.1")], ids=str)
@pytest.mark.parametrize(
    ("desired", "observed", "must_look", "age", "step"),
    [
        # nobody has looked: nothing is to be lifted, something is to be set
        (NONE, None, False, None, Nothing()),
        (CELL, None, False, None, Change(CELL)),
        # as it shall be
        (NONE, NONE, False, 99, Nothing()),
        (ROAM, ROAM, False, 0, Nothing(look_again_at=NOW + RESYNC_AFTER)),
        (ROAM, ROAM, False, 3, Nothing(look_again_at=NOW + timedelta(hours=1))),
        (ROAM, ROAM, False, 4, Look()),
        (ROAM, ROAM, False, 99, Look()),
        (ROAM, ROAM, False, None, Look()),
        # not as it shall be
        (ROAM, NONE, False, 0, Change(ROAM)),
        (NONE, ROAM, False, 0, Change(NONE)),
        (CELL, ROAM, False, 0, Change(CELL)),
        (BOTH, ROAM, False, 0, Change(BOTH)),
        (ROAM, BOTH, False, 0, Change(ROAM)),
        # asking comes before telling
        (ROAM, NONE, True, 0, Look()),
        (NONE, NONE, True, 0, Look()),
        (ROAM, ROAM, True, 0, Look()),
        (NONE, None, True, None, Look()),
    ],
)
def test_the_next_step(target, desired, observed, must_look, age, step):
    situation = Situation(
        desired=desired,
        observed=observed,
        must_look=must_look,
        observed_at=None if age is None else NOW - timedelta(hours=age),
    )
    assert plan(target=target, situation=situation, now=NOW) == step


@pytest.mark.parametrize(
    "target", [replace(IPHONE, state="unmanaged"), Target("ios", "8.4"), Target("other")], ids=str
)
def test_lifting_is_never_refused(target):
    situation = Situation(desired=NONE, observed=CELL, observed_at=NOW)
    assert plan(target=target, situation=situation, now=NOW) == Change(NONE)


def test_carrying_out_the_steps_always_arrives():
    for desired, observed, must_look in product(SETS, (None, *SETS), (False, True)):
        truth = observed or NONE
        situation = Situation(desired, observed, must_look, NOW)
        for _ in range(4):
            step = plan(target=IPHONE, situation=situation, now=NOW)
            if isinstance(step, Nothing):
                break
            if isinstance(step, Change):
                truth = step.desired
            situation = Situation(desired, truth, False, NOW)
        else:
            pytest.fail(f"{desired} from {observed} needs more than four steps")
        assert truth == desired


@pytest.mark.parametrize("schedule", [BACK_OFF, PUSH_AGAIN])
def test_pauses_grow_to_the_last_one_and_stay_there(schedule):
    pauses = [wait_after(tries, schedule).total_seconds() for tries in range(8)]
    assert pauses == [schedule[0], *schedule, *[schedule[-1]] * 3]
    assert sorted(pauses) == pauses


# --- the gate ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lets_through", "enabled", "device", "data", "duplicate", "outcome", "reason"),
    [
        (True, True, True, True, False, "processed", ""),
        (True, True, True, True, True, "duplicate", "signal_seen_before"),
        (False, False, True, True, True, "duplicate", "signal_seen_before"),
        (False, False, True, True, False, "ignored", "portal_switched_off"),
        (False, True, True, True, False, "ignored", "connector_not_active"),
        (False, True, False, False, False, "ignored", "connector_not_active"),
        (True, True, False, True, False, "held", "line_without_device"),
        (True, True, False, False, False, "held", "line_without_device"),
        (True, True, True, False, False, "held", "not_the_data_sim"),
    ],
)
def test_what_becomes_of_a_signal(lets_through, enabled, device, data, duplicate, outcome, reason):
    passage = judge(
        lets_through=lets_through,
        portal_enabled=enabled,
        has_device=device,
        carries_data=data,
        is_duplicate=duplicate,
    )
    assert (passage.outcome, passage.reason) == (outcome, reason)


def test_a_signal_is_processed_only_when_everything_allows_it():
    processed = [
        flags
        for flags in product((False, True), repeat=5)
        if judge(
            lets_through=flags[0],
            portal_enabled=flags[1],
            has_device=flags[2],
            carries_data=flags[3],
            is_duplicate=flags[4],
        ).outcome
        == "processed"
    ]
    assert {(through, device, data, seen) for through, _, device, data, seen in processed} == {
        (True, True, True, False)
    }


def test_every_outcome_has_its_sentence():
    for flags in product((False, True), repeat=5):
        names = ("lets_through", "portal_enabled", "has_device", "carries_data", "is_duplicate")
        passage = judge(**dict(zip(names, flags, strict=True)))
        assert passage.outcome == "processed" or passage.reason in SENTENCES
