"""From a sign-in to a seat, or to the reason why there is none.

1. Accounts that the due claims are about are read from the directory, outside any transaction.
2. The policy is locked, so that its claims are judged one batch after the other and in order.
   Where somebody holds it already there is nothing to do: that one goes on until nothing is due.
   So a glance at the lock comes before everything else.
3. Its products are locked in the order of their keys: from here on nobody else counts or gives
   these seats. What is free is bought, less used, less what claims hold that Microsoft's last
   figures do not include yet.
4. Who waits comes before who is new, as soon as a seat is free.
5. licensing.entitlements says who gets what; everything is written in the same transaction.
   PostgreSQL's constraints (one seat per person and app, and per person and product) would undo
   the batch rather than give a second seat.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q

from common.tenancy import across_tenants, current_tenant_id
from jobs.draining import drain
from jobs.nudges import nudge
from licensing.entitlements import Denial, Grant, Rules, decide
from licensing.models import (
    TO_JUDGE,
    Account,
    App,
    AutoClaimPolicy,
    AutoClaimSwitch,
    Claim,
    ClaimState,
    Product,
)
from licensing.ports import CloudBusy, CloudError, cloud_of
from licensing.queries.offers import seats_of, shelf_of
from licensing.queries.people import PlanNames, people_of
from licensing.workers.accounts import read_accounts
from tenants.models import Tenant

log = structlog.get_logger(__name__)

BATCH = 1_000
READ_AT_ONCE = 100
FRESH = timedelta(minutes=5)
LATER = timedelta(seconds=30)
ASSIGN = "licensing.tasks.assign_due"
_WRITTEN = {
    "id": "bigint", "state": "text", "reason": "text", "product_id": "bigint",
    "product_name": "text", "position": "smallint", "off": "text", "country": "text",
    "claimed_at": "timestamptz", "ended_at": "timestamptz", "due_at": "timestamptz",
    "person": "text", "counted": "boolean", "attempts": "smallint",
}  # fmt: skip
"""Columns that judging writes, and their types."""
WRITE = f"""
UPDATE licensing_claim AS claim SET
    {", ".join(f"{name} = given.{name}" for name in _WRITTEN if name not in ("id", "off"))},
    off = ARRAY(SELECT jsonb_array_elements_text(given.off::jsonb))
FROM unnest({", ".join(f"%({name})s::{kind}[]" for name, kind in _WRITTEN.items())})
    AS given ({", ".join(_WRITTEN)})
