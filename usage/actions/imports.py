"""Importing a carrier's file: parse, match, count, batch by batch.

1. The file is known by the hash of its content; an offset that moves its times to now is worked
   out once and kept with it, so that importing it again finds the same records.
2. A thread parses the next chunk while the database works on this one.
3. Each chunk is one transaction: unknown lines are made if asked for, rows matched, counted.
   A file of many chunks is partial until it ends, and resumable: what was taken is recognised.
4. Rows that cannot be taken are reported one by one, with a sentence.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone

from audit.actions import record
from common.refusals import Refused
from devices.actions.devices import add_simulated_devices
from devices.models import DeviceSim, Sim
from usage.actions.lines import NewLine, add_lines
from usage.carrier_files import (
    EPOCH,
    BadFile,
    Layout,
    LocalDays,
    Rejected,
    RowReader,
    Sample,
    chunks,
    detect,
)
from usage.models import Carrier, LineSim, Plan, Source, UsageFile
from usage.partitions import ensure_partitions
from usage.queries.line_keys import BadKey, LineFinder
from usage.workers.ingest import Ingested, ingest

CHUNK = 30_000
"""Rows a batch: the more, the fewer times the same line's watch is written."""
OLDEST = timedelta(days=730)
AHEAD = timedelta(minutes=5)
SHOWN_REJECTS = 1_000_000


class CannotImport(Exception):
    """The import cannot start; the message is a sentence for the screen."""


@dataclass(frozen=True)
class Options:
    """How to import. `line_key` is one of usage.queries.line_keys.KEYS."""

    layout: Layout
    line_key: str
    create_lines: bool = False
    shift_to_now: bool = False
    dry_run: bool = False


@dataclass
class Report:
    """Counts of one run; `volume` is the bytes newly counted, `read` the bytes of file done."""

    rows: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    unmatched: int = 0
    created: int = 0
    volume: int = 0
    shift: timedelta | None = None
    created_keys: set[str] = field(default_factory=set, repr=False)


def import_file(
    *,
    path: Path,
    carrier: Carrier,
    options: Options,
    now: datetime,
    on_rejected: Callable[[Rejected], None],
    on_progress: Callable[[Report], None] = lambda report: None,
) -> Report:
    """Import a file for the tenant in scope. Raises CannotImport and BadFile before any change.

    `on_rejected` is called for every row that was not taken, unmatched ones included.
    """
    plan = _plan_of_new_lines(carrier, options) if options.create_lines else None
    if not options.dry_run:
        ensure_partitions(today=now.date())
    with path.open("rb") as stream:
        digest, size = _hash(stream)
        dialect = detect(stream, options.layout)
        known = UsageFile.objects.filter(sha256=digest).first()
        _check_times(known, options)
        shift = _shift(known, stream, dialect, carrier, options, now)
        report = Report(shift=shift)
        file = (
            None if options.dry_run else _remember(known, path, digest, size, carrier, shift, now)
        )
        run = _Run(carrier, options, plan, now, shift, report, on_rejected, file)
        reader = RowReader(options.layout, dialect, home=carrier.country)
        stream.seek(0)
        for samples, rejected in _parsed_ahead(reader, chunks(stream, dialect, CHUNK)):
            run.take(samples, rejected)
            on_progress(report)
    if file is not None:
        _finish(file, report)
    return report


