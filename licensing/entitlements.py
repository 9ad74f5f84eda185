"""Who gets a licence at a sign-in, from which product, and why not.

Pure: an account, an app, a policy with its products in order, and the seats as they are counted
under lock. The rules are those of Microsoft's auto-claim policies; where its pages are silent,
the safe side: an administrator's "no" holds, nobody gets two seats, and no seat is sold that was
not bought. The real service answers every refusal with the same error, so everything that can be
known beforehand is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

USABLE = "Enabled"
EXCLUSIVE: tuple[frozenset[str], ...] = (
    frozenset({"EXCHANGE_S_STANDARD", "EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_DESKLESS"}),
    frozenset({"SHAREPOINTSTANDARD", "SHAREPOINTENTERPRISE", "SHAREPOINTDESKLESS"}),
    frozenset({"TEAMS1", "TeamsEss"}),
)
"""Families of service plans of which a person may hold one at a time."""


@dataclass(frozen=True)
class Licence:
    """A product that somebody has. `plans` are the names of its service plans that are on."""

    sku: str
    plans: frozenset[str]
    off: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Person:
    """What the directory says of an account, and what the portal knows of it."""

    enabled: bool
    is_member: bool
    usage_location: str
    licences: tuple[Licence, ...] = ()
    groups: frozenset[str] = frozenset()
    holds_seat: bool = False
    is_blocked: bool = False
    name: str = ""


@dataclass(frozen=True)
class Offer:
    """A product of the policy. `free` is what may be given out now: bought, less used, less what
    is under way, less the reserve; never below zero.
    """

    product: int
    sku: str
    position: int
    status: str
    free: int
    plans: frozenset[str]
    off: frozenset[str] = frozenset()

    @property
    def given(self) -> frozenset[str]:
        """The service plans that a claim would switch on."""
        return self.plans - self.off


@dataclass(frozen=True)
class Rules:
    """The policy's own conditions. No cap: None. No default country: empty."""

    app_plans: frozenset[str]
    included: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    default_country: str = ""
    left_today: int | None = None


@dataclass(frozen=True)
class Grant:
    """A seat of this product, with everything on but its `off`."""

    product: int
    position: int
    country: str = ""


@dataclass(frozen=True)
class Denial:
    """No seat; `waits`: there will be one as soon as a seat is free. `reason` keys a sentence."""

    reason: str
    waits: bool = False
    facts: Mapping[str, str | int] = field(default_factory=dict)


Verdict = Grant | Denial


def decide(
    *,
    person: Person,
    rules: Rules,
    offers: Sequence[Offer],
    tried: frozenset[int] = frozenset(),
) -> Verdict:
    """The verdict on one sign-in. `tried` are products that the service refused already."""
    if denial := _not_entitled(person, rules):
        return denial
    country = person.usage_location or rules.default_country
    if not country:
        return Denial("claim_no_usage_location")
    if rules.left_today is not None and rules.left_today <= 0:
        return Denial("claim_daily_cap", waits=True)
    reasons: list[str] = []
    for offer in sorted(offers, key=lambda offer: offer.position):
        obstacle = _obstacle(person, rules, offer, tried)
        if not obstacle:
            added = country if not person.usage_location else ""
            return Grant(offer.product, offer.position, country=added)
        reasons.append(obstacle)
    if "claim_no_seat" in reasons:
        return Denial("claim_no_seat", waits=True)
    order = ("claim_refused", "claim_clash", "claim_not_usable", "claim_without_app")
    return Denial(next((reason for reason in order if reason in reasons), "claim_no_product"))


def _not_entitled(person: Person, rules: Rules) -> Denial | None:
    if not person.enabled:
        return Denial("claim_account_disabled")
    if not person.is_member:
        return Denial("claim_guest")
    if any(rules.app_plans & licence.plans for licence in person.licences):
        return Denial("claim_already_licensed")
    if any(rules.app_plans & licence.off for licence in person.licences):
        return Denial("claim_switched_off")
    if person.holds_seat:
        return Denial("claim_holds_seat")
    if person.is_blocked:
        return Denial("claim_taken_away")
    if person.groups & rules.excluded:
        return Denial("claim_excluded")
    if rules.included and not person.groups & rules.included:
        return Denial("claim_not_included")
    return None


def _obstacle(person: Person, rules: Rules, offer: Offer, tried: frozenset[int]) -> str:
    if offer.product in tried:
        return "claim_refused"
    if offer.status != USABLE:
        return "claim_not_usable"
    if not offer.given & rules.app_plans:
        return "claim_without_app"
    if any(licence.sku == offer.sku for licence in person.licences):
        return "claim_switched_off"
    held = frozenset[str]().union(*(licence.plans for licence in person.licences))
    if clash(held, offer.given):
        return "claim_clash"
    return "" if offer.free > 0 else "claim_no_seat"


def clash(held: frozenset[str], added: frozenset[str]) -> bool:
    """Whether both together would be two different plans of one family."""
    return any(len(family & (held | added)) > 1 and family & added for family in EXCLUSIVE)


def assignable(*, bought: int, used: int, under_way: int = 0, reserve: int = 0) -> int:
    """Seats that may be given out: never below zero, also where more are used than bought."""
    return max(0, bought - used - under_way - reserve)


def days_left(*, free: int, claimed: int, days: int) -> int | None:
    """Whole days until the seats run out at the pace of `claimed` in `days`; None: no pace."""
    if claimed <= 0 or days <= 0:
        return None
    return free * days // claimed
