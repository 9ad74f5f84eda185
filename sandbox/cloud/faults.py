"""What the pretend cloud does wrong on purpose, one organisation at a time.

A fault lasts until it is switched off, or for `faults_left` answers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import repeat

from django.db.models import F
from django.http import HttpResponse, StreamingHttpResponse

from sandbox.cloud.graph.answering import BATCH, throttled
from sandbox.cloud.graph.problems import GraphProblem
from sandbox.models import CloudTenant, Fault

SLOW_SECONDS = 8
FOREIGN = "https://graph.foreign.invalid/v1.0/users?$skiptoken=stolen"
_ENDLESS_PART = b'"' + b"x" * 65_535 + b'",'
_MOST_PARTS = 4096  # 256 MB: without end, for whoever reads it all
_RETRY_AFTER = {
    Fault.THROTTLED: "2",
    Fault.THROTTLED_FRACTION: "0.25",
    Fault.THROTTLED_SILENT: None,
    Fault.THROTTLED_ABSURD: "864000",
}


def fault_of(tenant: CloudTenant) -> Fault:
    """The fault that strikes this answer, which is then one answer nearer to its end."""
    if tenant.fault == Fault.NONE or tenant.faults_left == 0:
        return Fault.NONE
    if tenant.faults_left is not None:
        left = CloudTenant.objects.filter(pk=tenant.pk, faults_left__gt=0)
        if not left.update(faults_left=F("faults_left") - 1):
            return Fault.NONE
    return Fault(tenant.fault)


def strike(fault: Fault, *, wait: Callable[[float], None] = time.sleep) -> HttpResponse | None:
    """The faulty answer; None lets the true one through. Raises GraphProblem."""
    if fault in _RETRY_AFTER:
        raise throttled(_RETRY_AFTER[fault])
    match fault:
        case Fault.FAILING:
            raise GraphProblem(503, "ServiceUnavailable", "The service is not available.")
        case Fault.SLOW:
            wait(SLOW_SECONDS)
        case Fault.GARBAGE:
            return HttpResponse(b"<html>\xff\xfe not JSON {", content_type="application/json")
        case Fault.ENDLESS:
            return StreamingHttpResponse(_endless(), content_type="application/json")
        case Fault.FOREIGN_LINK:
            body = {"@odata.nextLink": FOREIGN, "value": []}
            return HttpResponse(json.dumps(body), content_type="application/json")
    return None


def lose(fault: Fault, *, method: str, path: str) -> None:
    """After the work was done: the answer to a change gets lost. Raises GraphProblem."""
    if fault == Fault.LOST and method != "GET" and path != BATCH:
        raise GraphProblem(504, "GatewayTimeout", "The service did not answer in time.")


def _endless() -> Iterator[bytes]:
    yield b'{"value":['
    yield from repeat(_ENDLESS_PART, _MOST_PARTS)
