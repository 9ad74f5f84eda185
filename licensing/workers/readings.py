"""What is read from Microsoft at intervals: products, sign-ins, and who still has what we gave.

A reading is claimed by moving its `next_at` on, so two schedulers do not read the same thing at
once, and one that fails is tried again by itself. Microsoft shows sign-ins late and not in order:
they are read from an hour before the last reading on, and every few hours a day of them is looked
through again; what was seen before is recognised by its id.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from common.tenancy import current_tenant_id, tenant_scope
from licensing.models import Account, Claim, ClaimState, Reading, SignInSource
from licensing.ports import Cloud, CloudBusy, CloudError, cloud_of
from licensing.workers.accounts import read_accounts
from licensing.workers.catalogue import read_groups, read_products
from licensing.workers.sign_ins import take_in
from tenants.models import Tenant

log = structlog.get_logger(__name__)

OVERLAP = timedelta(hours=1)
FIRST = timedelta(days=1)
HOLDERS = 200
PRODUCTS, SIGN_INS, LATE_ONES, HOLDERS_OF = "products", "sign_ins", "late_sign_ins", "holders"
EVERY = {
    PRODUCTS: timedelta(minutes=5),
    SIGN_INS: timedelta(minutes=1),
    LATE_ONES: timedelta(hours=6),
    HOLDERS_OF: timedelta(minutes=15),
}


def read_due(*, now: datetime) -> int:
    """Read whatever is due in every tenant that is connected; returns how many readings."""
    done = 0
    for tenant_id in Tenant.objects.filter(suspended_at=None).values_list("pk", flat=True):
        with tenant_scope(tenant_id):
            cloud = cloud_of(tenant_id)
            if cloud is not None:
                done += sum(read(what=what, cloud=cloud, now=now) for what in EVERY)
    return done


def read(*, what: str, cloud: Cloud, now: datetime) -> bool:
    """One reading, if it is due and nobody else is at it."""
    row, _made = Reading.objects.get_or_create(what=what, defaults={"next_at": now})
    mine = Reading.objects.filter(pk=row.pk, next_at__lte=now)
    if not mine.update(next_at=now + EVERY[what], tried_at=now):
        return False
    try:
        _READERS[what](cloud, row, now)
    except CloudError as error:
        later = (
            {"next_at": now + timedelta(seconds=error.seconds)}
            if isinstance(error, CloudBusy)
            else {}
        )
        Reading.objects.filter(pk=row.pk).update(error=error.reason, **later)
        log.warning("reading_failed", what=what, tenant=current_tenant_id(), error=str(error))
        return False
    Reading.objects.filter(pk=row.pk).update(error="", succeeded_at=timezone.now())
    return True


def _products(cloud: Cloud, row: Reading, now: datetime) -> None:
    read_products(cloud=cloud)
    read_groups(cloud=cloud)


def _sign_ins(cloud: Cloud, row: Reading, now: datetime) -> None:
    """Pages come the oldest first, so one that fails loses nothing of those before it."""
    for page in cloud.sign_ins(since=(row.through or now - FIRST) - OVERLAP):
        take_in(sign_ins=page, source=SignInSource.POLL, now=now)
        if page and (row.through is None or page[-1].at > row.through):
            row.through = min(page[-1].at, now)
            Reading.objects.filter(pk=row.pk).update(through=row.through)
    Reading.objects.filter(pk=row.pk).update(through=now)


def _late_sign_ins(cloud: Cloud, row: Reading, now: datetime) -> None:
    for page in cloud.sign_ins(since=now - FIRST):
        take_in(sign_ins=page, source=SignInSource.POLL, now=now)


def _holders(cloud: Cloud, row: Reading, now: datetime) -> None:
    """Look again at the accounts with our licences that were looked at longest ago."""
    holders = Claim.objects.filter(state=ClaimState.ASSIGNED).values("entra_id")
    oldest = Account.objects.filter(entra_id__in=holders).order_by("read_at", "pk")
    read_accounts(
        cloud=cloud, entra_ids=list(oldest.values_list("entra_id", flat=True)[:HOLDERS]), now=now
    )


_READERS: dict[str, Callable[[Cloud, Reading, datetime], None]] = {
    PRODUCTS: _products,
    SIGN_INS: _sign_ins,
    LATE_ONES: _late_sign_ins,
    HOLDERS_OF: _holders,
}
