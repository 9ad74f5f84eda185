"""Finds a worker that lives and does nothing.

After an outage of Redis a Celery worker can stay alive and consume nothing. The worker writes a key
as it finishes tasks, and the scheduler gives it some every second. When Redis answers and the key
stands still, the worker is to be started again. The value is only compared with the one before, so
that a corrected clock of the machine does no harm.
A slice of long work takes a minute at most, so a worker may be silent a little longer than that.
"""

import redis

KEY = "tem:worker-heartbeat"
LOOK_EVERY = 15.0
TOO_LONG = 90.0


class Heartbeat:
    """Times are seconds of one monotonic clock, which the caller reads."""

    def __init__(self, *, redis_url: str, now: float) -> None:
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1)
        self._next_look = now
        self._beat: object = None
        self._changed_at = now

    def silent(self, *, now: float, worker_age: float) -> bool:
        """Whether a worker of this age ought to have shown life by now, and did not.

        False between looks, and while Redis is away: then nobody can know, and a new worker would
        be no better.
        """
        if now < self._next_look:
            return False
        self._next_look = now + LOOK_EVERY
        try:
            beat = self._redis.get(KEY)
        except redis.RedisError:
            self._changed_at = now  # when it is back, the worker has its time
            return False
        if beat != self._beat:
            self._beat, self._changed_at = beat, now
        return min(worker_age, now - self._changed_at) > TOO_LONG
