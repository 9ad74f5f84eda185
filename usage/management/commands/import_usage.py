"""`manage.py import_usage`: a carrier's file from the command line."""

from __future__ import annotations

import csv
import sys
import zoneinfo
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from common.tenancy import tenant_scope
from common.units import BYTES_PER_UNIT
from common.wording import volume
from tenants.models import Tenant
from usage.actions.imports import CannotImport, Options, Report, import_file
from usage.carrier_files import BadFile, Layout, Rejected
from usage.dialects import BLOCK
from usage.models import Carrier
from usage.not_taken import HEADER, cells
from usage.queries.line_keys import KEYS
from usage.spreadsheets import check_name


class Command(BaseCommand):
    help = "Import a carrier's usage file (CSV or XLSX). Importing it again changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--tenant", required=True, metavar="SLUG")
        parser.add_argument("--carrier", required=True, metavar="NAME")
        parser.add_argument("--line-column", required=True, metavar="C")
        parser.add_argument("--line-key", required=True, choices=KEYS)
        parser.add_argument("--volume-column", required=True, metavar="C")
        parser.add_argument("--unit", required=True, choices=list(BYTES_PER_UNIT))
        parser.add_argument("--time-column", required=True, metavar="C")
        parser.add_argument("--time-zone", required=True, metavar="Z")
        parser.add_argument("--country-column", metavar="C")
        parser.add_argument("--roaming-column", metavar="C")
        parser.add_argument("--sheet", default="", metavar="NAME", help="Default: the first.")
        parser.add_argument("--create-lines", action="store_true", help="Add unknown lines.")
        parser.add_argument(
            "--shift-to-now",
            action="store_true",
            help="Move all times by one offset, so that the newest row is now.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Count, and change nothing.")
        parser.add_argument("--rejects", type=Path, help="Where to write the rows not taken.")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = Tenant.objects.filter(slug=options["tenant"]).first()
        if tenant is None:
            known = ", ".join(Tenant.objects.order_by("slug").values_list("slug", flat=True))
            raise CommandError(f"There is no tenant {options['tenant']!r}. There are: {known}.")
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        with tenant_scope(tenant.pk):
            carrier = self._carrier(options["carrier"])
            rejects = _Rejects(options["rejects"] or _default_rejects(options["file"]))
            try:
                with options["file"].open("rb") as stream:
                    check_name(options["file"].name, stream.read(BLOCK))
                report = import_file(
                    path=options["file"],
                    carrier=carrier,
                    options=self._options(options),
                    now=timezone.now(),
                    on_rejected=rejects.write,
                    on_progress=self._progress,
                )
            except (BadFile, CannotImport) as error:
                raise CommandError(str(error)) from error
            finally:
                rejects.close()
        self._tell(report, rejects, dry_run=options["dry_run"])

    def _carrier(self, name: str) -> Carrier:
        carrier = Carrier.objects.filter(name=name, retired_at__isnull=True).first()
        if carrier is None:
            known = ", ".join(Carrier.objects.order_by("name").values_list("name", flat=True))
            raise CommandError(f"There is no carrier {name!r}. There are: {known or 'none yet'}.")
        return carrier

    def _options(self, options: dict[str, Any]) -> Options:
        try:
            zone = zoneinfo.ZoneInfo(options["time_zone"])
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise CommandError(
                f"{options['time_zone']!r} is not a time zone; Europe/Amsterdam is one."
            ) from None
        return Options(
            layout=Layout(
                line_column=options["line_column"],
                volume_column=options["volume_column"],
                unit=options["unit"],
                time_column=options["time_column"],
                zone=zone,
                country_column=options["country_column"],
                roaming_column=options["roaming_column"],
            ),
            line_key=options["line_key"],
            create_lines=options["create_lines"],
            shift_to_now=options["shift_to_now"],
            dry_run=options["dry_run"],
            sheet=options["sheet"],
        )

    def _progress(self, report: Report) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{report.rows:,} rows", ending="")
            self.stderr.flush()

    def _tell(self, report: Report, rejects: _Rejects, *, dry_run: bool) -> None:
        if sys.stderr.isatty():
            self.stderr.write("")
        if dry_run:
            self.stdout.write("Dry run: nothing was changed. This would be the result:")
        if report.shift is not None:
            self.stdout.write(f"times moved by  {report.shift}")
        for label, count in (
            ("rows", report.rows),
            ("accepted", report.accepted),
            ("duplicate", report.duplicate),
            ("rejected", report.rejected),
            ("unmatched", report.unmatched),
            ("lines added", report.created),
        ):
            self.stdout.write(f"{label:<14}  {count}")
        self.stdout.write(f"{'bytes counted':<14}  {report.volume} ({volume(report.volume)})")
        if rejects.count:
            self.stdout.write(f"{'not taken':<14}  {rejects.path}")


class _Rejects:
    """The file of rows that were not taken; made when the first one comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._stream: Any = None
        self._writer: Any = None

    def write(self, rejected: Rejected) -> None:
        if self._stream is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._stream)
            self._writer.writerow(HEADER)
        self.count += 1
        self._writer.writerow(cells(rejected))

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()


def _default_rejects(file: Path) -> Path:
    stamp = timezone.now().strftime("%Y%m%d-%H%M%S")
    return Path(settings.STATE_DIR) / "imports" / f"{file.stem}-{stamp}-not-taken.csv"
