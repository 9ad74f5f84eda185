"""Pages over HTTP: a tenant with a month of usage, and a signed-in connection to gunicorn."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from django.db import connection
from django.utils import timezone

from benchmarks.harness import process, wait_until
from benchmarks.scene import EMAIL, PASSWORD, make_carrier, make_lines, make_tenant
from common.tenancy import tenant_scope
from devtools.ports import free_port
from tenants.models import Tenant
from usage.models import Carrier
from usage.workers.evaluate import evaluate_due

REQUESTS = 20
USE = """
INSERT INTO usage_usagecounter (tenant_id, line_id, day, country, source, volume, records)
SELECT tenant_id, id, current_date - d, 'NL', 'carrier',
       20000000 + (abs(hashint8(id)::bigint) %% 1000) * 300000, 1  -- some over, spread evenly
FROM usage_line, generate_series(0, 29) d WHERE tenant_id = %s
"""


def month_of_usage(*, lines: int) -> tuple[Tenant, Carrier]:
    """A tenant whose lines used data on each of thirty days and have been judged."""
    tenant = make_tenant()
    with tenant_scope(tenant.pk):
        carrier, plan = make_carrier()
        make_lines(carrier=carrier, plan=plan, count=lines, phones=False)
        with connection.cursor() as cursor:
            cursor.execute(USE, [tenant.pk])
        while evaluate_due(now=timezone.now()):
            pass
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return tenant, carrier


@contextmanager
def signed_in_portal() -> Iterator[tuple[requests.Session, str]]:
    """A session of the tenant's administrator, and the address of its portal."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    arguments = ("gunicorn", "--worker-class=gthread", "--threads=2", f"--bind=127.0.0.1:{port}")
    with process(*arguments, "tem_portal.wsgi:application"), requests.Session() as session:
        _sign_in(session, address)
        yield session, f"{address}/t/bench"


def _sign_in(session: requests.Session, address: str) -> None:
    form_page = f"{address}/accounts/login/"

    def answers() -> bool:
        try:
            return session.get(form_page, timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    wait_until(answers)
    form = session.get(form_page).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert token
    answer = session.post(
        form_page,
        data={"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": token[1]},
        headers={"Referer": form_page},
    )
    assert answer.status_code == 200 and "/accounts/login" not in answer.url, answer.url


def median_time(session: requests.Session, address: str) -> float:
    times = []
    for _ in range(REQUESTS):
        start = time.perf_counter()
        answer = session.get(address)
        times.append((time.perf_counter() - start) * 1000)
        assert answer.status_code == 200
    return statistics.median(times)
