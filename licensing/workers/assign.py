"""From a seat to a licence: Microsoft is told, and what it says is written down.

1. Due claims that hold a seat are leased with SKIP LOCKED and become *assigning*; that commits.
2. Only then is Graph called, outside any transaction. A claim that was on its way before (its
   worker died, or no answer came) is looked at first: the blind repetition of an assignment would
   switch on services that somebody has switched off since.
3. The outcome is recorded on condition that this lease still holds. A refusal (400) gives the
   seat back, notes the product as tried, and has the claim judged again by fresh figures; a
   throttled or unreachable service only takes time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils import timezone

from common.tenancy import across_tenants, current_tenant_id
from jobs.draining import drain
from jobs.nudges import nudge
from licensing.models import TO_ASSIGN, Account, Claim, ClaimState
from licensing.ports import (
    Cloud,
    CloudBusy,
    CloudError,
    CloudGone,
    CloudRefused,
    CloudUncertain,
    cloud_of,
)
from licensing.queries.offers import plans_of
from licensing.workers.accounts import read_accounts
from licensing.workers.catalogue import read_products

log = structlog.get_logger(__name__)

BATCH = 20
LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 30_000
WAITS = (2, 5, 15, 60, 300, 900)
"""Seconds until the next try, after the first, second... that failed."""


@dataclass
class Outcome:
    """What becomes of a claim after one try."""

    changes: dict[str, Any] = field(default_factory=dict)
    judge_again: bool = False


def assign_due(*, now: datetime) -> int:
    """Take one step for every claim that is due; returns how many."""
    return drain(tenants=lambda: _tenants(now), batch=lambda: assign_batch(now=now))


def assign_batch(*, now: datetime) -> int:
    """One lease of at most BATCH claims of the tenant in scope."""
    claims = _lease(now)
    if not claims:
        return 0
    cloud = cloud_of(current_tenant_id())
    for claim in claims:
        if timezone.now() > claim.leased_until - LEASE / 2:  # slow answers: the rest another time
            _record(claim, Outcome({"state": claim.was}))
            continue
        outcome = _try(cloud, claim) if cloud else _later(claim, "cloud_not_connected")
        _record(claim, outcome)
    return len(claims)


def _due(now: datetime):
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return Claim.objects.filter(free, state__in=TO_ASSIGN, due_at__lte=now)


def _tenants(now: datetime) -> list[int]:
    with across_tenants("claims of all tenants are assigned in turn"):
        return list(_due(now).values_list("tenant_id", flat=True).distinct().order_by("tenant_id"))


def _lease(now: datetime) -> list[Claim]:
    with transaction.atomic():
        claims = list(
            _due(now)
            .select_related("product")
            .order_by("due_at", "pk")
            .select_for_update(of=["self"], skip_locked=True)[:BATCH]
        )
        until = timezone.now() + LEASE
        mine = Claim.objects.filter(pk__in=[claim.pk for claim in claims])
        mine.filter(state=ClaimState.CLAIMED).update(state=ClaimState.ASSIGNING)
        mine.update(leased_until=until, attempts=Least(F("attempts") + 1, MOST_ATTEMPTS))
        for claim in claims:
            claim.was = claim.state
            claim.leased_until = until
            if claim.state == ClaimState.CLAIMED:
                claim.state = ClaimState.ASSIGNING
            claim.attempts = min(claim.attempts + 1, MOST_ATTEMPTS)
    return claims


def _try(cloud: Cloud, claim: Claim) -> Outcome:
    try:
        if claim.state == ClaimState.UNDOING:
            return _take_back(cloud, claim)
        if claim.was != ClaimState.CLAIMED and _has_it(cloud, claim):
            return _assigned()
        return _give(cloud, claim)
    except CloudUncertain as error:
        outcome = _later(claim, error.reason)
        if claim.state != ClaimState.UNDOING:
            outcome.changes["state"] = ClaimState.UNKNOWN
        return outcome
    except CloudBusy as error:
        return _later(claim, error.reason, seconds=error.seconds)
    except CloudError as error:
        return _later(claim, error.reason)


def _give(cloud: Cloud, claim: Claim) -> Outcome:
    plans = plans_of([claim.product_id])[claim.product_id]
    off = [plans[name] for name in claim.off if name in plans]
    try:
        if claim.country:
            cloud.set_usage_location(str(claim.entra_id), claim.country)
        cloud.assign(str(claim.entra_id), add=[(str(claim.product.sku_id), off)], remove=[])
    except CloudGone as gone:
        now = timezone.now()
        return Outcome(
            {"state": ClaimState.FAILED, "reason": gone.reason, "ended_at": now, "due_at": None}
        )
    except CloudRefused:
        return _refused(cloud, claim)
    return _assigned()


def _assigned() -> Outcome:
    return Outcome(
        {
            "state": ClaimState.ASSIGNED,
            "reason": "",
            "assigned_at": timezone.now(),
            "due_at": None,
            "counted": False,
        }
    )


def _refused(cloud: Cloud, claim: Claim) -> Outcome:
    """Somebody was quicker, or the state read before was old: read afresh, try the next one."""
    if _has_it(cloud, claim):
        return _assigned()
    read_products(cloud=cloud)
    return Outcome(
        {
            "state": ClaimState.NEW,
            "product_id": None,
            "product_name": "",
            "position": None,
            "claimed_at": None,
            "tried": [*claim.tried, claim.product_id],
            "due_at": timezone.now(),
            "attempts": 0,
        },
        judge_again=True,
    )


def _has_it(cloud: Cloud, claim: Claim) -> bool:
    """Whether the account has the product now, whoever gave it."""
    sku = str(claim.product.sku_id)
    return any(row["sku"] == sku for row in _licences(cloud, claim.entra_id))


def _licences(cloud: Cloud, entra_id: UUID) -> list[dict[str, Any]]:
    read_accounts(cloud=cloud, entra_ids=[entra_id], now=timezone.now())
    account = Account.objects.filter(entra_id=entra_id).first()
    return account.licences if account else []


def _take_back(cloud: Cloud, claim: Claim) -> Outcome:
    sku = str(claim.product.sku_id)
    had = [row for row in _licences(cloud, claim.entra_id) if row["sku"] == sku]
    undone = Outcome({"state": ClaimState.UNDONE, "ended_at": timezone.now(), "due_at": None})
    if not had:
        return undone
    if all(row["inherited"] for row in had):
        return Outcome({**_assigned().changes, "reason": "claim_inherited"})
    try:
        cloud.assign(str(claim.entra_id), add=[], remove=[sku])
    except CloudGone:
        return undone
    return undone


def _later(claim: Claim, reason: str, *, seconds: float | None = None) -> Outcome:
    wait = WAITS[min(claim.attempts, len(WAITS)) - 1]
    at = timezone.now() + timedelta(seconds=max(seconds or 0, 1) if seconds else wait)
    return Outcome({"reason": reason, "due_at": at})


def _record(claim: Claim, outcome: Outcome) -> None:
    mine = Claim.objects.filter(pk=claim.pk, state=claim.state, leased_until=claim.leased_until)
    if not mine.update(leased_until=None, **outcome.changes):
        log.info("claim_let_go", claim=claim.pk)
        return
    if outcome.judge_again:
        nudge("licensing.tasks.judge_due")
