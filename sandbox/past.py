"""The calm months before the demo's last weeks, reported behind its back.

A job, so that it survives a restart: week by week, each in one transaction with its checkpoint and
received when its week was over, so that it does not stand at the head of anybody's timeline.
Nobody comes near a limit in those months, so late usage raises no alert and blocks nobody.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from jobs.actions import start
from jobs.runs import Run
from sandbox import feed
from sandbox.world import TENANTS, DemoTenant
from tenants.models import Tenant

KIND = "sandbox.past"
STEP = timedelta(days=7)


def ask(*, until: datetime, now: datetime) -> None:
    """Have the months before `until` reported for the demo tenant in scope."""
    begin = now - feed.HISTORY
    start(
        kind=KIND,
        key="past",
        parameters={"begin": begin.isoformat(), "until": until.isoformat()},
        total=(until - begin).days,
        by=None,
        now=now,
    )


def report(run: Run) -> dict[str, Any]:
    """The work of the job."""
    job = run.job
    begin = datetime.fromisoformat(job.parameters["begin"])
    until = datetime.fromisoformat(job.parameters["until"])
    at = datetime.fromisoformat(job.checkpoint.get("reached", job.parameters["begin"]))
    demo = _demo_of(job.tenant_id)
    rows = int(job.checkpoint.get("rows", 0))
    while at < until:
        end = min(at + STEP, until)
        with transaction.atomic():
            taken = feed.take(demo=demo, begin=at, end=end, now=end, lively=feed.NEVER_LIVELY)
            at, rows = end, rows + taken.accepted
            run.step(done=(at - begin).days, checkpoint={"reached": at.isoformat(), "rows": rows})
        run.pause_if_long()
    return {"rows": rows}


def _demo_of(tenant_id: int) -> DemoTenant:
    slug = Tenant.objects.get(pk=tenant_id).slug
    return next(demo for demo in TENANTS if demo.slug == slug)
