"""Making those who wait due again; apart from judging, which reading products must not import."""

from __future__ import annotations

from datetime import datetime

from jobs.nudges import nudge
from licensing.models import Claim, ClaimState

JUDGE = "licensing.tasks.judge_due"


def make_waiting_due(*, now: datetime) -> int:
    """Seats may have come: whoever waits for one is judged again. Returns how many."""
    waiting = Claim.objects.filter(state=ClaimState.WAITING, due_at=None)
    count = waiting.update(due_at=now)
    if count:
        nudge(JUDGE)
    return count
