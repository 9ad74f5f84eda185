"""One claim of a job, as the work sees it: steps, pauses, output.

Every step is one UPDATE on condition that this claim still holds the job. Called inside the
transaction of the work it speaks of, a step that finds the job cancelled or taken over undoes
that work too, so no piece is ever done by two workers.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone

from jobs.models import Job, JobState, StoredFile, StoredPart

LEASE = timedelta(seconds=60)
SLICE = 60.0
"""Seconds after which a run gives way to other work, if it can."""


class LostLease(Exception):
    """The job was cancelled, or another worker has it: nothing may be written any more."""


class Paused(Exception):
    """The run gives way; the job goes on from its checkpoint when its turn comes again."""


class Run:
    """A claimed job. `job` is as it was claimed."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._until = time.monotonic() + SLICE

    def _held(self) -> models.QuerySet[Job]:
        return Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, lease=self.job.lease)

    def step(self, **changes: Any) -> None:
        """Renew the lease and write how far the work is. Raises LostLease.

        `changes` are fields of Job: done, total, checkpoint, output. Only a checkpoint is a step
        forward for `attempts`; work without one begins anew, and may die at the same place again.
        """
        if "checkpoint" in changes:
            changes["attempts"] = 0
        renewed = timezone.now() + LEASE
        if not self._held().update(leased_until=renewed, **changes):
            raise LostLease

    def pause_if_long(self) -> None:
        """Give way after SLICE seconds. To be called where everything is written. Raises Paused."""
        if time.monotonic() > self._until:
            raise Paused

    def finish(self, result: dict[str, Any]) -> None:
        """The job is done. Raises LostLease."""
        self.end(state=JobState.DONE, result=result)

    def end(self, **changes: Any) -> None:
        """Out of this claim's hands, with a last state. Raises LostLease."""
        done = self._held().update(
            lease=None, leased_until=None, finished_at=timezone.now(), **changes
        )
        if not done:
            raise LostLease

    def put_back(self, *, after: timedelta) -> None:
        """Open for the next claim, not before `after`. Silent when the claim is gone."""
        self._held().update(
            state=JobState.QUEUED, lease=None, leased_until=None, due_at=timezone.now() + after
        )

    def write(self, *, name: str, content: bytes, keep: timedelta) -> None:
        """Append to the job's output; in the transaction of the step it belongs to."""
        if self.job.output_id is None:
            now = timezone.now()
            self.job.output = StoredFile.objects.create(
                name=name, created_at=now, keep_until=now + keep
            )
            self.step(output=self.job.output)
        parts = StoredPart.objects.filter(file=self.job.output_id)
        last = parts.aggregate(last=Coalesce(models.Max("number"), -1))["last"]
        StoredPart.objects.create(file_id=self.job.output_id, number=last + 1, content=content)
        StoredFile.objects.filter(pk=self.job.output_id).update(
            size=models.F("size") + len(content)
        )