class _Run:
    """One pass over a file: matching and counting its chunks."""

    def __init__(
        self,
        carrier: Carrier,
        options: Options,
        plan: Plan | None,
        now: datetime,
        shift: timedelta | None,
        report: Report,
        on_rejected: Callable[[Rejected], None],
        file: UsageFile | None,
    ) -> None:
        self.carrier, self.options, self.plan, self.now = carrier, options, plan, now
        self.report, self.on_rejected, self.file = report, on_rejected, file
        self.finder = LineFinder(carrier=carrier, kind=options.line_key)
        self.days = LocalDays(carrier.zone)
        self.shift = shift.total_seconds() if shift else 0.0
        self.oldest = (now - OLDEST).timestamp()
        self.newest = (now + AHEAD).timestamp()

    def take(self, samples: list[Sample], rejected: list[Rejected]) -> None:
        """Count one chunk, in one transaction."""
        self.report.rows += len(samples) + len(rejected)
        for bad in rejected:
            self._reject(bad)
        with transaction.atomic():
            if self.options.dry_run:  # a real run makes them before it starts
                ensure_partitions(today=self.now.date())
            matched = self._match(samples)
            rows = self._copy_rows(matched)
            done = (
                ingest(
                    rows=rows,
                    source=Source.CARRIER,
                    now=self.now,
                    file_id=self.file.pk if self.file else None,
                )
                if rows
                else Ingested(0, 0)
            )
            if self.options.dry_run:
                transaction.set_rollback(True)
        if self.options.dry_run:
            self.finder.forget()
        self.report.accepted += done.accepted
        self.report.duplicate += len(rows) - done.accepted
        self.report.volume += done.volume

    def _match(self, samples: list[Sample]) -> list[tuple[Sample, str]]:
        normal = self.finder.normal
        matched = []
        for sample in samples:
            if not self.oldest <= sample.at + self.shift <= self.newest:
                self.report.rejected += 1  # before its line is looked for, or even made
                self._tell(sample, self.options.layout.time_column, "", "window")
                continue
            try:
                matched.append((sample, normal(sample.line)))
            except BadKey as bad:
                column = self.options.layout.line_column
                self._reject(Rejected(sample.row, column, sample.line, str(bad)))
        self.finder.look_up({key for _, key in matched})
        if self.options.create_lines:
            self._create({key for _, key in matched if self.finder.get(key) is None})
        return matched

    def _create(self, keys: set[str]) -> None:
        if not keys:
            return
        # One import at a time makes lines of a carrier; the others find what it has made.
        Carrier.objects.select_for_update(no_key=True).get(pk=self.carrier.pk)
        self.finder.look_up(keys)
        ordered = sorted(key for key in keys if self.finder.get(key) is None)
        try:
            lines = add_lines(
                carrier=self.carrier,
                keys=[NewLine(**{self.options.line_key: key}) for key in ordered],
                plan=self.plan,
                now=self.now,
            )
        except Refused as refused:
            raise CannotImport(str(refused)) from refused
        links = LineSim.objects.open().filter(line_id__in=[line.pk for line in lines])
        loose = Sim.objects.filter(pk__in=links.values("sim_id")).exclude(
            device_links__in=DeviceSim.objects.open()
        )
        add_simulated_devices(sims=list(loose.order_by("pk")), now=self.now)
        for key, line in zip(ordered, lines, strict=True):
            self.finder.add(key, line.pk)
        self.report.created_keys.update(ordered)
        self.report.created = len(self.report.created_keys)

    def _copy_rows(self, matched: list[tuple[Sample, str]]) -> list[str]:
        rows = []
        line_of, day_of, shift = self.finder.get, self.days.of, self.shift
        for sample, key in matched:
            line_id = line_of(key)
            if line_id is None:
                self.report.unmatched += 1
                self._tell(sample, self.options.layout.line_column, sample.line, "unmatched")
                continue
            at = sample.at + shift
            rows.append(
                f"{line_id}\t{EPOCH + timedelta(seconds=at)}+00\t{sample.key}\t{sample.country}"
                f"\t{sample.volume}\t{day_of(at)}\n"
            )
        return rows

    def _reject(self, bad: Rejected) -> None:
        self.report.rejected += 1
        self.on_rejected(bad)

    def _tell(self, sample: Sample, column: str, value: str, why: str) -> None:
        if why == "window":
            value = datetime.fromtimestamp(sample.at + self.shift, UTC).isoformat()
        self.on_rejected(Rejected(sample.row, column, value, WHY[why]))


