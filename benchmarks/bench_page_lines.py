"""page_lines: the list of lines at 100,000 lines, to an empty page behind the same middleware.

Median time over HTTP on one kept connection to gunicorn, with a filter and a sort order.
"""

from __future__ import annotations

from benchmarks.harness import Outcome, in_turns
from benchmarks.pages import median_time, month_of_usage, signed_in_portal


def run(*, small: bool) -> Outcome:
    _tenant, carrier = month_of_usage(lines=10_000 if small else 100_000)
    with signed_in_portal() as (session, address):
        page = f"{address}/lines/?carrier={carrier.pk}&standing=over&sort=label"
        assert session.get(page).text.count("<tr") > 50
        return in_turns(
            ours=lambda: median_time(session, page),
            base=lambda: median_time(session, f"{address}/empty/"),
            unit=" ms",
        )
