"""Who is entitled, to which product, and why not: truth tables of the pure decision."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.entitlements import (
    Denial,
    Grant,
    Licence,
    Offer,
    Person,
    Rules,
    assignable,
    days_left,
    decide,
)

TEAMS = frozenset({"TEAMS1", "TeamsEss"})
RULES = Rules(app_plans=TEAMS)
KIM = Person(enabled=True, is_member=True, usage_location="NL")
E3 = Offer(1, "e3", 1, "Enabled", 5, frozenset({"TEAMS1", "EXCHANGE_S_ENTERPRISE"}))
SPB = Offer(2, "spb", 2, "Enabled", 5, frozenset({"TEAMS1", "EXCHANGE_S_STANDARD"}))
WITH_TEAMS = Licence("x", frozenset({"TEAMS1"}))
TEAMS_OFF = Licence("x", frozenset({"SWAY"}), frozenset({"TEAMS1"}))
MAIL = Licence("m", frozenset({"EXCHANGE_S_STANDARD"}))

PEOPLE = [
    ("an ordinary person", KIM, RULES, Grant(1, 1)),
    ("a disabled account", replace(KIM, enabled=False), RULES, "claim_account_disabled"),
    ("a guest", replace(KIM, is_member=False), RULES, "claim_guest"),
    ("who has the app", replace(KIM, licences=(WITH_TEAMS,)), RULES, "claim_already_licensed"),
    ("whose app is off", replace(KIM, licences=(TEAMS_OFF,)), RULES, "claim_switched_off"),
    ("who has it both ways", replace(KIM, licences=(TEAMS_OFF, WITH_TEAMS)), RULES,
     "claim_already_licensed"),
    ("who holds a seat", replace(KIM, holds_seat=True), RULES, "claim_holds_seat"),
    ("whose licence was taken", replace(KIM, is_blocked=True), RULES, "claim_taken_away"),
    ("without a location", replace(KIM, usage_location=""), RULES, "claim_no_usage_location"),
    ("with the default location", replace(KIM, usage_location=""),
     replace(RULES, default_country="BE"), Grant(1, 1, country="BE")),
    ("with a location and a default", KIM, replace(RULES, default_country="BE"), Grant(1, 1)),
    ("in an excluded group", replace(KIM, groups=frozenset({"a", "b"})),
     replace(RULES, excluded=frozenset({"b"}), included=frozenset({"a"})), "claim_excluded"),
    ("in an included group", replace(KIM, groups=frozenset({"a"})),
     replace(RULES, included=frozenset({"a"})), Grant(1, 1)),
    ("in no included group", KIM, replace(RULES, included=frozenset({"a"})), "claim_not_included"),
    ("after the daily cap", KIM, replace(RULES, left_today=0), "claim_daily_cap"),
    ("just before the cap", KIM, replace(RULES, left_today=1), Grant(1, 1)),
    ("whose mail clashes with both", replace(KIM, licences=(MAIL,)), RULES, Grant(2, 2)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("person", "rules", "expected"), [row[1:] for row in PEOPLE], ids=[row[0] for row in PEOPLE]
)
def test_who_is_entitled(person, rules, expected):
    verdict = decide(person=person, rules=rules, offers=[SPB, E3])
    assert (verdict.reason if isinstance(verdict, Denial) else verdict) == expected


OFFERS = [
    ("the first has a seat", [E3, SPB], set(), Grant(1, 1)),
    ("the first is empty", [replace(E3, free=0), SPB], set(), Grant(2, 2)),
    ("all are empty", [replace(E3, free=0), replace(SPB, free=0)], set(), "claim_no_seat"),
    ("the first was refused", [E3, SPB], {1}, Grant(2, 2)),
    ("all were refused", [E3, SPB], {1, 2}, "claim_refused"),
    ("one refused, one empty", [E3, replace(SPB, free=0)], {1}, "claim_no_seat"),
    ("the first is suspended", [replace(E3, status="Suspended"), SPB], set(), Grant(2, 2)),
    ("all are suspended", [replace(E3, status="Suspended")], set(), "claim_not_usable"),
    ("expired is not active", [replace(E3, status="Warning")], set(), "claim_not_usable"),
    ("the app is off in the first", [replace(E3, off=frozenset({"TEAMS1"})), SPB], set(),
     Grant(2, 2)),
    ("the app is in none", [replace(E3, plans=frozenset({"SWAY"}))], set(), "claim_without_app"),
    ("there is no product", [], set(), "claim_no_product"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("offers", "tried", "expected"), [row[1:] for row in OFFERS], ids=[row[0] for row in OFFERS]
)
def test_which_product(offers, tried, expected):
    verdict = decide(person=KIM, rules=RULES, offers=offers, tried=frozenset(tried))
    assert (verdict.reason if isinstance(verdict, Denial) else verdict) == expected


def test_a_clash_is_avoided_by_switching_the_service_off():
    person = replace(KIM, licences=(MAIL,))
    clashing = decide(person=person, rules=RULES, offers=[E3])
    assert isinstance(clashing, Denial) and clashing.reason == "claim_clash"
    without_mail = replace(E3, off=frozenset({"EXCHANGE_S_ENTERPRISE"}))
    assert decide(person=person, rules=RULES, offers=[without_mail]) == Grant(1, 1)


def test_only_a_seat_or_the_cap_is_waited_for():
    no_seat = decide(person=KIM, rules=RULES, offers=[replace(E3, free=0)])
    cap = decide(person=KIM, rules=replace(RULES, left_today=0), offers=[E3])
    gone = decide(person=KIM, rules=RULES, offers=[E3], tried=frozenset({1}))
    assert [verdict.waits for verdict in (no_seat, cap, gone)] == [True, True, False]


@given(st.permutations([(1, 0), (2, 3), (3, 1), (4, 0), (5, 9)]))
def test_the_lowest_position_with_a_seat_whatever_the_order_of_the_list(rows):
    offers = [
        replace(E3, product=position, position=position, free=free) for position, free in rows
    ]
    assert decide(person=KIM, rules=RULES, offers=offers) == Grant(2, 2)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_assignable_seats_are_never_below_zero(bought, used, under_way, reserve):
    free = assignable(bought=bought, used=used, under_way=under_way, reserve=reserve)
    assert free == max(0, bought - used - under_way - reserve)


def test_days_left_at_the_present_pace():
    assert days_left(free=10, claimed=20, days=10) == 5
    assert days_left(free=0, claimed=20, days=10) == 0
    assert days_left(free=10, claimed=0, days=10) is None
