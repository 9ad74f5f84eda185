"""Working off due rows, fairly: one batch per tenant in turn, until nothing is due.

1. The tenants that have due rows are listed.
2. Each gets one batch in its own scope; a tenant whose batch came back empty is done.
3. This repeats until all are done or the time is up; whatever is left is swept up later.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from common.tenancy import tenant_scope


def drain(
    *, tenants: Callable[[], Iterable[int]], batch: Callable[[], int], seconds: float = 20.0
) -> int:
    """Run `batch` (rows done -> int) for every tenant with due rows; returns the rows done."""
    until = time.monotonic() + seconds
    done = 0
    waiting = list(tenants())
    while waiting and time.monotonic() < until:
        still_busy = []
        for tenant_id in waiting:
            with tenant_scope(tenant_id):
                count = batch()
            done += count
            if count:
                still_busy.append(tenant_id)
        waiting = still_busy
    return done
