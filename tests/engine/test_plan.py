"""The planner and the gate: one step for every situation, and a reason for every refusal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.sentences import SENTENCES, sentence
from connectors.gate import judge
from devices.plan import (
    BACK_OFF,
    PUSH_AGAIN,
    RESYNC_AFTER,
    ROAMING_LEVER,
    RULES_LEVER,
    Change,
    Look,
    LookAtRoaming,
    Nothing,
    SetRoaming,
    Situation,
    levers_to_read,
    plan,
    restrictions_read,
    wait_after,
)
from devices.refusals import (
    CELLULAR,
    ROAMING,
    Refusal,
    Target,
    caveats,
    parse_version,
    refusal,
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
        (Target("ios", "18.1", access_rights=0), "missing_access_right"),
        (Target("ipados", "18.1", access_rights=1 | 16), "missing_access_right"),
        (Target("knox", "14", access_rights=0), None),
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
def test_the_next_step_of_a_galaxy(desired, observed, must_look, age, step):
    situation = Situation(
        desired=desired,
        observed=observed,
        must_look=must_look,
        observed_at=None if age is None else NOW - timedelta(hours=age),
    )
    assert plan(target=GALAXY, situation=situation, now=NOW) == step


def seen(**readings) -> Situation:
    """An iPhone's situation, all of it read just now."""
    return Situation(**{"observed": NONE, "observed_at": NOW, **readings})


AGAIN = Nothing(look_again_at=NOW + RESYNC_AFTER)


@pytest.mark.parametrize("target", [IPHONE, Target("ipados", "18.1")], ids=["iphone", "ipad"])
@pytest.mark.parametrize(
    ("situation", "step"),
    [
        # nobody has looked
        (Situation(NONE), Nothing()),
        (Situation(CELL), Change(CELL)),
        (Situation(ROAM), LookAtRoaming()),
        (Situation(BOTH), LookAtRoaming()),
        # the value before the block is known before anything is told
        (seen(desired=ROAM, data_roaming=True, roaming_before=True), SetRoaming(False)),
        (seen(desired=ROAM, data_roaming=False, roaming_before=False), Change(ROAM)),
        (seen(desired=ROAM, data_roaming=False, roaming_before=True), Change(ROAM)),
        (seen(desired=ROAM, data_roaming=False, roaming_before=True, rules=ROAM), AGAIN),
        # its user turned roaming on again
        (
            seen(desired=ROAM, data_roaming=True, roaming_before=False, rules=ROAM),
            SetRoaming(False),
        ),
        # what was told is read before anything else is told
        (
            seen(
                desired=ROAM,
                data_roaming=True,
                roaming_before=True,
                to_read=frozenset({ROAMING_LEVER}),
            ),
            LookAtRoaming(),
        ),
        (seen(desired=CELL, rules=NONE, to_read=frozenset({RULES_LEVER})), Look()),
        # released: roaming comes back only to those who had it
        (seen(desired=NONE, data_roaming=False, roaming_before=True, rules=ROAM), SetRoaming(True)),
        (seen(desired=NONE, data_roaming=True, roaming_before=True, rules=ROAM), Change(NONE)),
        (seen(desired=NONE, data_roaming=False, roaming_before=False, rules=ROAM), Change(NONE)),
        (seen(desired=NONE, data_roaming=False, roaming_before=False, rules=NONE), Nothing()),
        (seen(desired=NONE, data_roaming=True, roaming_before=True, rules=NONE), Nothing()),
        # one profile for everything
        (seen(desired=CELL, rules=BOTH), Change(CELL)),
        (seen(desired=CELL, rules=CELL), AGAIN),
        (seen(desired=BOTH, data_roaming=False, rules=CELL), Change(BOTH)),
        # nothing is certain
        (seen(desired=NONE, rules=NONE, must_look=True), Look()),
        (seen(desired=ROAM, data_roaming=False, rules=ROAM, must_look=True), LookAtRoaming()),
        # seen too long ago
        (
            Situation(CELL, observed=CELL, rules=CELL, observed_at=NOW - RESYNC_AFTER),
            Look(),
        ),
    ],
)
def test_the_next_step_of_an_iphone(target, situation, step):
    assert plan(target=target, situation=situation, now=NOW) == step


def test_an_old_iphone_is_kept_from_roaming_and_not_from_its_apps():
    old = Target("ios", "8.4.1")
    assert refusal(target=old, restrictions=ROAM) is None
    for wanted in (CELL, BOTH):
        assert refusal(target=old, restrictions=wanted) == Refusal("ios8_no_cellular_rule")
    assert plan(target=old, situation=Situation(ROAM), now=NOW) == LookAtRoaming()
    told = seen(desired=BOTH, data_roaming=True, roaming_before=True)
    assert plan(target=old, situation=told, now=NOW) == SetRoaming(False)
    done = replace(told, data_roaming=False)
    assert isinstance(plan(target=old, situation=done, now=NOW), Refusal)


