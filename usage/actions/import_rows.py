"""Taking the rows of a carrier's file, chunk by chunk: match, make lines, count.

Each chunk is one transaction. In a dry run it is rolled back, and whatever lines it made with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from django.db import transaction

from common.refusals import Refused
from devices.actions.devices import add_simulated_devices
from devices.models import DeviceSim, Sim
from usage.actions.lines import NewLine, add_lines
from usage.carrier_files import Layout, LocalDays, Rejected, Sample
from usage.import_profile import Profile
from usage.models import Carrier, LineSim, Plan, Source
from usage.partitions import ensure_partitions
from usage.queries.line_keys import BadKey, LineFinder
from usage.queries.personal_lines import personal_lines
from usage.workers.ingest import Ingested, Sums, ingest
from usage.workers.record_rows import line_part, use_part
from usage.workers.unmatched import Unmatched, put_in_queue

OLDEST = timedelta(days=730)
AHEAD = timedelta(minutes=5)


class CannotImport(Exception):
    """The import cannot start; the message is a sentence for the screen."""


@dataclass(frozen=True)
class Options:
    """How to import. `line_key` is one of usage.queries.line_keys.KEYS.

    `sheet` names that of a spreadsheet; "" is its first.
    """

    layout: Layout
    line_key: str
    create_lines: bool = False
    shift_to_now: bool = False
    dry_run: bool = False
    sheet: str = ""


COUNTS = (
    "rows", "accepted", "duplicate", "rejected", "unmatched", "lines_created", "volume",
)  # fmt: skip


@dataclass
class Report:
    """Counts of one run; `volume` is the bytes newly counted, `last_row` the last one seen.

    `sha256` is that of the content, of a spreadsheet that of the sheet.
    """

    rows: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    unmatched: int = 0
    created: int = 0
    volume: int = 0
    shift: timedelta | None = None
    last_row: int = 0
    sha256: str = ""

    def counts(self) -> dict[str, int]:
        """The counts alone, as history and checkpoints keep them."""
        return {name: getattr(self, _FIELDS.get(name, name)) for name in COUNTS}

    @classmethod
    def of(cls, counts: dict[str, int], *, last_row: int) -> Report:
        """The report a checkpoint was made of."""
        known = {_FIELDS.get(name, name): counts[name] for name in COUNTS}
        return cls(**known, last_row=last_row)


_FIELDS = {"lines_created": "created"}


@dataclass
class Prepared:
    """A chunk before its lines are looked up.

    Side by side: `samples`, their `keys` (what lines are known by), and their `uses` (what comes
    after the line in ingest()'s rows).

    `rows` counts all rows of the chunk, `last_row` is the last one's number.
    """

    samples: list[Sample] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    uses: list[bytes] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    rows: int = 0
    last_row: int = 0


class RowTaker:
    """One pass over a file: matching and counting its chunks."""

    def __init__(
        self,
        *,
        carrier: Carrier,
        options: Options,
        plan: Plan | None,
        now: datetime,
        report: Report,
        on_rejected: Callable[[Rejected], None],
        on_progress: Callable[[Report], None],
        file_id: int | None,
        profile: Profile | None,
    ) -> None:
        self.carrier, self.options, self.plan, self.now = carrier, options, plan, now
        self.report, self.file_id, self.profile = report, file_id, profile
        self.on_rejected, self.on_progress = on_rejected, on_progress
        self.finder = LineFinder(carrier=carrier, kind=options.line_key)
        self.days = LocalDays(carrier.zone)
        self.shift = report.shift.total_seconds() if report.shift else 0.0
        self.oldest = (now - OLDEST).timestamp()
        self.newest = (now + AHEAD).timestamp()
        self.created_before = report.created
        self.created_keys: set[str] = set()

    def prepare(self, samples: list[Sample], rejected: list[Rejected]) -> Prepared:
        """A chunk as far as it goes without the database, while the one before it is counted."""
        layout, shift = self.options.layout, self.shift
        oldest, newest = self.oldest - shift, self.newest - shift
        normal, day_of = self.finder.normal, self.days.number
        chunk = Prepared(rejected=rejected)
        row = max((ones[-1].row for ones in (samples, rejected) if ones), default=0)
        chunk.rows, chunk.last_row = len(samples) + len(rejected), row
        add_sample, add_key = chunk.samples.append, chunk.keys.append
        add_use = chunk.uses.append
        for sample in samples:
            _row, line, at, country, volume, key = sample
            if not oldest <= at <= newest:
                # before its line is looked for, or even made
                chunk.rejected.append(self._refusal(sample, layout.time_column, "window"))
                continue
            try:
                add_key(normal(line))
            except BadKey as bad:
                chunk.rejected.append(Rejected(sample.row, layout.line_column, line, str(bad)))
                continue
            at += shift
            add_sample(sample)
            add_use(use_part(at, day_of(at), country, key, volume))
        return chunk

    def take(self, chunk: Prepared) -> None:
        """Count one chunk, in one transaction."""
        report, is_dry = self.report, self.options.dry_run
        report.rows += chunk.rows
        report.last_row = chunk.last_row
        report.rejected += len(chunk.rejected)
        for bad in chunk.rejected:
            self.on_rejected(bad)
        with transaction.atomic():
            if is_dry:  # a real run makes them before it starts
                ensure_partitions(today=self.now.date())
            sums = Sums()
            unmatched: list[Unmatched] = []
            rows = self._rows(chunk, self._line_ids(set(chunk.keys)), sums, unmatched)
            if unmatched and not is_dry:
                put_in_queue(
                    rows=unmatched,
                    source=Source.CARRIER,
                    carrier_id=self.carrier.pk,
                    now=self.now,
                    file_id=self.file_id,
                )
            done = Ingested(0, 0)
            if rows:
                done = ingest(
                    rows=rows,
                    source=Source.CARRIER,
                    now=self.now,
                    file_id=self.file_id,
                    sums=None if report.duplicate else sums,
                )
            report.accepted += done.accepted
            report.duplicate += len(rows) - done.accepted
            report.volume += done.volume
            if is_dry:
                transaction.set_rollback(True)
            else:
                self.on_progress(report)
        if is_dry:
            self.finder.forget()
            self.on_progress(report)

    def _line_ids(self, keys: set[str]) -> dict[str, int]:
        """The lines of those keys that have one, made if that was asked for."""
        self.finder.look_up(keys)
        if self.options.create_lines:
            self._create({key for key in keys if self.finder.get(key) is None})
        found = ((key, self.finder.get(key)) for key in keys)
        return {key: line_id for key, line_id in found if line_id is not None}

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
        self.created_keys.update(ordered)
        self.report.created = self.created_before + len(self.created_keys)

    def _rows(
        self, chunk: Prepared, line_ids: dict[str, int], sums: Sums, unmatched: list[Unmatched]
    ) -> list[bytes]:
        """The rows that count, as ingest() takes them, added up in `sums`; the others kept."""
        personal = personal_lines(line_ids=line_ids.values())
        lines = {key: line_part(pk) for key, pk in line_ids.items() if pk not in personal}
        rows: list[bytes] = []
        volumes: list[int] = []
        add_row, add_volume = rows.append, volumes.append
        for sample, key, use in zip(chunk.samples, chunk.keys, chunk.uses, strict=True):
            line = lines.get(key)
            if line is None:
                is_known = key in line_ids
                self._turn_away(sample, is_known=is_known)
                if not is_known:
                    unmatched.append(self._unmatched(sample, key))
                continue
            if self.profile is not None:
                self._show(sample, key, line_ids[key])
            add_row(line + use)
            add_volume(sample.volume)
        sums.add(rows, volumes)
        return rows

    def _unmatched(self, sample: Sample, key: str) -> Unmatched:
        return Unmatched(
            kind=self.options.line_key,
            value=key,
            at=sample.at + self.shift,
            key=sample.key.hex(),
            country=sample.country,
            volume=sample.volume,
        )

    def _turn_away(self, sample: Sample, *, is_known: bool) -> None:
        if is_known:
            self.report.rejected += 1
        else:
            self.report.unmatched += 1
        why = "personal" if is_known else "unmatched"
        self.on_rejected(self._refusal(sample, self.options.layout.line_column, why))

    def _show(self, sample: Sample, key: str, line_id: int) -> None:
        assert self.profile is not None
        self.profile.take(
            key=key,
            line_id=None if key in self.created_keys else line_id,
            at=sample.at + self.shift,
            country=sample.country,
            volume=sample.volume,
        )

    def _refusal(self, sample: Sample, column: str, why: str) -> Rejected:
        value = sample.line
        if why == "window":
            value = datetime.fromtimestamp(sample.at + self.shift, UTC).isoformat()
        return Rejected(sample.row, column, value, WHY[why])


WHY = {
    "unmatched": "No active line of this carrier has this number or reference.",
    "personal": "The line's SIM is in a personal device, whose usage is not collected.",
    "window": "The time is more than 24 months ago or in the future.",
}
