"""An import that is interrupted ends with the counts of one that was not."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from jobs import files, runs, workers
from jobs.models import Job, JobState
from jobs.runs import LEASE
from tests.imports.conftest import when, work
from usage.actions import import_rows, imports
from usage.models import UsageRecord
from usage.workers.counters import differences

pytestmark = pytest.mark.django_db
BAD = "0612345670;31-02-2026;1,5;NL\n"


class Died(BaseException):
    """As if the process were gone: nothing after it runs."""


@pytest.fixture
def odd(usual) -> bytes:
    return usual + (BAD * 30).encode() + f"0699999999;{when()};1,5;NL\n".encode()


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 10)


EXPECTED = {
    "rows": 151, "accepted": 120, "duplicate": 0, "rejected": 30, "unmatched": 1,
    "lines_created": 0, "volume": 12_240_000_000,
}  # fmt: skip


def assert_whole(uploader, page, the_import, contoso):
    assert uploader.counts(page) == EXPECTED
    with tenant_scope(contoso.pk):
        assert UsageRecord.objects.count() == 120
        assert differences() == []
        usage_import = the_import()
        content = b"".join(files.parts_of(usage_import.run_job.output)).decode("utf-8-sig")
    rows = [int(row[0]) for row in list(csv.reader(io.StringIO(content)))[1:]]
    assert rows == list(range(122, 153))


@pytest.mark.parametrize("chunk", [1, 2, 7, 13, 16])
@pytest.mark.parametrize("seam", ["before counting", "before the checkpoint"])
def test_a_worker_that_dies_in_any_chunk_is_replaced(
    dana_at_imports, odd, contoso, the_import, monkeypatch, chunk, seam
):
    page = dana_at_imports.checked(odd)
    dana_at_imports.start(page, confirmed="on")
    calls = []
    where = (import_rows, "ingest") if seam == "before counting" else (runs.Run, "step")
    healthy = getattr(*where)

    def dying(*args, **options):
        if seam == "before counting" or "checkpoint" in options:
            calls.append(1)
        if len(calls) == min(chunk, 12 if seam == "before counting" else 16):
            raise Died
        return healthy(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(*where, dying)
        with pytest.raises(Died):
            workers.work_off(now=timezone.now())
    work(now=timezone.now() + LEASE + timedelta(seconds=5))
    assert_whole(dana_at_imports, page, the_import, contoso)


def test_an_import_in_many_slices_counts_as_one(
    dana_at_imports, odd, contoso, the_import, monkeypatch
):
    page = dana_at_imports.checked(odd)
    dana_at_imports.start(page, confirmed="on")
    slices = []

    def give_way(run):
        slices.append(1)
        if len(slices) % 2 == 0:  # each slice takes one chunk
            raise runs.Paused

    monkeypatch.setattr(runs.Run, "pause_if_long", give_way)
    for _ in range(40):
        workers.work_off(now=timezone.now())
    assert_whole(dana_at_imports, page, the_import, contoso)


def test_a_check_that_dies_begins_anew(dana_at_imports, odd, monkeypatch):
    page = dana_at_imports.uploaded(odd)
    dana_at_imports.choose(page)
    healthy, calls = import_rows.ingest, []

    def dying(**options):
        calls.append(1)
        if len(calls) == 5:
            raise Died
        return healthy(**options)

    with monkeypatch.context() as patch:
        patch.setattr(import_rows, "ingest", dying)
        with pytest.raises(Died):
            workers.work_off(now=timezone.now())
    work(now=timezone.now() + LEASE + timedelta(seconds=5))
    assert dana_at_imports.counts(page) == EXPECTED


def test_a_file_that_is_gone_ends_with_a_sentence(dana_at_imports, usual, contoso):
    page = dana_at_imports.checked(usual)
    files.let_go(now=timezone.now() + timedelta(days=40))
    dana_at_imports.start(page)
    work()
    assert "no longer kept" in dana_at_imports.client.get(page).content.decode()
    with tenant_scope(contoso.pk):
        assert Job.objects.get(kind="usage.import").state == JobState.FAILED
