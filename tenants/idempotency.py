"""Idempotency-Key: the same call sent twice is done once and answered twice.

1. The key is inserted in the transaction of the call. A second call with the same key at the
   same time waits here until the first has committed, and then finds its answer.
2. The call is done, and its answer written to the row: both commit, or neither.
3. An answer of 5xx or 429 is not kept and its transaction undone, so a repetition tries again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import IntegrityError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse

from common.api import ApiRefused
from common.tenancy import across_tenants
from tenants.bearers import Caller
from tenants.models import IdempotentAnswer

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=24)
_LONGEST = 255
_WAIT = "5s"
_NOT_KEPT = 429


class _NotKept(Exception):
    """Undoes the transaction of a call whose answer is not to be repeated."""

    def __init__(self, answer: HttpResponse) -> None:
        self.answer = answer
        super().__init__()


def once(
    *, request: HttpRequest, caller: Caller, now: datetime, call: Callable[[], HttpResponse]
) -> HttpResponse:
    """The answer of `call`, or the one it gave before under the same key. Raises ApiRefused."""
    key = request.headers.get(HEADER)
    if key is None or request.method in {"GET", "HEAD", "OPTIONS"}:
        return call()
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= _LONGEST):
        message = f"{HEADER} must be 1 to {_LONGEST} printable ASCII characters."
        raise ApiRefused(400, "invalid_idempotency_key", message)
    fingerprint = _fingerprint(request)
    try:
        with transaction.atomic():
            row = _claim(caller=caller, key=key, fingerprint=fingerprint, now=now)
            answer = call()
            if answer.status_code >= 500 or answer.status_code == _NOT_KEPT:
                raise _NotKept(answer)
            row.status, row.body = answer.status_code, answer.content
            row.save(update_fields=["status", "body"])
            return answer
    except _NotKept as not_kept:
        return not_kept.answer
    except _Taken:
        return _answer_before(caller=caller, key=key, fingerprint=fingerprint)


class _Taken(Exception):
    """The key was used before, and that call has committed."""


def _claim(*, caller: Caller, key: str, fingerprint: str, now: datetime) -> IdempotentAnswer:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_WAIT])
        # A key that has had its day may be used again before it is swept.
        old = IdempotentAnswer.objects.filter(caller=caller.key, key=key)
        old.filter(created_at__lt=now - KEPT_FOR).delete()
        row = IdempotentAnswer.objects.create(
            caller=caller.key, key=key, fingerprint=fingerprint, created_at=now
        )
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except IntegrityError as error:
        raise _Taken from error
    except OperationalError as error:
        message = "A call with this Idempotency-Key is still running."
        raise ApiRefused(409, "call_running", message, headers={"Retry-After": "1"}) from error
    return row


def _answer_before(*, caller: Caller, key: str, fingerprint: str) -> HttpResponse:
    row = IdempotentAnswer.objects.filter(caller=caller.key, key=key).first()
    if row is None:  # swept at this very moment
        message = "A call with this Idempotency-Key was just forgotten; send it again."
        raise ApiRefused(409, "call_running", message, headers={"Retry-After": "1"})
    if row.fingerprint != fingerprint:
        message = "This Idempotency-Key was used for another call before; choose a new one."
        raise ApiRefused(422, "idempotency_key_reused", message)
    answer = HttpResponse(bytes(row.body), status=row.status, content_type="application/json")
    answer["Idempotency-Replayed"] = "true"
    return answer


def _fingerprint(request: HttpRequest) -> str:
    parts = (str(request.method), request.get_full_path(), "")
    return hashlib.sha256("\n".join(parts).encode() + request.body).hexdigest()


def forget_answers(*, now: datetime) -> int:
    """Delete what was kept for its time; returns how many."""
    with across_tenants("answers of all tenants are kept for a day"):
        old = IdempotentAnswer.objects.filter(created_at__lt=now - KEPT_FOR)
        return old.delete()[0]
