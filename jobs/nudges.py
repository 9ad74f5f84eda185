"""Nudges: "there may be work", sent to the workers after commit.

PostgreSQL holds the work; a nudge only saves the seconds until the next sweep. So a broker that
is down, full or hanging may swallow nudges, and must never fail the request that sent one.
"""

from __future__ import annotations

import structlog
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


def nudge(task: str) -> None:
    """Ask for `task` (a task's name, without arguments) once the transaction has committed."""
    transaction.on_commit(lambda: _send(task), robust=True)


def _send(task: str) -> None:
    try:
        route = current_app.conf.task_routes.get(task, {})
        current_app.send_task(
            task, queue=route.get("queue"), retry=False, ignore_result=True, expires=30
        )
    except (OperationalError, RedisError, OSError) as error:
        log.warning("nudge_lost", task=task, error=str(error))
