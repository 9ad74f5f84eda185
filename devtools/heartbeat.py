"""Finds a worker that lives and does nothing.

After an outage of Redis a Celery worker can stay alive and consume nothing. The worker writes the
time into a key every two seconds; when Redis answers and the key is old, the worker is to be
started again.
"""

import time

import redis

KEY = "tem:worker-heartbeat"
LOOK_EVERY = 15.0
TOO_OLD = 30.0


class Heartbeat:
    def __init__(self, *, redis_url: str) -> None:
        self._redis = redis.Redis.from_url(
            redis_url, socket_timeout=1, socket_connect_timeout=1, decode_responses=True
        )
        self._next_look = 0.0

    def silent(self, *, worker_age: float) -> bool:
        """Whether a worker of this age (seconds) ought to have shown life, and did not.

        Looks every LOOK_EVERY seconds and says False in between. False too while Redis is away:
        then nobody can know, and a new worker would be no better.
        """
        now = time.monotonic()
        if now < self._next_look or worker_age < TOO_OLD:
            return False
        self._next_look = now + LOOK_EVERY
        try:
            beat = self._redis.get(KEY)
        except redis.RedisError:
            return False
        return beat is None or time.time() - float(str(beat)) > TOO_OLD