WHY = {
    "unmatched": "No active line of this carrier has this number or reference.",
    "window": "The time is more than 24 months ago or in the future.",
}


def _plan_of_new_lines(carrier: Carrier, options: Options) -> Plan:
    if options.line_key not in {"msisdn", "reference"}:
        raise CannotImport(
            "Lines can be added by phone number or by the carrier's reference, not by a SIM's "
            "number alone. Import without making lines."
        )
    plan = Plan.objects.filter(carrier=carrier, is_default=True).first()
    if plan is None:
        raise CannotImport(
            f"{carrier.name} has no default plan for new lines. Mark one of its plans as the "
            "default, or import without making lines."
        )
    return plan


def _hash(stream: BinaryIO) -> tuple[str, int]:
    digest = hashlib.sha256()
    size = 0
    while block := stream.read(1_000_000):
        digest.update(block)
        size += len(block)
    stream.seek(0)
    return digest.hexdigest(), size


def _check_times(known: UsageFile | None, options: Options) -> None:
    """The same rows at other times would be other records, and count twice."""
    if known is None or (known.finished_at and not known.accepted + known.duplicate):
        return
    if known.shift is not None and not options.shift_to_now:
        raise CannotImport(
            "This file was imported with its times moved to now. Import it with --shift-to-now "
            "again; the same rows are recognised."
        )
    if known.shift is None and options.shift_to_now:
        raise CannotImport(
            "This file was imported with its times as they are. Import it without --shift-to-now; "
            "the same rows are recognised."
        )


def _shift(
    known: UsageFile | None,
    stream: BinaryIO,
    dialect: Any,
    carrier: Carrier,
    options: Options,
    now: datetime,
) -> timedelta | None:
    if not options.shift_to_now:
        return None
    if known is not None and known.shift is not None:
        return known.shift
    reader = RowReader(options.layout, dialect, home=carrier.country)
    newest = None
    for chunk in chunks(stream, dialect, CHUNK):
        samples, _ = reader.read(chunk)
        for sample in samples:
            if newest is None or sample.at > newest:
                newest = sample.at
    if newest is None:
        raise BadFile("No row of the file can be read, so its times cannot be moved to now.")
    return timedelta(seconds=int(now.timestamp() - newest))


def _remember(
    known: UsageFile | None,
    path: Path,
    digest: str,
    size: int,
    carrier: Carrier,
    shift: timedelta | None,
    now: datetime,
) -> UsageFile:
    file = known or UsageFile(sha256=digest, carrier=carrier, shift=shift)
    file.name, file.size, file.started_at, file.finished_at = path.name[:255], size, now, None
    file.shift = file.shift if file.shift is not None else shift
    file.save()
    return file


def _finish(file: UsageFile, report: Report) -> None:
    file.finished_at = timezone.now()
    for name in ("rows", "accepted", "duplicate", "rejected", "unmatched", "volume"):
        setattr(file, name, getattr(report, name))
    with transaction.atomic():
        file.save()
        record(
            by=None,
            action="usage_file.imported",
            subject=file,
            after={
                "rows": report.rows,
                "accepted": report.accepted,
                "duplicate": report.duplicate,
                "rejected": report.rejected,
                "unmatched": report.unmatched,
                "lines_created": report.created,
            },
        )


def _parsed_ahead(
    reader: RowReader, source: Iterator[list[tuple[int, str]]]
) -> Iterator[tuple[list[Sample], list[Rejected]]]:
    """Parse in a thread, at most two chunks ahead, and pass on what it raises."""
    ready: Queue[Any] = Queue(maxsize=2)
    stop = threading.Event()

    def work() -> None:
        try:
            for chunk in source:
                if stop.is_set():
                    return
                ready.put(reader.read(chunk))
            ready.put(None)
        except BaseException as error:  # handed to the consumer, which raises it
            ready.put(error)

    thread = threading.Thread(target=work, name="usage-parser", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        while not ready.empty():
            ready.get_nowait()
        thread.join(timeout=10)
