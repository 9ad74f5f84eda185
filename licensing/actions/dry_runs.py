"""Asking what a draft would have given. It changes nothing, so nothing is audited."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from audit.actions import Actor
from jobs.actions import AlreadyOpen, start
from jobs.models import Job
from licensing.actions.policies import check
from licensing.drafts import Draft
from licensing.workers.dry_run import KIND

PERIODS = (90, 30, 7)


def ask(*, draft: Draft, days: int, now: datetime, by: Actor) -> Job:
    """The job that works it out, or the one that is at it already. Raises AutoClaimRefused."""
    check(draft)
    text = draft.to_json()
    key = hashlib.sha256(f"{days} {text}".encode()).hexdigest()
    since = now - timedelta(days=days)
    parameters = {
        "draft": text, "days": days, "since": since.isoformat(), "until": now.isoformat(),
    }  # fmt: skip
    try:
        return start(kind=KIND, key=key, parameters=parameters, total=0, by=by, now=now)
    except AlreadyOpen as running:
        return running.job
