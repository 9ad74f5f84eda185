"""Taking back what a policy gave in a period, after a look at it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit.actions import Actor, record
from common.refusals import Refused
from jobs.nudges import nudge
from licensing.models import AutoClaimPolicy, Claim, ClaimState
from licensing.workers.judge import ASSIGN

GIVEN = (ClaimState.CLAIMED, ClaimState.ASSIGNING, ClaimState.UNKNOWN, ClaimState.ASSIGNED)


class UndoRefused(Refused):
    """The claims are not, or no longer, those that were looked at."""


def given_by(*, policy: AutoClaimPolicy, since: datetime, until: datetime) -> QuerySet[Claim]:
    """Claims of the policy that took a seat from `since` up to, not including, `until`."""
    return Claim.objects.filter(
        policy=policy, state__in=GIVEN, claimed_at__gte=since, claimed_at__lt=until
    )


@transaction.atomic
def undo(
    *,
    policy: AutoClaimPolicy,
    since: datetime,
    until: datetime,
    expected: int,
    now: datetime,
    by: Actor,
) -> int:
    """Take the licences of these claims back; `expected` is how many were looked at.

    The worker looks at each account first, and leaves what comes from a group. Raises UndoRefused.
    """
    found = given_by(policy=policy, since=since, until=until)
    keys = list(found.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    if len(keys) != expected or not keys:
        raise UndoRefused(_("These are not the claims that you looked at; look at them again."))
    Claim.objects.filter(pk__in=keys).update(
        state=ClaimState.UNDOING, reason="", due_at=now, attempts=0
    )
    record(
        by=by,
        action="auto_claim_policy.claims_undone",
        subject=policy,
        after={
            "claims": len(keys), "first_day": since.isoformat(), "end_day": until.isoformat(),
        },
    )  # fmt: skip
    nudge(ASSIGN)
    return len(keys)
