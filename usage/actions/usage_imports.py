"""What a person does with an import: upload, say what the columns are, start, call off.

1. The file is kept, known by the hash of its content.
2. Each answer about the columns starts a check, a dry run; the one before it is called off.
3. The start asks for the real run, once: the row is locked, and of one content and tenant at most
   one run is open, whoever uploaded it and however often the button was pressed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, record
from common.refusals import Refused
from jobs import files
from jobs.actions import AlreadyOpen, cancel, start
from jobs.models import JobState
from usage.actions import column_presets
from usage.actions.import_jobs import CHECK, IMPORT
from usage.actions.import_options import to_json
from usage.actions.import_rows import Options
from usage.import_words import must_be_confirmed
from usage.models import Carrier, ImportState, UsageImport

CHANGEABLE = (
    ImportState.COLUMNS,
    ImportState.CHECKING,
    ImportState.CHECK_FAILED,
    ImportState.READY,
)
"""As long as nothing was started, the columns may be said anew."""


class ImportRefused(Refused):
    """The import cannot be changed or started like this."""


class ImportRunsAlready(Exception):
    """The same content is being imported: `job` is the one that does it."""

    def __init__(self, usage_import: UsageImport) -> None:
        self.usage_import = usage_import
        super().__init__(str(usage_import))


@transaction.atomic
def upload(
    *, name: str, parts: Iterable[bytes], carrier: Carrier, now: datetime, by: Actor
) -> UsageImport:
    """Keep a file. Raises ImportRunsAlready when its content is being imported right now."""
    file = files.keep(name=name, parts=parts, now=now, days=settings.UPLOAD_KEEP_DAYS)
    running = UsageImport.objects.filter(
        run_job__key=file.sha256, run_job__state__in=[JobState.QUEUED, JobState.RUNNING]
    ).first()
    if running is not None:
        raise ImportRunsAlready(running)  # and what was just kept is rolled back
    usage_import = UsageImport.objects.create(
        file=file, carrier=carrier, by_id=by.pk, created_at=now
    )
    record(
        by=by,
        action="usage_import.uploaded",
        subject=usage_import,
        after={"carrier": carrier.name, "size": file.size, "sha256": file.sha256},
    )
    return usage_import


@transaction.atomic
def choose_columns(
    *,
    usage_import: UsageImport,
    options: Options,
    now: datetime,
    by: Actor,
    keep_as: str = "",
    header: Sequence[str] = (),
) -> None:
    """Say what the columns are, and have the file checked. Raises ImportRefused once started.

    With `keep_as` the answers are kept as the carrier's preset of that name, for files with this
    `header`.
    """
    mine = _locked(usage_import)
    if mine.state not in CHANGEABLE:
        raise ImportRefused(_("This import was started, so its columns stay as they are."))
    if mine.check_job is not None:
        cancel(job=mine.check_job, now=now)
    mine.options = to_json(options)
    mine.check_job = start(
        kind=CHECK,
        key=str(mine.pk),
        parameters={"import": mine.pk},
        total=_rows_of(mine),
        by=by,
        now=now,
    )
    mine.save(update_fields=["options", "check_job"])
    if keep_as:
        column_presets.keep(
            carrier=mine.carrier, name=keep_as, header=header, options=options, now=now, by=by
        )


@transaction.atomic
def begin(*, usage_import: UsageImport, confirmed: bool, now: datetime, by: Actor) -> None:
    """Have it imported. Pressing twice starts it once.

    Raises ImportRefused when it was not checked, or gives pause and was not `confirmed`, and
    ImportRunsAlready when the same content is being imported as another upload.
    """
    mine = _locked(usage_import)
    if mine.run_job is not None:
        return
    if mine.state != ImportState.READY or mine.check_job is None:
        raise ImportRefused(_("The file has to be checked before it is imported."))
    check: dict[str, Any] = mine.check_job.result
    if not check["counts"]["accepted"] + check["counts"]["duplicate"]:
        raise ImportRefused(_("No row of this file can be counted, so there is nothing to import."))
    if must_be_confirmed(check["warnings"]) and not confirmed:
        raise ImportRefused(
            _("Confirm that the file is right in spite of the warnings."), field="confirmed"
        )
    try:
        mine.run_job = start(
            kind=IMPORT,
            key=mine.file.sha256,
            parameters={"import": mine.pk},
            total=_rows_of(mine),
            by=by,
            now=now,
        )
    except AlreadyOpen as running:
        raise ImportRunsAlready(UsageImport.objects.get(run_job=running.job)) from running
    mine.save(update_fields=["run_job"])
    record(by=by, action="usage_import.started", subject=mine, after=mine.options)


@transaction.atomic
def call_off(*, usage_import: UsageImport, now: datetime, by: Actor) -> None:
    """Stop what is under way. What was counted so far stays. Raises ImportRefused when over."""
    mine = _locked(usage_import)
    job = mine.run_job or mine.check_job
    if job is None or not cancel(job=job, now=now):
        raise ImportRefused(_("Nothing of this import is under way any more."))
    if job == mine.run_job:
        record(by=by, action="usage_import.cancelled", subject=mine)


def _locked(usage_import: UsageImport) -> UsageImport:
    rows = UsageImport.objects.select_related("file", "check_job", "run_job", "carrier")
    return rows.select_for_update(of=["self"]).get(pk=usage_import.pk)


def _rows_of(usage_import: UsageImport) -> int:
    """About how many; 0 where only reading will tell."""
    is_spreadsheet = usage_import.file.name.lower().endswith(".xlsx")
    return 0 if is_spreadsheet else usage_import.file.lines + 1
