"""What people do with single claims: try again, and allow again who was taken off.

Each wins by a conditional update, so two people who press at once do one thing.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import Actor, record
from common.refusals import Refused
from jobs.nudges import nudge
from licensing.models import Claim, ClaimState
from licensing.workers.judge_nudges import JUDGE

RETRYABLE = (ClaimState.NOTHING, ClaimState.FAILED, ClaimState.WAITING)


class ClaimRefused(Refused):
    """The claim is not, or no longer, one that this can be done to."""


@transaction.atomic
def retry(*, claim: Claim, now: datetime, by: Actor) -> None:
    """Judge the claim again, by what is known now. Raises ClaimRefused."""
    mine = Claim.objects.filter(pk=claim.pk, state__in=RETRYABLE)
    if not mine.update(
        state=ClaimState.NEW, reason="", tried=[], due_at=now, ended_at=None, attempts=0
    ):
        raise ClaimRefused(_("This claim is not one that can be tried again."))
    record(by=by, action="claim.retried", subject=claim)
    nudge(JUDGE)


@transaction.atomic
def clear(*, claim: Claim, now: datetime, by: Actor) -> None:
    """The user whose licence was taken away may claim one again. Raises ClaimRefused."""
    mine = Claim.objects.filter(pk=claim.pk, state=ClaimState.REMOVED, cleared_at=None)
    if not mine.update(cleared_at=now):
        raise ClaimRefused(_("Nothing keeps this user from claiming again."))
    record(by=by, action="claim.cleared", subject=claim)
