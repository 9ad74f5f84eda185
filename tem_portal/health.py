"""Two questions of whoever keeps the process: is it alive, and can it serve?

/healthz touches nothing, so that an outage of PostgreSQL does not get the web process killed.
/readyz asks PostgreSQL, Redis and the migrations, and names what fails without saying where it
is or why: the answer is public, the reason is in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import structlog
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

log = structlog.get_logger(__name__)


class NotReady(Exception):
    """A part answers, but not as it must."""


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _redis() -> None:
    cache.get("readiness")


def _migrations() -> None:
    missing = _on_disk() - set(MigrationRecorder(connection).applied_migrations())
    if missing:
        raise NotReady(f"not applied: {sorted(missing)}")


@lru_cache(maxsize=1)
def _on_disk() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


PARTS: dict[str, Callable[[], None]] = {
    "database": _database,
    "redis": _redis,
    "migrations": _migrations,
}


@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 {"ready": true, "failing": []}, or 503 with the names of the parts that fail."""
    failing = [name for name, ask in PARTS.items() if not _answers(name, ask)]
    status = 503 if failing else 200
    return JsonResponse({"ready": not failing, "failing": failing}, status=status)


def _answers(name: str, ask: Callable[[], None]) -> bool:
    try:
        ask()
    except Exception as error:  # whatever it is, the part is not ready
        log.warning("not_ready", part=name, error=str(error))
        return False
    return True
