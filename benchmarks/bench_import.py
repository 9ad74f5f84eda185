"""import: a carrier's CSV, parse to committed counters and watches, to COPY into a bare table.

Rows per second. The worker runs and evaluates meanwhile. Both sums are checked against the file.
"""

from __future__ import annotations

import random
import tempfile
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from benchmarks.harness import Outcome, in_turns, seconds, worker
from benchmarks.scene import make_carrier, make_lines, make_tenant
from common.tenancy import tenant_scope
from usage.actions.imports import Options, import_file
from usage.carrier_files import Layout
from usage.models import UsageCounter, UsageFile
from usage.workers.evaluate import evaluate_due
from usage.workers.ingest import LATE_CAN_WAIT

ZONE = ZoneInfo("Europe/Amsterdam")
LAYOUT = Layout("line", "mb", "MB", "started", ZONE, country_column="country")
BARE = "CREATE TABLE bare (line text, mb numeric, started timestamp, country text)"


def run(*, small: bool) -> Outcome:
    rows, lines = (20_000, 2_000) if small else (200_000, 20_000)
    tenant = make_tenant()
    with tempfile.TemporaryDirectory() as folder, tenant_scope(tenant.pk):
        carrier, plan = make_carrier()
        references = make_lines(carrier=carrier, plan=plan, count=lines, phones=False)
        path = Path(folder) / "usage.csv"
        total = _write(path, rows, references)
        with connection.cursor() as cursor:
            cursor.execute(BARE)

        def ours() -> float:
            _empty("usage_usagerecord", "usage_usagecounter")
            UsageFile.objects.all().delete()
            while evaluate_due(now=timezone.now() + LATE_CAN_WAIT):
                pass  # what the run before has left; this one's own is judged meanwhile
            options = Options(layout=LAYOUT, line_key="reference")
            took = seconds(
                lambda: import_file(
                    path=path,
                    carrier=carrier,
                    options=options,
                    now=timezone.now(),
                    on_rejected=lambda rejected: None,
                )
            )
            counted = sum(UsageCounter.objects.values_list("volume", flat=True).iterator())
            assert counted == total, f"counted {counted} of {total} bytes"
            return rows / took

        def base() -> float:
            _empty("bare")
            took = seconds(lambda: _copy(path))
            with connection.cursor() as cursor:
                cursor.execute("SELECT sum(mb * 1000000)::bigint FROM bare")
                assert cursor.fetchone()[0] == total
            return rows / took

        with worker():
            return in_turns(ours=ours, base=base, unit=" rows/s")


def _write(path: Path, rows: int, references: list[str]) -> int:
    """Random rows of the last 30 days; returns their sum in bytes."""
    chance = random.Random(1)
    now = timezone.now().astimezone(ZONE).replace(tzinfo=None, microsecond=0)
    total = 0
    with path.open("w") as stream:
        stream.write("line,mb,started,country\n")
        for _ in range(rows):
            kilobytes = chance.randrange(1, 200_000)
            total += kilobytes * 1000
            started = now - timedelta(seconds=chance.randrange(7200, 2_500_000))
            country = chance.choice(("NL", "NL", "NL", "NL", "DE"))
            stream.write(
                f"{chance.choice(references)},{kilobytes / 1000:.3f},{started},{country}\n"
            )
    return total


def _empty(*tables: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)}")


def _copy(path: Path) -> None:
    with path.open() as stream, connection.cursor() as cursor:
        cursor.cursor.copy_expert("COPY bare FROM STDIN WITH (FORMAT csv, HEADER)", stream)
