"""Taking the rows of a carrier's file, chunk by chunk: match, make lines, count.

Each chunk is one transaction. In a dry run it is rolled back, and whatever lines it made with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
from usage.workers.ingest import Ingested, ingest

OLDEST = timedelta(days=730)
AHEAD = timedelta(minutes=5)


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


COUNTS = (
    "rows", "accepted", "duplicate", "rejected", "unmatched", "lines_created", "volume",
)  # fmt: skip


@dataclass
class Report:
    """Counts of one run; `volume` is the bytes newly counted, `last_row` the last one seen."""

    rows: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    unmatched: int = 0
    created: int = 0
    volume: int = 0
    shift: timedelta | None = None
    last_row: int = 0

    def counts(self) -> dict[str, int]:
        """The counts alone, as history and checkpoints keep them."""
        return {name: getattr(self, _FIELDS.get(name, name)) for name in COUNTS}

    @classmethod
    def of(cls, counts: dict[str, int], *, last_row: int) -> Report:
        """The report a checkpoint was made of."""
        known = {_FIELDS.get(name, name): counts[name] for name in COUNTS}
        return cls(**known, last_row=last_row)


_FIELDS = {"lines_created": "created"}


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

    def written(self, samples: list[Sample]) -> list[str]:
        """What COPY gets of each, but for its line, which must be looked up.

        Needs no database: it is done ahead, while the chunk before is counted.
        """
        day_of, shift = self.days.text_of, self.shift
        return [
            f"\t{at + shift}\t{key}\t{country}\t{volume}\t{day_of(at + shift)}\n"
            for _row, _line, at, country, volume, key in samples
        ]

    def take(self, samples: list[Sample], written: list[str], rejected: list[Rejected]) -> None:
        """Count one chunk, in one transaction; `written` is what written() gave for it."""
        report, is_dry = self.report, self.options.dry_run
        report.rows += len(samples) + len(rejected)
        report.last_row = max(one.row for ones in (samples, rejected) for one in ones[-1:])
        for bad in rejected:
            self._reject(bad)
        with transaction.atomic():
            if is_dry:  # a real run makes them before it starts
                ensure_partitions(today=self.now.date())
            rows = self._copy_rows(self._match(samples, written))
            done = Ingested(0, 0)
            if rows:
                done = ingest(
                    rows=rows,
                    source=Source.CARRIER,
                    now=self.now,
                    file_id=self.file_id,
                    likely_new=not report.duplicate,
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

    def _match(self, samples: list[Sample], written: list[str]) -> list[tuple[Sample, str, str]]:
        normal = self.finder.normal
        oldest, newest = self.oldest - self.shift, self.newest - self.shift
        matched = []
        for sample, text in zip(samples, written, strict=True):
            if not oldest <= sample.at <= newest:
                self.report.rejected += 1  # before its line is looked for, or even made
                self._tell(sample, self.options.layout.time_column, "", "window")
                continue
            try:
                matched.append((sample, text, normal(sample.line)))
            except BadKey as bad:
                column = self.options.layout.line_column
                self._reject(Rejected(sample.row, column, sample.line, str(bad)))
        keys = {key for _sample, _text, key in matched}
        self.finder.look_up(keys)
        if self.options.create_lines:
            self._create({key for key in keys if self.finder.get(key) is None})
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
        self.created_keys.update(ordered)
        self.report.created = self.created_before + len(self.created_keys)

    def _copy_rows(self, matched: list[tuple[Sample, str, str]]) -> list[str]:
        rows = []
        line_of, profile = self.finder.get, self.profile
        personal = personal_lines(line_ids={line_of(key) for _sample, _text, key in matched})
        for sample, text, key in matched:
            line_id = line_of(key)
            if line_id is None:
                self.report.unmatched += 1
                self._tell(sample, self.options.layout.line_column, sample.line, "unmatched")
                continue
            if line_id in personal:
                self.report.rejected += 1
                self._tell(sample, self.options.layout.line_column, sample.line, "personal")
                continue
            if profile is not None:
                profile.take(
                    key=key,
                    line_id=None if key in self.created_keys else line_id,
                    at=sample.at + self.shift,
                    country=sample.country,
                    volume=sample.volume,
                )
            rows.append(f"{line_id}{text}")
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
    "personal": "The line's SIM is in a personal device, whose usage is not collected.",
    "window": "The time is more than 24 months ago or in the future.",
}
