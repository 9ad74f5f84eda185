"""Periodic work: each (job, period) is claimed in the database before it runs.

Two schedulers cannot run a period twice, and a scheduler that was down for days runs the current
period once. Apps register their jobs when they are ready.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from jobs.models import PeriodClaim

log = structlog.get_logger(__name__)

KEEP_CLAIMS = timedelta(days=30)
LEASE = timedelta(minutes=15)
"""How long a claimed run may take before another scheduler thinks that it died."""


@dataclass(frozen=True)
class Job:
    """`work` takes the time of the run; it must be idempotent."""

    name: str
    every: timedelta
    work: Callable[[datetime], object]


_jobs: dict[str, Job] = {}


def register(job: Job) -> None:
    """Make a job known; the name is its identity."""
    _jobs[job.name] = job


def run_due(*, now: datetime) -> list[str]:
    """Run every job whose current period nobody has claimed; returns their names."""
    return [job.name for job in _jobs.values() if run(job=job, now=now)]


def run(*, job: Job, now: datetime) -> bool:
    """Run one job for the period that `now` is in, unless it was claimed. Faults are recorded."""
    seconds = job.every.total_seconds()
    period = datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
    claim, is_mine = PeriodClaim.objects.get_or_create(
        job=job.name, period=period, defaults={"claimed_at": now}
    )
    mine = PeriodClaim.objects.filter(pk=claim.pk)
    if not is_mine:
        died = mine.filter(finished_at__isnull=True, claimed_at__lt=now - LEASE)
        if not died.update(claimed_at=now):
            return False
    try:
        with transaction.atomic():
            job.work(now)
    except Exception as error:  # the job's own fault; others go on, and it is on record
        log.exception("periodic_job_failed", job=job.name)
        mine.update(error=f"{type(error).__name__}: {error}"[:2000], finished_at=timezone.now())
        return True
    mine.update(finished_at=timezone.now())
    PeriodClaim.objects.filter(job=job.name, period__lt=now - KEEP_CLAIMS).delete()
    return True
