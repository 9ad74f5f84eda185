"""Asking for long work, and calling it off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from audit.actions import Actor
from jobs.kinds import WORK
from jobs.models import OPEN_STATES, Job, JobState
from jobs.nudges import nudge


class AlreadyOpen(Exception):
    """The same work is under way: `job` is the one that does it."""

    def __init__(self, job: Job) -> None:
        self.job = job
        super().__init__(str(job))


def start(
    *, kind: str, key: str, parameters: dict[str, Any], total: int, by: Actor | None, now: datetime
) -> Job:
    """A new job of the tenant in scope. Raises AlreadyOpen where one of the key is open."""
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                key=key,
                parameters=parameters,
                total=total,
                by_id=by.pk if by else None,
                created_at=now,
                due_at=now,
            )
    except IntegrityError as broken:
        running = Job.objects.filter(kind=kind, key=key, state__in=OPEN_STATES).first()
        if running is None:
            raise
        raise AlreadyOpen(running) from broken
    nudge(WORK)
    return job


def cancel(*, job: Job, now: datetime) -> bool:
    """Call a job off; whether it was still open. A worker stops at its next step."""
    return bool(
        Job.objects.filter(pk=job.pk, state__in=OPEN_STATES).update(
            state=JobState.CANCELLED, finished_at=now, lease=None, leased_until=None
        )
    )
