"""Importing a carrier's file: parse, match, count, batch by batch.

1. The file is known by the hash of its content; an offset that moves its times to now is worked
   out once and kept with it, so that importing it again finds the same records.
2. A thread parses the next chunk while the database works on this one.
3. Each chunk is one transaction: unknown lines are made if asked for, rows matched, counted.
   A file of many chunks is partial until it ends, and resumable: what was taken is recognised.
4. Rows that cannot be taken are reported one by one, with a sentence.
"""

from __future__ import annotations

import gc
import hashlib
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from queue import Queue
from typing import Any, BinaryIO

from django.db import transaction
from django.utils import timezone

from audit.actions import Actor, record
from usage.actions.import_rows import CannotImport, Options, Prepared, Report, RowTaker
from usage.carrier_files import BadFile, Rejected, RowReader, chunks
from usage.import_profile import Profile
from usage.models import Carrier, Plan, UsageFile
from usage.partitions import ensure_partitions
from usage.spreadsheets import as_text, dialect_of

__all__ = ["CannotImport", "Options", "Report", "import_file", "import_stream"]

CHUNK = 50_000
"""Rows a batch: the more, the fewer times the same line's watch is written; the fewer, the less
the database waits for the first batch and the reader for the last."""
FIRST_CHUNK = 10_000
"""Rows of the first batch: the fewer, the sooner the database has something to do."""
RARELY = 500_000
"""New containers before Python looks for circles: more than the rows of the chunks in hand."""
IN_TURN = 0.0005
"""Seconds a thread that wants to go on waits for the other; a batch waits often, for a moment."""


def import_file(*, path: Path, **how: Any) -> Report:
    """Import a file of the disk: see import_stream."""
    with path.open("rb") as stream:
        return import_stream(stream=stream, name=path.name, **how)


def import_stream(
    *,
    stream: BinaryIO,
    name: str,
    carrier: Carrier,
    options: Options,
    now: datetime,
    on_rejected: Callable[[Rejected], None],
    on_progress: Callable[[Report], None] = lambda report: None,
    on_finished: Callable[[Report], None] = lambda report: None,
    before_chunk: Callable[[], None] = lambda: None,
    on_sheet_rows: Callable[[int], None] = lambda rows: None,
    so_far: Report | None = None,
    profile: Profile | None = None,
    by: Actor | None = None,
) -> Report:
    """Import a file for the tenant in scope. Raises CannotImport and BadFile before any change.

    A spreadsheet is written out as text first; meanwhile `on_sheet_rows` is told how many rows of
    it have been read. Since that takes long, `before_chunk`, which may stop here and have the rest
    done by another call, is not called for one.

    `on_rejected` is called for every row that was not taken, unmatched ones included.
    `on_progress` is called in the transaction of each chunk (of a dry run: after it), and
    `on_finished` in that of the end: what they write holds exactly if the chunk does, and what
    they raise undoes it. `so_far` is the report an earlier run ended with; its rows are skipped.
    `profile` is filled with what a dry run should judge by.
    """
    plan = plan_of_new_lines(carrier, options) if options.create_lines else None
    if not options.dry_run:
        ensure_partitions(today=now.date())
    with as_text(stream, sheet=options.sheet, on_rows=on_sheet_rows) as (text, delimiter):
        return _import_text(
            stream=text,
            delimiter=delimiter,
            name=name,
            carrier=carrier,
            options=options,
            plan=plan,
            now=now,
            on_rejected=on_rejected,
            on_progress=on_progress,
            on_finished=on_finished,
            before_chunk=before_chunk if delimiter is None else lambda: None,
            report=so_far or Report(),
            profile=profile,
            by=by,
        )


def _import_text(
    *,
    stream: BinaryIO,
    delimiter: str | None,
    name: str,
    carrier: Carrier,
    options: Options,
    plan: Plan | None,
    now: datetime,
    on_rejected: Callable[[Rejected], None],
    on_progress: Callable[[Report], None],
    on_finished: Callable[[Report], None],
    before_chunk: Callable[[], None],
    report: Report,
    profile: Profile | None,
    by: Actor | None,
) -> Report:
    digest, size = _hash(stream)
    dialect = dialect_of(stream, options.layout, delimiter)
    known = UsageFile.objects.filter(sha256=digest).first()
    _check_times(known, options)
    shift = _shift(known, stream, dialect, carrier, options, now)
    report.shift, report.sha256 = shift, digest
    file = None
    if not options.dry_run:
        file = _remember(known, name, digest, size, carrier, shift, now)
    taker = RowTaker(
        carrier=carrier,
        options=options,
        plan=plan,
        now=now,
        report=report,
        on_rejected=on_rejected,
        on_progress=on_progress,
        file_id=file.pk if file else None,
        profile=profile,
    )
    reader = RowReader(options.layout, dialect, home=carrier.country)
    stream.seek(0)
    first = min(FIRST_CHUNK, CHUNK)
    rows = chunks(stream, dialect, CHUNK, first=first, after=report.last_row)
    with _two_threads(), closing(_prepared_ahead(reader, taker, rows)) as prepared:
        for chunk in prepared:
            before_chunk()
            taker.take(chunk)
    with transaction.atomic():
        if file is not None:
            _finish(file, report, by)
        on_finished(report)
    return report


def plan_of_new_lines(carrier: Carrier, options: Options) -> Plan:
    """The plan that lines made by an import get. Raises CannotImport where none can be made."""
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
    name: str,
    digest: str,
    size: int,
    carrier: Carrier,
    shift: timedelta | None,
    now: datetime,
) -> UsageFile:
    file = known or UsageFile(sha256=digest, carrier=carrier, shift=shift)
    file.name, file.size, file.started_at, file.finished_at = name[:255], size, now, None
    file.shift = file.shift if file.shift is not None else shift
    file.save()
    return file


def _finish(file: UsageFile, report: Report, by: Actor | None) -> None:
    file.finished_at = timezone.now()
    for name in ("rows", "accepted", "duplicate", "rejected", "unmatched", "volume"):
        setattr(file, name, getattr(report, name))
    file.save()
    counts = report.counts()
    del counts["volume"]
    record(by=by, action="usage_file.imported", subject=file, after=counts)


@contextmanager
def _two_threads() -> Iterator[None]:
    """One thread reads while one writes: they take turns quickly, and little rubbish is sought.

    The rows in hand are hundreds of thousands of small things that live briefly and never in
    circles; looking through them costs a fifth of the time.
    """
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(RARELY, *thresholds[1:])
    sys.setswitchinterval(IN_TURN)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)


def _prepared_ahead(
    reader: RowReader, taker: RowTaker, source: Iterator[list[tuple[int, str]]]
) -> Generator[Prepared, None, None]:
    """Parse and write out in a thread, at most two chunks ahead, and pass on what it raises."""
    ready: Queue[Any] = Queue(maxsize=1)
    stop = threading.Event()

    def work() -> None:
        try:
            for chunk in source:
                if stop.is_set():
                    return
                ready.put(taker.prepare(*reader.read(chunk)))
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
