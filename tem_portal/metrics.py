"""/metrics: how the portal is doing, in the form that Prometheus reads.

Nothing is counted in the memory of a process: the figures are read from PostgreSQL and Redis when
they are asked for, so every web process gives the same answer however many there are. Each query
reads a partial index, a short time or the server's own statistics; none grows with the usage that
is stored. The figures are of all tenants together and name none.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from secrets import compare_digest

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from tem_portal.celery import HEARTBEAT, TASKS

# Name, help, label (empty: none), and a query of rows (label, figure) or of one figure.
GAUGES = (
    (
        "tem_lines_due",
        "Lines waiting to be judged",
        "",
        "SELECT count(*) FROM usage_linewatch WHERE evaluate_at <= statement_timestamp()",
    ),
    (
        "tem_devices_due",
        "Devices waiting for the reconciler",
        "",
        "SELECT count(*) FROM devices_devicecontrol WHERE next_attempt_at <= statement_timestamp()",
    ),
    (
        "tem_commands_open",
        "Commands that were not closed yet",
        "status",
        "SELECT status, count(*) FROM devices_command "
        "WHERE status IN ('queued', 'pushed', 'delivered', 'not_now') GROUP BY 1",
    ),
    (
        "tem_signals_last_hour",
        "Signals received in the last hour",
        "outcome",
        "SELECT s.outcome, count(*) FROM tenants_tenant t JOIN connectors_signal s "
        "ON s.tenant_id = t.id AND s.received_at > now() - interval '1 hour' GROUP BY 1",
    ),
    ("tem_jobs", "Long jobs", "state", "SELECT state, count(*) FROM jobs_job GROUP BY 1"),
)
INGESTED = """
SELECT coalesce(sum(s.n_tup_ins), 0) FROM pg_inherits i
JOIN pg_stat_user_tables s ON s.relid = i.inhrelid
WHERE i.inhparent = 'usage_usagerecord'::regclass
"""


class Figures:
    """The collector: what it yields was read just now."""

    def collect(self) -> Iterator[Metric]:
        yield from _of_the_database()
        yield from _of_the_queue()


def _of_the_database() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        for name, text, label, query in GAUGES:
            gauge = GaugeMetricFamily(name, text, labels=[label] if label else [])
            cursor.execute(query)
            for *labels, figure in cursor.fetchall():
                gauge.add_metric(labels, figure)
            yield gauge
        cursor.execute(INGESTED)
        rows = CounterMetricFamily("tem_usage_records", "Usage records written by the server")
        rows.add_metric([], float(cursor.fetchone()[0]))
        yield rows


def _of_the_queue() -> Iterator[Metric]:
    """The workers' sign of life and their runs; without Redis, only that it is away."""
    reachable = GaugeMetricFamily("tem_redis_up", "Whether Redis answers")
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as server:
            beat = server.get(HEARTBEAT)
            runs = {key.decode(): float(value) for key, value in server.hgetall(TASKS).items()}
    except redis.RedisError:
        reachable.add_metric([], 0)
        yield reachable
        return
    reachable.add_metric([], 1)
    yield reachable
    age = GaugeMetricFamily("tem_worker_heartbeat_age_seconds", "Since a worker finished a task")
    if beat is not None:
        age.add_metric([], max(0.0, time.time() - float(beat)))
    yield age
    seconds = CounterMetricFamily("tem_task_seconds", "Time in tasks", labels=["task"])
    count = CounterMetricFamily("tem_task_runs", "Runs of tasks", labels=["task"])
    for key, value in sorted(runs.items()):
        task, what = key.rsplit(" ", 1)
        (seconds if what == "seconds" else count).add_metric([task], value)
    yield seconds
    yield count


@login_not_required
@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for whoever brings the token; 404 for all others, as if there were no page."""
    brought = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
    if not settings.METRICS_TOKEN or not compare_digest(brought, settings.METRICS_TOKEN.encode()):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
