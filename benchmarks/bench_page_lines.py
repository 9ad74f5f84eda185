"""page_lines: the list of lines at 100,000 lines, to an empty page behind the same middleware.

Median time over HTTP on one kept connection to gunicorn, with a filter and a sort order.
"""

from __future__ import annotations

import re
import statistics
import time

import requests
from django.db import connection
from django.utils import timezone

from benchmarks.harness import Outcome, in_turns, process, wait_until
from benchmarks.scene import EMAIL, PASSWORD, make_carrier, make_lines, make_tenant
from common.tenancy import tenant_scope
from devtools.ports import free_port
from usage.workers.evaluate import evaluate_due

REQUESTS = 20
USE = """
INSERT INTO usage_usagecounter (tenant_id, line_id, day, country, source, volume, records)
SELECT tenant_id, id, current_date - d, 'NL', 'carrier',
       30000000 + (id * 7919 + d * 104729) %% 300000000, 1
FROM usage_line, generate_series(0, 29) d WHERE tenant_id = %s
"""


def run(*, small: bool) -> Outcome:
    count = 10_000 if small else 100_000
    tenant = make_tenant()
    with tenant_scope(tenant.pk):
        carrier, plan = make_carrier()
        make_lines(carrier=carrier, plan=plan, count=count, phones=False)
        with connection.cursor() as cursor:
            cursor.execute(USE, [tenant.pk])
        while evaluate_due(now=timezone.now()):
            pass
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    arguments = ("gunicorn", "--worker-class=gthread", "--threads=2", f"--bind=127.0.0.1:{port}")
    with process(*arguments, "tem_portal.wsgi:application"), requests.Session() as session:
        _sign_in(session, address)
        query = f"?carrier={carrier.pk}&standing=over&sort=label"
        page = f"{address}/t/bench/lines/{query}"
        assert session.get(page).text.count("<tr") > 50
        return in_turns(
            ours=lambda: _median(session, page),
            base=lambda: _median(session, f"{address}/t/bench/empty/"),
            unit=" ms",
        )


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


def _median(session: requests.Session, address: str) -> float:
    times = []
    for _ in range(REQUESTS):
        start = time.perf_counter()
        answer = session.get(address)
        times.append((time.perf_counter() - start) * 1000)
        assert answer.status_code == 200
    return statistics.median(times)
