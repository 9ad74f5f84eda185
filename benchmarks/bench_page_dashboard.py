"""page_dashboard: the home page at 100,000 lines, to its figures by raw SQL and an empty page.

The median is what most requests meet: figures that are dear are kept for a while (common.kept),
so a request now and then takes about as long as the raw SQL. The first one, which computes all of
them, is printed.
"""

from __future__ import annotations

import time
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from benchmarks.harness import Outcome, in_turns
from benchmarks.pages import median_time, month_of_usage, signed_in_portal
from tem_portal.figures import USE_BY_DAY

FIGURES = (
    """
SELECT d.standing, count(*) FROM usage_linewatch w
JOIN usage_line l ON l.tenant_id = w.tenant_id AND l.id = w.line_id AND l.state = 'active'
LEFT JOIN usage_decision d ON d.tenant_id = w.tenant_id AND d.id = w.decision_id
WHERE w.tenant_id = %(tenant)s GROUP BY 1
""",
    """
SELECT count(*) FROM usage_line l WHERE l.tenant_id = %(tenant)s AND l.state = 'active'
AND NOT EXISTS (SELECT FROM usage_usagecounter c WHERE c.tenant_id = %(tenant)s
  AND c.line_id = l.id AND c.day > %(last)s::date - 7)
""",
    """
SELECT count(*) FROM usage_linesim k
JOIN devices_devicesim s ON s.tenant_id = k.tenant_id AND s.sim_id = k.sim_id
JOIN devices_devicecontrol d ON d.tenant_id = s.tenant_id AND d.device_id = s.device_id
WHERE k.tenant_id = %(tenant)s AND k.unlinked_at IS NULL AND s.unlinked_at IS NULL
AND d.desired <> '{}'
""",
    """
SELECT * FROM alerts_alert WHERE tenant_id = %(tenant)s AND raised_at >= %(last)s
ORDER BY raised_at DESC, id DESC LIMIT 10
""",
    USE_BY_DAY,
)


def run(*, small: bool) -> Outcome:
    tenant, _carrier = month_of_usage(lines=10_000 if small else 100_000)
    today = timezone.now().date()
    asked = {"tenant": tenant.pk, "first": today - timedelta(days=29), "last": today}
    with signed_in_portal() as (session, address):
        start = time.perf_counter()
        assert "home-alerts" in session.get(f"{address}/").text
        print(f"first request: {(time.perf_counter() - start) * 1000:.0f} ms", flush=True)
        return in_turns(
            ours=lambda: median_time(session, f"{address}/"),
            base=lambda: _raw(asked) + median_time(session, f"{address}/empty/"),
            unit=" ms",
        )


def _raw(asked: dict[str, object]) -> float:
    start = time.perf_counter()
    with connection.cursor() as cursor:
        for query in FIGURES:
            cursor.execute(query, asked)
            cursor.fetchall()
    return (time.perf_counter() - start) * 1000