WHERE claim.tenant_id = %(tenant)s AND claim.id = given.id
"""  # noqa: S608 - made of the names above, and of nothing that anybody sends
"""One statement for a batch: bulk_update would build a CASE of every column and row."""


def judge_due(*, now: datetime) -> int:
    """Judge what is due, tenant by tenant in turn; returns how many claims were judged."""
    return drain(tenants=lambda: _tenants(now), batch=lambda: judge_batch(now=now))


def judge_batch(*, now: datetime) -> int:
    """One batch of the policy whose claims are longest due, in the tenant in scope."""
    due = _due(now).order_by("due_at", "pk").values_list("policy_id", flat=True).first()
    if due is None:
        return 0
    with transaction.atomic():
        if _lock_policy(due) is None:
            return 0
    size, missing = _read_accounts(due, now)
    with transaction.atomic():
        policy = _lock_policy(due)
        if policy is None:
            return 0
        products = _lock_products(policy)
        return _judge(policy, products, size, missing, now)


def _due(now: datetime):
    return Claim.objects.filter(state__in=TO_JUDGE, due_at__lte=now)


def _tenants(now: datetime) -> list[int]:
    with across_tenants("sign-ins of all tenants are judged in turn"):
        return list(_due(now).values_list("tenant_id", flat=True).distinct().order_by("tenant_id"))


def _read_accounts(policy_id: int, now: datetime) -> tuple[int, set[UUID]]:
    """Read what is not fresh, of READ_AT_ONCE at most.

    Returns how many claims may be judged in order, and the accounts that could not be read.
    """
    known = Account.objects.filter(entra_id=OuterRef("entra_id"), read_at__gt=now - FRESH)
    wanted = (
        _due(now)
        .filter(policy_id=policy_id)
        .order_by("signed_in_at", "pk")
        .annotate(fresh=Exists(known))
        .values_list("entra_id", "fresh")[:BATCH]
    )
    stale: set[UUID] = set()
    for place, (entra_id, fresh) in enumerate(wanted):
        if not fresh:
            stale.add(entra_id)
        if len(stale) > READ_AT_ONCE:  # the others have their turn in the next batch
            stale.discard(entra_id)
            return place, _read(policy_id, stale, now)
    return BATCH, _read(policy_id, stale, now) if stale else set()


def _read(policy_id: int, stale: set[UUID], now: datetime) -> set[UUID]:
    """Read these accounts; returns them where that failed, and their claims wait."""
    cloud = cloud_of(current_tenant_id())
    if cloud is None:
        _put_off(policy_id, stale, "cloud_not_connected", now + LATER)
        return stale
    try:
        read_accounts(cloud=cloud, entra_ids=stale, now=now)
    except CloudError as error:
        wait = timedelta(seconds=error.seconds) if isinstance(error, CloudBusy) else LATER
        _put_off(policy_id, stale, error.reason, now + wait)
        return stale
    return set()


def _put_off(policy_id: int, people: set[UUID], reason: str, until: datetime) -> None:
    Claim.objects.filter(policy_id=policy_id, entra_id__in=people, state__in=TO_JUDGE).update(
        reason=reason, due_at=until, attempts=F("attempts") + 1
    )


def _lock_policy(policy_id: int) -> AutoClaimPolicy | None:
    """The policy, locked until the transaction ends; None while somebody else holds it."""
    found = AutoClaimPolicy.objects.select_for_update(no_key=True, skip_locked=True)
    return found.filter(pk=policy_id).first()


def _lock_products(policy: AutoClaimPolicy) -> list[Product]:
    """The policy's products, locked until the transaction ends."""
    keys = policy.products.values("product_id")
    return list(Product.objects.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True))


def _judge(
    policy: AutoClaimPolicy,
    products: list[Product],
    size: int,
    missing: set[UUID],
    now: datetime,
) -> int:
    shelf, seats = shelf_of(policy, products), seats_of(products)
    free = any(offer.free for offer in shelf.offers(seats))
    claims = list(_to_judge(policy, now, free).exclude(entra_id__in=missing)[:size])
    if not claims:
        return 0
    people = people_of(
        entra_ids={row.entra_id for row in claims}, app=policy.app, names=PlanNames()
    )
    is_open = policy.enabled and not policy.deleted_at and feature_is_on()
    today = _claimed_today(policy, now)
    seen: set[UUID] = set()
    rules_of = _Rules(policy, policy.app)
    for claim in claims:
        if (person := people.get(claim.entra_id)) is not None:
            claim.person = person.name
        if claim.entra_id in seen:  # a second sign-in of one batch: judged by what the first got
            claim.due_at = now
            continue
        seen.add(claim.entra_id)
        if not is_open:
            verdict: Grant | Denial = Denial("claim_policy_off")
        elif person is None:
            verdict = Denial("claim_account_gone")
        else:
            verdict = decide(
                person=person,
                rules=rules_of(today),
                offers=shelf.offers(seats),
                tried=frozenset(claim.tried),
            )
        if isinstance(verdict, Grant):
            seats.take(verdict.product)
            today += 1
            _grant(claim, verdict, shelf, now)
        else:
            _deny(claim, verdict, policy, now)
    _write(claims, policy, now)
    return len(claims)