@pytest.mark.parametrize(
    ("rights", "refused"),
    [
        (8191, ()),
        (8191 - 2048, (ROAMING,)),
        (8191 - 32, (ROAMING,)),
        (8191 - 2, (CELLULAR,)),
        (2, (ROAMING,)),
        (2048 | 32, (CELLULAR,)),
    ],
)
def test_an_enrolment_without_a_right_refuses_what_needs_it(rights, refused):
    target = replace(IPHONE, access_rights=rights)
    found = {name for name in BOTH if refusal(target=target, restrictions={name})}
    assert found == set(refused)


def test_roaming_without_the_right_to_profiles_is_blocked_by_the_setting_alone():
    target = replace(IPHONE, access_rights=2048 | 32)
    done = seen(desired=ROAM, data_roaming=False, roaming_before=True)
    assert plan(target=target, situation=done, now=NOW) == AGAIN


def test_what_a_restriction_does_not_do_is_said():
    assert caveats(target=IPHONE, restrictions=BOTH) == (
        "managed_apps_only",
        "roaming_can_be_turned_on",
    )
    assert caveats(target=IPHONE, restrictions=NONE) == ()
    assert caveats(target=GALAXY, restrictions=BOTH) == ()
    admin = replace(GALAXY, management_mode="DA", os_version="15")
    assert caveats(target=admin, restrictions=CELL) == ("da_mode_android15",)
    assert caveats(target=replace(admin, os_version="14"), restrictions=CELL) == ()


@pytest.mark.parametrize(
    "target",
    [replace(IPHONE, state="unmanaged"), replace(GALAXY, state="unmanaged"), Target("other")],
    ids=["iphone", "galaxy", "other"],
)
def test_lifting_is_never_refused(target):
    situation = Situation(desired=NONE, observed=CELL, rules=CELL, observed_at=NOW)
    assert plan(target=target, situation=situation, now=NOW) == Change(NONE)


@dataclass(frozen=True)
class Truth:
    """The inside of a phone, as the steps leave it."""

    switches: frozenset[str] = NONE
    rules: frozenset[str] = NONE
    data_roaming: bool = True


def carried_out(
    step, truth: Truth, situation: Situation, target: Target
) -> tuple[Truth, Situation]:
    """What the step makes of the phone, and what the portal knows after it."""
    pending = levers_to_read(target=target, situation=situation, now=NOW)
    match step:
        case SetRoaming(enabled=enabled):
            told = situation.to_read | {ROAMING_LEVER}
            return replace(truth, data_roaming=enabled), replace(situation, to_read=told)
        case LookAtRoaming():
            before = situation.roaming_before
            if ROAMING in situation.desired and before is None:
                before = truth.data_roaming
            after = replace(situation, data_roaming=truth.data_roaming, roaming_before=before)
            return truth, read(after, pending - {ROAMING_LEVER})
        case Change(desired=desired) if target.is_apple:
            told = situation.to_read | {RULES_LEVER}
            return replace(truth, rules=desired), replace(situation, to_read=told)
        case Look() if target.is_apple:
            return truth, read(replace(situation, rules=truth.rules), pending - {RULES_LEVER})
        case Change(desired=desired):
            truth = replace(truth, switches=desired)
    return truth, replace(situation, observed=truth.switches, must_look=False, observed_at=NOW)


def read(situation: Situation, pending: frozenset[str]) -> Situation:
    return replace(
        situation,
        observed=restrictions_read(situation),
        observed_at=NOW,
        must_look=False,
        to_read=pending,
    )


wishes = st.sets(st.sampled_from([ROAMING, CELLULAR])).map(frozenset)


@pytest.mark.parametrize("target", [IPHONE, GALAXY], ids=["iphone", "galaxy"])
@given(desires=st.lists(wishes, min_size=1, max_size=6), at_first=st.booleans(), data=st.data())
def test_carrying_out_the_steps_always_arrives(target, desires, at_first, data):
    truth, situation = Truth(data_roaming=at_first), Situation(NONE)
    for number, desired in enumerate([*desires, NONE]):
        situation = replace(situation, desired=desired)
        if data.draw(st.booleans(), label="certain"):
            situation = replace(situation, must_look=True)
        # The last wishes are carried out to the end, others may be overtaken half-way.
        ends = number >= len(desires) - 1
        for _ in range(12 if ends else data.draw(st.integers(0, 12), label="steps")):
            step = plan(target=target, situation=situation, now=NOW)
            if isinstance(step, Nothing):
                break
            truth, situation = carried_out(step, truth, situation, target)
        else:
            assert not ends, f"{desired} needs more than twelve steps"
        if not ends:
            continue
        assert situation.observed == desired or not (situation.observed or desired)
        if target.is_apple:
            assert truth.rules == desired
            assert truth.data_roaming == (at_first and ROAMING not in desired)
        else:
            assert truth.switches == desired


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
