"""How often a token, and a tenant with all its tokens, may call in a minute.

Counted in Redis, one round trip a call. Without Redis nobody is counted and everybody served:
limits are there for fairness, and an outage of the cache must not become one of the API.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

import redis
import structlog
from django.conf import settings

from common.api import ApiRefused
from tenants.bearers import Caller

log = structlog.get_logger(__name__)

WINDOW = 60
FAILURES_PER_MINUTE = 60
"""Unknown tokens from one address, after which the answer is 429."""
_REST = 5.0
"""Seconds without counting after Redis failed, so that its outage does not slow every call."""
_resting_until = 0.0


@dataclass(frozen=True)
class Standing:
    """What is left of the scarcer of two limits in the running minute."""

    limit: int
    left: int
    resets_in: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.left)),
            "RateLimit-Reset": str(self.resets_in),
        }


def count_call(*, caller: Caller) -> Standing | None:
    """Count a call; None when nobody counts. Raises ApiRefused (429) beyond a limit."""
    limits = {
        f"token:{caller.tenant.pk}:{caller.key}": settings.API_CALLS_PER_MINUTE,
        f"tenant:{caller.tenant.pk}": settings.API_CALLS_PER_MINUTE_OF_TENANT,
    }
    standing = _count(limits)
    if standing is not None and standing.left < 0:
        raise _refused(standing, "Too many calls in this minute.")
    return standing


def count_failure(*, address: str | None) -> None:
    """Count an unknown token from an address. Raises ApiRefused (429) beyond the limit."""
    standing = _count({f"address:{address}": FAILURES_PER_MINUTE}) if address else None
    if standing is not None and standing.left < 0:
        raise _refused(standing, "Too many calls without a valid token.")


def _refused(standing: Standing, message: str) -> ApiRefused:
    headers = {**standing.headers, "Retry-After": str(standing.resets_in)}
    return ApiRefused(
        429, "too_many_calls", f"{message} Try again in {standing.resets_in} s.", headers=headers
    )


def _count(limits: dict[str, int]) -> Standing | None:
    global _resting_until
    now = time.time()
    if time.monotonic() < _resting_until:
        return None
    minute = int(now // WINDOW)
    try:
        with _redis(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
            for name in limits:
                key = f"tem:api:{name}:{minute}"
                pipeline.incr(key)
                pipeline.expire(key, 2 * WINDOW)
            counts = pipeline.execute()[::2]
    except redis.RedisError as error:
        _resting_until = time.monotonic() + _REST
        log.warning("api_calls_not_counted", error=str(error))
        return None
    standings = [
        Standing(limit, limit - used, WINDOW - int(now % WINDOW))
        for limit, used in zip(limits.values(), counts, strict=True)
    ]
    return min(standings, key=lambda standing: standing.left)


@cache
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5)
