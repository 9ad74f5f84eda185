"""The Celery application, and the worker's sign of life.

A worker that lived through an outage of Redis can look alive and consume nothing. So the sign of
life is written by the tasks it has finished, which only a consuming worker does; whoever keeps
the process (run.py, a container's health check) restarts a worker whose sign is old.
"""

from __future__ import annotations

import gc
import os
import time
from typing import Any

import redis
from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_process_init
from django.conf import settings
from structlog.contextvars import bind_contextvars, unbind_contextvars

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tem_portal.settings")

HEARTBEAT = "tem:worker-heartbeat"
EVERY_SECONDS = 2.0

app = Celery("tem_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

TASKS = "tem:task-runs"
"""Hash of the seconds and the number of runs of each task: `<task> seconds`, `<task> runs`."""

_last_beat = 0.0
_began: dict[str, float] = {}


@worker_process_init.connect
def set_aside_what_stays(**kwargs: Any) -> None:
    """Keep the garbage collector off what was loaded before the first task, and stays for good.

    An import makes objects by the hundred thousand; looking through all of Django each time the
    collector runs would cost it a tenth of its time.
    """
    gc.collect()
    gc.freeze()


@task_prerun.connect
def note_begin(task_id: str, task: Any, **kwargs: Any) -> None:
    """From here on each log line names the task and its run."""
    _began[task_id] = time.monotonic()
    bind_contextvars(task=task.name, task_id=task_id)


@task_postrun.connect
def note_end(task_id: str, task: Any, **kwargs: Any) -> None:
    """Add the run to the sums in Redis, which all worker processes share."""
    unbind_contextvars("task", "task_id")
    took = time.monotonic() - _began.pop(task_id, time.monotonic())
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as connection:
            pipeline = connection.pipeline(transaction=False)
            pipeline.hincrbyfloat(TASKS, f"{task.name} seconds", took)
            pipeline.hincrby(TASKS, f"{task.name} runs", 1)
            pipeline.execute()
    except redis.RedisError:
        pass  # as with the sign of life


@task_postrun.connect
def beat(**kwargs: Any) -> None:
    """Write the time (seconds since 1970) of the last finished task, at most every two seconds."""
    global _last_beat
    now = time.time()
    if now - _last_beat < EVERY_SECONDS:
        return
    _last_beat = now
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as connection:
            connection.set(HEARTBEAT, int(now))
    except redis.RedisError:
        pass  # no Redis, no tasks: the outage itself is seen elsewhere
