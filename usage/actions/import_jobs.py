"""The two jobs of an import: the check, which changes nothing, and the import itself.

The import writes its checkpoint, and the rows it did not take, in the transaction of each chunk;
so a run that is taken up again neither repeats nor skips a row, and its counts are those of one
run without a break. A check that dies begins anew: it has written nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from jobs import files
from jobs.kinds import JobFailed
from jobs.runs import Run
from usage.actions.import_options import options_of
from usage.actions.import_rows import WHY
from usage.actions.imports import CannotImport, Report, import_stream
from usage.carrier_files import BadFile, Rejected
from usage.import_profile import Profile
from usage.models import UsageImport
from usage.not_taken import as_csv
from usage.queries.import_warnings import Findings, warnings_about

CHECK = "usage.check"
IMPORT = "usage.import"
SHOWN_ROWS = 10


def check(run: Run) -> dict[str, Any]:
    """Read the whole file and count what would happen; what gives pause is among the result."""
    usage_import = _import_of(run)
    findings = Findings(profile=Profile(), reasons=Counter(), shown=[], unmatched=[])

    def note(rejected: Rejected) -> None:
        if rejected.sentence != WHY["unmatched"]:
            findings.reasons[(rejected.column, rejected.sentence)] += 1
        elif len(findings.unmatched) < 3 and rejected.value not in findings.unmatched:
            findings.unmatched.append(rejected.value)
        if len(findings.shown) < SHOWN_ROWS:
            findings.shown.append(rejected)

    with _readable(), files.opened(usage_import.file, on_part=run.step) as stream:
        report = import_stream(
            stream=stream,
            name=usage_import.file.name,
            carrier=usage_import.carrier,
            options=options_of(usage_import.options, dry_run=True),
            now=timezone.now(),
            on_rejected=note,
            on_progress=lambda report: run.step(done=report.last_row),
            on_sheet_rows=lambda rows: run.step(total=rows),
            profile=findings.profile,
        )
    return {
        "counts": report.counts(),
        "warnings": [
            [warning.code, warning.facts]
            for warning in warnings_about(
                usage_import=usage_import,
                counts=report.counts(),
                sha256=report.sha256,
                findings=findings,
            )
        ],
        "rows": findings.profile.shown,
        "not_taken": [[row.row, row.column, row.value, row.sentence] for row in findings.shown],
    }


def carry_out(run: Run) -> None:
    """Import the file from the checkpoint on. The last step finishes the run."""
    usage_import = _import_of(run)
    checkpoint = run.job.checkpoint
    so_far = Report.of(checkpoint["counts"], last_row=checkpoint["row"]) if checkpoint else None
    waiting: list[Rejected] = []

    def step(report: Report) -> None:
        if waiting:
            run.write(
                name=not_taken_name(usage_import),
                content=as_csv(waiting, header=run.job.output_id is None),
                keep=timedelta(days=settings.UPLOAD_KEEP_DAYS),
            )
            waiting.clear()
        run.step(
            done=report.last_row,
            checkpoint={"counts": report.counts(), "row": report.last_row},
        )

    with _readable(), files.opened(usage_import.file, on_part=run.step) as stream:
        import_stream(
            stream=stream,
            name=usage_import.file.name,
            carrier=usage_import.carrier,
            options=options_of(usage_import.options, dry_run=False),
            now=timezone.now(),
            on_rejected=waiting.append,
            on_progress=step,
            on_finished=lambda report: run.finish({"counts": report.counts()}),
            before_chunk=run.pause_if_long,
            on_sheet_rows=lambda rows: run.step(total=max(rows, run.job.done)),
            so_far=so_far,
            by=run.job.by,
        )


def not_taken_name(usage_import: UsageImport) -> str:
    """The name under which the rows not taken are downloaded."""
    stem = usage_import.file.name.rsplit(".", 1)[0][:200]
    return f"{stem}-not-taken.csv"


def _import_of(run: Run) -> UsageImport:
    imports = UsageImport.objects.select_related("file", "carrier")
    return imports.get(pk=run.job.parameters["import"])


@contextmanager
def _readable() -> Iterator[None]:
    """What is wrong with the file itself ends the job with that sentence."""
    try:
        yield
    except (BadFile, CannotImport) as error:
        raise JobFailed(str(error)) from error
    except files.FileGone as gone:
        raise JobFailed(_("The uploaded file is no longer kept. Upload it again.")) from gone
