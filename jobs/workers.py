"""Working off jobs: claim one, do a slice of it, write down what came of it.

1. A claim takes the job that is longest due, with SKIP LOCKED, and puts a lease on it. At most
   JOBS_AT_ONCE run at a time, so that long work leaves workers free for limits and devices.
2. The work renews the lease with each step. A worker that dies lets it run out; the next claim
   goes on from the checkpoint.
3. A fault puts the job back for later. After TRIES claims without one step getting through it
   has failed, visibly; a job that kills its worker is stopped the same way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from common.tenancy import across_tenants, tenant_scope
from jobs.kinds import WORK, JobFailed, UnknownKind, kind_of
from jobs.models import OPEN_STATES, Job, JobState
from jobs.nudges import nudge
from jobs.runs import LEASE, LostLease, Paused, Run

log = structlog.get_logger(__name__)

TRIES = 3
BACK_OFF = timedelta(seconds=10)
_CLAIMS = 7_301_202


def work_off(*, now: datetime) -> bool:
    """Claim one job and do a slice of it; whether there was one."""
    job = claim(now=now)
    if job is None:
        return False
    with tenant_scope(job.tenant_id), translation.override(_language_of(job)):
        _work(Run(job))
    nudge(WORK)  # another may be due; if not, that costs one query
    return True


def claim(*, now: datetime) -> Job | None:
    """The job that is longest due, leased to the caller; None where none is free."""
    with transaction.atomic(), across_tenants("jobs of all tenants are worked off in turn"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_CLAIMS])  # held for this claim
        running = Job.objects.filter(state=JobState.RUNNING, leased_until__gt=now)
        if running.count() >= settings.JOBS_AT_ONCE:
            return None
        free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
        job = (
            Job.objects.filter(free, state__in=OPEN_STATES, due_at__lte=now)
            .select_related("by")
            .order_by("due_at", "pk")
            .select_for_update(of=["self"], skip_locked=True)
            .first()
        )
        if job is None:
            return None
        job.state, job.lease, job.leased_until = JobState.RUNNING, uuid4(), now + LEASE
        job.attempts += 1
        job.started_at = job.started_at or now
        job.save(update_fields=["state", "lease", "leased_until", "attempts", "started_at"])
        return job


def _work(run: Run) -> None:
    job = run.job
    try:
        if job.attempts > TRIES:
            raise JobFailed(
                _("The work stopped %(count)s times at the same place.") % {"count": TRIES}
            )
        result = kind_of(job.kind).work(run)
        if result is not None:
            run.finish(result)
    except LostLease:
        log.info("job_let_go", job=job.pk)
    except Paused:
        run.put_back(after=timedelta())
    except (JobFailed, UnknownKind) as failed:
        _fail(run, str(failed))
    except OperationalError:
        raise  # the database, not the job: its lease runs out and it is claimed again
    except Exception as error:
        log.exception("job_step_failed", job=job.pk, kind=job.kind)
        if job.attempts >= TRIES:
            _fail(run, _("The portal could not finish this: %s") % type(error).__name__)
        else:
            run.put_back(after=BACK_OFF * job.attempts)


def _fail(run: Run, sentence: str) -> None:
    try:
        run.end(state=JobState.FAILED, error=sentence[:2000])
    except LostLease:
        log.info("job_let_go", job=run.job.pk)


def _language_of(job: Job) -> str:
    return getattr(job.by, "language", "") or settings.LANGUAGE_CODE
