"""The import command in one call, and what it left behind."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from usage.models import UsageCounter

T = "2026-03-05 10:00:00"
REPORT = ("rows", "accepted", "duplicate", "rejected", "unmatched", "lines added")


def run(path: Path, *flags: str, **options: Any) -> dict[str, Any]:
    """The command's counts, by their labels; `rejects` are the rows of the file it wrote."""
    rejects = path.with_suffix(".rejects")
    rejects.unlink(missing_ok=True)
    out = StringIO()
    call_command(
        "import_usage",
        str(path),
        *flags,
        **{
            "tenant": "northwind",
            "carrier": "KPN",
            "line_column": "id",
            "line_key": "reference",
            "volume_column": "volume",
            "unit": "MB",
            "time_column": "time",
            "time_zone": "Europe/Amsterdam",
            "rejects": rejects,
            **options,
        },
        stdout=out,
    )
    report: dict[str, Any] = {"text": out.getvalue(), "rejects": []}
    for line in out.getvalue().splitlines():
        label, _, value = line.partition("  ")
        report[label.strip()] = value.strip()
    report.update({label: int(report[label]) for label in REPORT})
    if rejects.exists():
        with rejects.open(newline="") as stream:
            report["rejects"] = list(csv.DictReader(stream))
    return report


def counters() -> dict[tuple[str, str, str], int]:
    rows = UsageCounter.objects.values_list("line__reference", "day", "country", "volume")
    return {(line, f"{day:%m-%d}", country): volume for line, day, country, volume in rows}


def check_counters() -> str:
    out = StringIO()
    call_command("rebuild_counters", "--check", "--tenant", "northwind", stdout=out)
    return out.getvalue()
