"""Reading accounts from the directory into our own rows."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from common.tenancy import current_tenant_id
from licensing.models import Account, Claim, ClaimState
from licensing.ports import AccountFacts, Cloud

_FIELDS = (
    "upn", "name", "enabled", "is_member", "usage_location", "licences", "groups", "read_at",
)  # fmt: skip


def read_accounts(*, cloud: Cloud, entra_ids: Collection[UUID], now: datetime) -> int:
    """Read these accounts; one that is gone counts as disabled. Raises CloudError.

    `now` is the time before the call. Returns how many were found.
    """
    wanted = {str(entra_id) for entra_id in entra_ids}
    if not wanted:
        return 0
    found = list(cloud.accounts(sorted(wanted)))
    write_accounts(accounts=found, now=now)
    gone = wanted - {facts.entra_id for facts in found}
    Account.objects.filter(entra_id__in=gone).update(enabled=False, licences=[], read_at=now)
    return len(found)


def write_accounts(*, accounts: Collection[AccountFacts], now: datetime) -> None:
    """Take over what was read, and notice licences of ours that somebody took away."""
    Account.objects.bulk_create(
        [
            Account(
                tenant_id=current_tenant_id(),
                entra_id=UUID(facts.entra_id),
                upn=facts.upn[:254],
                name=facts.name[:256],
                enabled=facts.enabled,
                is_member=facts.is_member,
                usage_location=facts.usage_location[:2],
                licences=list(facts.licences),
                groups=list(facts.groups),
                read_at=now,
            )
            for facts in accounts
        ],
        update_conflicts=True,
        unique_fields=["tenant", "entra_id"],
        update_fields=list(_FIELDS),
    )
    held = {facts.entra_id: {row["sku"] for row in facts.licences} for facts in accounts}
    ours = Claim.objects.filter(
        entra_id__in=list(held), state=ClaimState.ASSIGNED, assigned_at__lt=now
    ).select_related("product")
    gone = [row.pk for row in ours if str(row.product.sku_id) not in held[str(row.entra_id)]]
    Claim.objects.filter(pk__in=gone, state=ClaimState.ASSIGNED, assigned_at__lt=now).update(
        state=ClaimState.REMOVED, reason="claim_taken_away", ended_at=now
    )
