"""What the pages of imports show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jobs import files
from jobs.models import JobState
from usage.column_guesses import Guess, guess
from usage.dialects import Head, read_head, shortened
from usage.import_words import Told, told
from usage.models import Carrier, ColumnPreset, UsageImport
from usage.spreadsheets import is_zipped, sheet_head


def imports() -> QuerySet[UsageImport]:
    """Imports with all that a row of the history shows."""
    return UsageImport.objects.select_related(
        "file", "carrier", "by", "check_job", "run_job__output", "run_job__by"
    )


def head_of(usage_import: UsageImport, *, sheet: str | None = None) -> Head:
    """The beginning of the file, split; of a spreadsheet, that of the sheet.

    None is the sheet that was said before, or else the first.

    Raises jobs.files.FileGone and BadFile.
    """
    file = usage_import.file
    beginning = files.beginning_of(file)
    if is_zipped(beginning):
        with files.opened(file, on_part=lambda: None) as stream:
            said = (usage_import.options or {}).get("sheet", "")
            return sheet_head(stream, sheet=said if sheet is None else sheet)
    return read_head(beginning, is_cut=file.size > len(beginning))


def sheets_of(head: Head) -> list[dict[str, Any]]:
    """The sheets to choose from, as tabs; none where there is nothing to choose."""
    if len(head.sheets) < 2:
        return []
    return [
        {
            "label": shortened(name),
            "url": f"?{urlencode({'sheet': name})}",
            "current": name == head.sheet,
        }
        for name in head.sheets
    ]


@dataclass(frozen=True)
class FirstAnswers:
    """What the form of the columns begins with; `preset` is the one they were taken from."""

    guess: Guess
    initial: dict[str, Any]
    preset: ColumnPreset | None = None


def guesses(usage_import: UsageImport, head: Head) -> FirstAnswers:
    """What the file shows, and the first answers of the form.

    What was said before goes first: of this import, by a preset of the carrier for this very
    header, or of the carrier's last import with the same columns. The unit is taken over only with
    the columns it belongs to.
    """
    found = guess(head)
    said, preset = usage_import.options, None
    if not said:
        preset = preset_for(usage_import.carrier, head.header)
        said = {**preset.options, **NOT_KEPT} if preset else _last_said(usage_import)
    if said and _fits(said, head):
        return FirstAnswers(found, as_answers(said), preset)
    initial = {
        **{f"{role}_column": name for role, name in found.columns.items()},
        "line_key": found.line_key,
        "unit": found.unit,
        "zone": usage_import.carrier.time_zone,
        "number_form": AS_FOUND,
        "date_form": AS_FOUND,
    }
    return FirstAnswers(found, initial)


def preset_for(carrier: Carrier, header: tuple[str, ...]) -> ColumnPreset | None:
    """The preset that a file of the carrier with this header follows: the one changed last."""
    presets = ColumnPreset.objects.filter(carrier=carrier, header=list(header))
    return presets.order_by("-changed_at", "-pk").first()


def as_answers(said: dict[str, Any]) -> dict[str, Any]:
    """Options as the form of the columns shows them."""
    return {**said, "number_form": _number(said), "date_form": _date(said)}


NOT_KEPT = {"shift_to_now": False, "create_lines": False}
"""What is asked anew with every file, and off until it is said."""


def _last_said(usage_import: UsageImport) -> dict[str, Any] | None:
    done = UsageImport.objects.filter(
        carrier=usage_import.carrier, run_job__state=JobState.DONE
    ).order_by("-created_at", "-pk")
    last = done.first()
    return {**last.options, **NOT_KEPT} if last else None


def _fits(said: dict[str, Any], head: Head) -> bool:
    columns = [said[name] for name in said if name.endswith("_column") and said[name]]
    return set(columns) <= set(head.header)


def _number(said: dict[str, Any]) -> str:
    return {True: "comma", False: "point", None: AS_FOUND}[said["decimal_comma"]]


def _date(said: dict[str, Any]) -> str:
    return {True: "day", False: "month", None: AS_FOUND}[said["day_first"]]


def delimiter_name(delimiter: str) -> str:
    """The delimiter in words."""
    return {
        ",": _("comma"), ";": _("semicolon"), "\t": _("tab"), "|": _("vertical bar")
    }[delimiter]  # fmt: skip


STEPS = (
    gettext_lazy("File"),
    gettext_lazy("Columns"),
    gettext_lazy("Check"),
    gettext_lazy("Import"),
)
AS_FOUND = "found"
"""The answer that leaves a form of numbers or dates to what the file shows."""
STEP_OF = {"columns": 2, "checking": 3, "check_failed": 3, "ready": 3}


@dataclass(frozen=True)
class Steps:
    """The steps of an import, and the number of the one it is at."""

    names: tuple[Any, ...]
    at: int


def steps_of(usage_import: UsageImport) -> Steps:
    """Where an import is."""
    return Steps(STEPS, STEP_OF.get(str(usage_import.state), 4))


def sample(head: Head, count: int) -> list[tuple[str, ...]]:
    """The first rows, their values shortened."""
    return [tuple(shortened(value) for value in row) for row in head.rows[:count]]


@dataclass(frozen=True)
class Row:
    """A row as it would count: its line, time, country and bytes."""

    line: str
    at: datetime
    country: str
    volume: int


@dataclass(frozen=True)
class Outcome:
    """What a check found, or what an import did."""

    counts: dict[str, int]
    warnings: list[Told]
    rows: list[Row]
    not_taken: list[list[Any]]

    @property
    def must_be_confirmed(self) -> bool:
        return any(not warning.is_note for warning in self.warnings)

    @property
    def not_taken_count(self) -> int:
        return self.counts["rejected"] + self.counts["unmatched"]

    @property
    def has_rows_to_take(self) -> bool:
        return bool(self.counts["accepted"] + self.counts["duplicate"])


def outcome_of(usage_import: UsageImport) -> Outcome | None:
    """The check's result, or the run's so far; None where there is none yet."""
    job = usage_import.run_job or usage_import.check_job
    if job is None:
        return None
    counts = job.result.get("counts") or job.checkpoint.get("counts")
    if not counts:
        return None
    rows = [
        Row(row["line"], datetime.fromtimestamp(row["at"], UTC), row["country"], row["volume"])
        for row in job.result.get("rows", [])
    ]
    warnings = told(job.result.get("warnings", []))
    return Outcome(counts, warnings, rows, job.result.get("not_taken", []))


def said_of(usage_import: UsageImport) -> list[tuple[str, str]]:
    """What was said of the columns, as names and values."""
    said = usage_import.options
    if not said:
        return []
    keys = {
        "msisdn": _("phone number"), "iccid": "ICCID", "imsi": "IMSI",
        "reference": _("carrier's reference"),
    }  # fmt: skip
    line = f"{shortened(said['line_column'])} ({keys[said['line_key']]})"
    facts = [
        *([(_("Sheet"), shortened(said["sheet"]))] if said.get("sheet") else []),
        (_("Line"), line),
        (_("Volume"), f"{shortened(said['volume_column'])}, {said['unit']}"),
        (_("Time"), f"{shortened(said['time_column'])} ({said['zone']})"),
        (_("Country"), shortened(said["country_column"] or "–")),
        (_("Roaming"), shortened(said["roaming_column"] or "–")),
        (_("Add unknown lines"), _("Yes") if said["create_lines"] else _("No")),
    ]
    if said["shift_to_now"]:
        facts.append((_("Times"), _("moved, so that the newest row is now")))
    return facts
