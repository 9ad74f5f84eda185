"""A token bucket and a circuit breaker for each tenant and provider, shared through Redis.

One tenant's sync cannot use up what the others need, and a provider that fails is left alone for
a while. Without Redis there is no limit but the provider's own: losing Redis loses time, not work.

1. `take` is one script, so that two processes never take the same token.
2. A 429 closes the gate for all processes until the time it named.
3. FAILURES in a row open the circuit for OPEN_SECONDS; then one call is let through to try.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import redis
import structlog
from django.conf import settings
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)
T = TypeVar("T")
FAILURES = 5
OPEN_SECONDS = 20
REMEMBERED_SECONDS = 600
_TAKE = """
local paused = redis.call('PTTL', KEYS[2])
if paused > 0 then return tostring(paused / 1000) end
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rate, size = tonumber(ARGV[1]), tonumber(ARGV[2])
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(kept[1]) or size
local at = tonumber(kept[2]) or now
tokens = math.min(size, tokens + math.max(0, now - at) * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], 600)
return tostring(wait)
"""


@cache
def _server(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1)


@dataclass(frozen=True)
class Limits:
    """The limits of one tenant at one provider. `rate` is calls a second, `burst` the bucket."""

    tenant_id: int
    provider: str
    rate: float = field(default_factory=lambda: settings.GRAPH_CALLS_PER_SECOND)

    @property
    def burst(self) -> float:
        return max(self.rate * 2, 1)

    def _key(self, name: str) -> str:
        return f"tem:limits:{self.provider}:{self.tenant_id}:{name}"

    def wait(self) -> float:
        """Take a token: 0, or the seconds until there may be one (and none was taken)."""
        keys = (self._key("bucket"), self._key("paused"))
        answer = self._ask(lambda server: server.eval(_TAKE, 2, *keys, self.rate, self.burst), b"0")
        return float(answer)

    def pause(self, seconds: float) -> None:
        """Let nobody through for so long."""
        milliseconds = max(int(seconds * 1000), 1)
        self._ask(lambda server: server.set(self._key("paused"), 1, px=milliseconds), None)

    def is_open(self) -> bool:
        """Whether calls are pointless at the moment. One call after a pause may try."""

        def ask(server: redis.Redis) -> bool:
            failures = int(server.get(self._key("failures")) or 0)
            if failures < FAILURES:
                return False
            # Whoever sets the key goes and tries; the others wait until it runs out.
            return not server.set(self._key("tried"), 1, nx=True, ex=OPEN_SECONDS)

        return self._ask(ask, False)

    def succeeded(self) -> None:
        self._ask(lambda server: server.delete(self._key("failures"), self._key("tried")), None)

    def failed(self) -> None:
        """Count a failure of the provider; the one that makes it too many opens the circuit."""

        def count(server: redis.Redis) -> None:
            failures = server.incr(self._key("failures"))
            server.expire(self._key("failures"), REMEMBERED_SECONDS)
            if failures >= FAILURES:
                server.set(self._key("tried"), 1, ex=OPEN_SECONDS)

        self._ask(count, None)

    def _ask(self, question: Callable[[Any], T], otherwise: T) -> T:
        try:
            return question(_server(settings.REDIS_URL))
        except RedisError as error:
            log.warning("limits_without_redis", provider=self.provider, error=type(error).__name__)
            return otherwise