class _Rules:
    """The policy's rules, with what is left of today's cap."""

    def __init__(self, policy: AutoClaimPolicy, app: App) -> None:
        self.cap = policy.daily_cap
        self.rules = Rules(
            app_plans=frozenset(app.plans),
            included=frozenset(policy.included),
            excluded=frozenset(policy.excluded),
            default_country=policy.default_country,
        )

    def __call__(self, today: int) -> Rules:
        return self.rules if self.cap is None else replace(self.rules, left_today=self.cap - today)


def feature_is_on() -> bool:
    """Whether the tenant in scope has auto-claim switched on."""
    return AutoClaimSwitch.objects.filter(on=True).exists()


def _to_judge(policy: AutoClaimPolicy, now: datetime, free: bool):
    """Due claims in order of sign-in; while seats are free, those that wait with them."""
    wanted = Q(due_at__lte=now)
    if free:
        wanted |= Q(state=ClaimState.WAITING, reason="claim_no_seat")
    return (
        Claim.objects.filter(wanted, policy=policy, state__in=TO_JUDGE)
        .only(*_WRITTEN, "entra_id", "upn", "signed_in_at", "tried", "repeats")
        .order_by("signed_in_at", "pk")
        .select_for_update(of=["self"], no_key=True)
    )


def _claimed_today(policy: AutoClaimPolicy, now: datetime) -> int:
    if policy.daily_cap is None:
        return 0
    return Claim.objects.filter(policy=policy, claimed_at__gte=_midnight(now)).count()


def _midnight(now: datetime) -> datetime:
    zone = Tenant.objects.get(pk=current_tenant_id()).zone
    return now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _grant(claim: Claim, grant: Grant, shelf, now: datetime) -> None:
    row = shelf.row_of[grant.product]
    claim.state, claim.reason, claim.counted = ClaimState.CLAIMED, "", False
    claim.product_id, claim.position = grant.product, grant.position
    claim.product_name = shelf.products[grant.product].name
    claim.off, claim.country = row.off, grant.country
    claim.claimed_at = claim.due_at = now
    claim.ended_at, claim.attempts = None, 0


def _deny(claim: Claim, denial: Denial, policy: AutoClaimPolicy, now: datetime) -> None:
    claim.reason, claim.due_at = denial.reason, None
    if denial.waits:
        claim.state = ClaimState.WAITING
        if denial.reason == "claim_daily_cap":
            claim.due_at = _midnight(now) + timedelta(days=1)
        return
    claim.state = ClaimState.FAILED if denial.reason == "claim_refused" else ClaimState.NOTHING
    claim.ended_at = now


def _write(claims: list[Claim], policy: AutoClaimPolicy, now: datetime) -> None:
    repeated = _fold_repeats(claims, policy)
    kept = [claim for claim in claims if claim.pk not in repeated]
    columns = {name: [getattr(claim, name) for claim in kept] for name in _WRITTEN}
    columns["off"] = [json.dumps(claim.off) for claim in kept]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, {"tenant": current_tenant_id(), **columns})
    if any(claim.state == ClaimState.CLAIMED for claim in kept):
        nudge(ASSIGN)


def _fold_repeats(claims: Iterable[Claim], policy: AutoClaimPolicy) -> set[int]:
    """The same person's later sign-in with the same answer is counted on the earlier row."""
    answered = [row for row in claims if row.state in ("nothing", "waiting") and row.due_at is None]
    earlier = {
        (row.entra_id, row.state, row.reason): row.pk
        for row in Claim.objects.filter(
            app_id=policy.app_id,
            entra_id__in={row.entra_id for row in answered},
            state__in=["nothing", "waiting"],
        )
        .exclude(pk__in=[row.pk for row in answered])
        .order_by("pk")
    }
    folded: set[int] = set()
    for row in answered:
        first = earlier.get((row.entra_id, row.state, row.reason))
        if first is not None:
            Claim.objects.filter(pk=first).update(repeats=F("repeats") + 1 + row.repeats)
            folded.add(row.pk)
    Claim.objects.filter(pk__in=folded).delete()
    return folded
