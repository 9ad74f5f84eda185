"""Figures that are dear to compute are kept for a while, each tenant's apart.

How long follows from what they cost: fifty times as long as the work took. A small tenant sees
every change at once, a large one at the price of two per cent of a processor, and nobody has to
choose a time. When the time is over one request computes and the others show what there was,
with its time. Without Redis everything is computed every time.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.cache import cache
from django.utils import timezone
from redis.exceptions import RedisError

from common.tenancy import current_tenant_id

T = TypeVar("T")
TIMES_AS_LONG = 50
LONGEST = 600
"""Seconds after which figures are not kept, however dear."""


@dataclass(frozen=True)
class Kept(Generic[T]):
    """Figures, the moment they were true, and how long that was to compute (seconds)."""

    figures: T
    at: datetime
    took: float

    def is_fresh(self, now: datetime) -> bool:
        return (now - self.at).total_seconds() < min(self.took * TIMES_AS_LONG, LONGEST)


def kept(kind: type[T], work: Callable[[], T], *, asked: str = "") -> Kept[T]:
    """The tenant's figures of one `kind` (a dataclass of plain values), as `work` gives them.

    `asked` tells apart what one kind is worked out for: filters, order, what the person may see.
    """
    key = _key(kind, asked)
    found = _from_cache(key)
    if found and (found.is_fresh(timezone.now()) or not _may_compute(key)):
        return found
    return _computed(key, work)


def _key(kind: type[Any], asked: str = "") -> str:
    """Holds the tenant, and the fields: after an upgrade nothing of another shape is read."""
    fields = "-".join(field.name for field in dataclasses.fields(kind))
    digest = hashlib.sha256(asked.encode()).hexdigest()[:32] if asked else ""
    return f"figures:{current_tenant_id()}:{kind.__qualname__}:{fields}:{digest}"


def _from_cache(key: str) -> Kept[Any] | None:
    with contextlib.suppress(RedisError):
        if (value := cache.get(key)) is not None:
            figures, at, took = value
            return Kept(figures, at, took)
    return None


def _may_compute(key: str) -> bool:
    """Whether nobody else is at it; a request that died is waited for half a minute."""
    try:
        return cache.add(f"{key}:computing", 1, timeout=30)
    except RedisError:
        return True


def _computed(key: str, work: Callable[[], T]) -> Kept[T]:
    at, start = timezone.now(), time.perf_counter()
    result = Kept(figures=work(), at=at, took=time.perf_counter() - start)
    with contextlib.suppress(RedisError):
        cache.set(key, (result.figures, result.at, result.took), timeout=LONGEST)
        cache.delete(f"{key}:computing")
    return result
