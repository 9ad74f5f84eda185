"""agent_batch and agent_single: samples over HTTP, on one kept connection to gunicorn.

agent_batch: 500 samples a request, samples per second, to COPY of the same columns into a bare
table in batches of 500, committed each. agent_single: one sample a request, requests per second,
to an empty call of the API behind the same middleware, token and limits.

Limits follow the agents' figures and the worker evaluates meanwhile. The sums are checked.
"""

from __future__ import annotations

import io
import json
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from uuid import UUID

import requests
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from benchmarks.harness import Outcome, in_turns, process, seconds, wait_until, worker
from benchmarks.scene import make_carrier, make_lines, make_tenant
from common.tenancy import tenant_scope
from devtools.ports import free_port
from tenants.api_tokens import create_token
from tenants.models import Membership, Scope
from usage.models import Carrier, UsageCounter
from usage.partitions import ensure_partitions

BATCH = 500
TABLE = """
CREATE TABLE IF NOT EXISTS bench_samples (
    id uuid, line text, started_at timestamptz, ended_at timestamptz, mcc text, country text,
    roaming boolean, bytes_in bigint, bytes_out bigint
)
"""
COPY = "COPY bench_samples FROM STDIN"


class Agents:
    """Samples of the tenant's lines, each new; `volume` is what was sent so far."""

    def __init__(self, references: list[str]) -> None:
        self.references = references
        self.random = random.Random(6)
        self.volume = 0

    def batch(self, count: int) -> list[dict]:
        now = timezone.now().astimezone(UTC)
        made = []
        for _ in range(count):
            at = now - timedelta(seconds=self.random.randrange(3_600))
            in_, out = self.random.randrange(10**6), self.random.randrange(10**5)
            self.volume += in_ + out
            made.append(
                {
                    "id": str(UUID(int=self.random.getrandbits(128))),
                    "line": {"reference": self.random.choice(self.references)},
                    "started_at": at.isoformat(), "ended_at": at.isoformat(), "mcc": "204",
                    "country": "NL", "roaming": False, "bytes_in": in_, "bytes_out": out,
                }
            )  # fmt: skip
        return made


@contextmanager
def _api(lines: int) -> Iterator[tuple[requests.Session, str, Agents]]:
    """A session with a token, the portal's address, and agents of so many lines."""
    ensure_partitions(today=timezone.now().date())
    tenant = make_tenant()
    with tenant_scope(tenant.pk):
        carrier, plan = make_carrier()
        Carrier.objects.update(drives_limits="agent")
        references = make_lines(carrier=carrier, plan=plan, count=lines, phones=False)
        membership = Membership.objects.select_related("user").get()
        made = create_token(
            name="Bench",
            scopes=[Scope.USAGE_WRITE],
            expires_at=None,
            membership=membership,
            by=membership.user,
            now=timezone.now(),
        )
    os.environ["API_CALLS_PER_MINUTE"] = os.environ["API_CALLS_PER_MINUTE_OF_TENANT"] = "10000000"
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    arguments = ("gunicorn", "--worker-class=gthread", "--threads=2", f"--bind=127.0.0.1:{port}")
    with (
        process(*arguments, "tem_portal.wsgi:application"),
        worker(),
        requests.Session() as session,
    ):
        session.headers["Authorization"] = f"Bearer {made.secret}"
        session.headers["Content-Type"] = "application/json"

        def answers() -> bool:
            try:
                return session.post(f"{address}/bench-api/empty", data=b"{}").status_code == 200
            except requests.ConnectionError:
                return False

        wait_until(answers)
        agents = Agents(references)
        yield session, address, agents
        with tenant_scope(tenant.pk):
            counted = UsageCounter.objects.aggregate(sum=Sum("volume"))["sum"]
        assert counted == agents.volume, (counted, agents.volume)


def _send(session: requests.Session, address: str, bodies: list[tuple[int, bytes]]) -> None:
    for count, body in bodies:
        answer = session.post(f"{address}/api/v1/usage/samples", data=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["accepted"] == count, answer.text[:500]


def run_batch(*, small: bool) -> Outcome:
    requests_each = 5 if small else 20
    with _api(2_000 if small else 20_000) as (session, address, agents):
        with connection.cursor() as cursor:
            cursor.execute(TABLE)

        def ours() -> float:
            bodies = [
                (BATCH, json.dumps({"samples": agents.batch(BATCH)}).encode())
                for _ in range(requests_each)
            ]
            return BATCH * requests_each / seconds(lambda: _send(session, address, bodies))

        def base() -> float:
            kept = agents.volume
            texts = [_text(agents.batch(BATCH)) for _ in range(requests_each)]
            agents.volume = kept

            def copy() -> None:
                for text in texts:
                    with connection.cursor() as cursor:
                        cursor.cursor.copy_expert(COPY, io.StringIO(text))

            return BATCH * requests_each / seconds(copy)

        return in_turns(ours=ours, base=base, unit="/s")


def _text(samples: list[dict]) -> str:
    return "".join(
        "\t".join(
            [
                one["id"], one["line"]["reference"], one["started_at"], one["ended_at"],
                one["mcc"], one["country"], "f", str(one["bytes_in"]), str(one["bytes_out"]),
            ]
        ) + "\n"
        for one in samples
    )  # fmt: skip


def run_single(*, small: bool) -> Outcome:
    count = 50 if small else 200
    with _api(2_000 if small else 20_000) as (session, address, agents):

        def ours() -> float:
            bodies = [(1, json.dumps({"samples": agents.batch(1)}).encode()) for _ in range(count)]
            return count / seconds(lambda: _send(session, address, bodies))

        def base() -> float:
            def send() -> None:
                for _ in range(count):
                    answer = session.post(f"{address}/bench-api/empty", data=b"{}")
                    assert answer.status_code == 200

            return count / seconds(send)

        return in_turns(ours=ours, base=base, unit="/s")
