"""How long to wait before asking a provider again. Pure: no clock, no network, no Django.

Retry-After may be whole seconds, a fraction, a date, absent or absurd. Coming back early counts
against us, so a time that makes sense is never shortened: what is longer than the caller has
patience for is reported, and the work is put off. What makes none is cut to LONGEST.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST = 300.0
"""Seconds. Graph asks for a few minutes at most; what asks for more is not believed, lest a faulty
header keep a tenant's connection away for days. One call in five minutes harms nobody."""
FIRST = 0.5
MOST_BACK_OFF = 30.0


def asked_for(retry_after: str | None, *, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, from 0 to LONGEST; None: nothing usable."""
    if retry_after is None or len(retry_after) > 100:
        return None
    text = retry_after.strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, now)
    if math.isnan(seconds) or seconds < 0:
        return None
    return min(seconds, LONGEST)


def _until(text: str, now: datetime) -> float:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return math.nan
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)


def back_off(attempt: int, *, jitter: float) -> float:
    """Seconds before try number `attempt` + 1, doubling; `jitter` from 0 to 1 spreads clients."""
    return min(FIRST * 2.0 ** (attempt - 1), MOST_BACK_OFF) * (0.5 + jitter / 2)
