"""Jobs: claimed once, resumed, given up on visibly, called off; files kept and let go."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from common.tenancy import across_tenants, tenant_scope
from jobs import files, kinds, runs, workers
from jobs.actions import AlreadyOpen, cancel, start
from jobs.kinds import JobFailed, Kind
from jobs.models import Job, JobState, StoredFile, StoredPart
from jobs.runs import LEASE, LostLease, Run

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def kind(monkeypatch):
    """`kind(work)` registers the kind `test` for this test only."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    return lambda work: kinds.register(Kind(name="test", work=work))


def a_job(key="k", now=NOW):
    return start(kind="test", key=key, parameters={}, total=10, by=None, now=now)


def state_of(job):
    with across_tenants("a look from outside"):
        return Job.objects.get(pk=job.pk)


def test_a_job_is_done_in_its_tenants_scope(in_contoso, kind, contoso):
    from common.tenancy import current_tenant_id

    kind(lambda run: {"tenant": current_tenant_id()})
    job = a_job()
    assert workers.work_off(now=NOW)
    assert state_of(job).state == JobState.DONE
    assert state_of(job).result == {"tenant": contoso.pk}
    assert not workers.work_off(now=NOW)


def test_of_one_kind_and_key_only_one_is_open(in_contoso, kind):
    kind(lambda run: {})
    first = a_job()
    with pytest.raises(AlreadyOpen) as refused:
        a_job()
    assert refused.value.job == first
    workers.work_off(now=NOW)
    assert a_job().pk != first.pk


def test_a_claimed_job_is_not_claimed_again_until_its_lease_is_over(in_contoso, settings):
    settings.JOBS_AT_ONCE = 5
    a_job()
    assert workers.claim(now=NOW) is not None
    assert workers.claim(now=NOW) is None
    assert workers.claim(now=NOW + LEASE + timedelta(seconds=1)) is not None


def test_no_more_run_at_once_than_allowed(in_contoso, settings):
    for key in "abc":
        a_job(key)
    settings.JOBS_AT_ONCE = 2
    assert [bool(workers.claim(now=NOW)) for _ in range(3)] == [True, True, False]


def test_one_that_lost_its_lease_writes_nothing_more(in_contoso):
    a_job()
    slow = Run(workers.claim(now=NOW))
    Run(workers.claim(now=NOW + LEASE + timedelta(seconds=1))).step(done=3)
    for act in (lambda: slow.step(done=9), lambda: slow.finish({})):
        with pytest.raises(LostLease):
            act()
    assert state_of(slow.job).done == 3


def test_a_long_run_gives_way_and_goes_on_from_its_checkpoint(in_contoso, kind, monkeypatch):
    monkeypatch.setattr(runs, "SLICE", -1.0)
    seen = []

    def work(run):
        seen.append(run.job.checkpoint.get("at", 0))
        if run.job.checkpoint:
            return {"steps": len(seen)}
        run.step(checkpoint={"at": 5})
        run.pause_if_long()
        return None

    kind(work)
    job = a_job()
    workers.work_off(now=timezone.now())
    assert state_of(job).state == JobState.QUEUED
    workers.work_off(now=timezone.now())
    assert seen == [0, 5]
    assert state_of(job).result == {"steps": 2}


def test_a_fault_is_tried_three_times_and_then_shown(in_contoso, kind):
    calls = []

    def work(run):
        calls.append(1)
        raise RuntimeError("boom")

    kind(work)
    job = a_job()
    begin = timezone.now()  # a step that failed is put back on the clock of the machine
    for minute in range(5):
        workers.work_off(now=begin + timedelta(minutes=minute))
    assert len(calls) == 3
    assert state_of(job).state == JobState.FAILED
    assert "RuntimeError" in state_of(job).error
    assert "boom" not in state_of(job).error


def test_a_job_that_kills_its_workers_is_stopped(in_contoso, kind):
    kind(lambda run: {})
    job = a_job()
    for again in range(3):
        assert workers.claim(now=NOW + again * 2 * LEASE)  # and dies
    workers.work_off(now=NOW + 8 * LEASE)
    assert state_of(job).state == JobState.FAILED
    assert "3 times" in state_of(job).error


def test_work_that_cannot_be_done_says_why_at_once(in_contoso, kind):
    def work(run):
        raise JobFailed("The file is no CSV.")

    kind(work)
    job = a_job()
    workers.work_off(now=NOW)
    assert (state_of(job).state, state_of(job).error) == (JobState.FAILED, "The file is no CSV.")


def test_a_job_of_another_version_fails_and_holds_nobody_up(in_contoso, kind):
    kind(lambda run: {})
    unknown = start(kind="no.such", key="k", parameters={}, total=0, by=None, now=NOW)
    known = a_job(now=NOW + timedelta(seconds=1))
    for _ in range(2):
        workers.work_off(now=NOW + timedelta(seconds=2))
    assert state_of(unknown).state == JobState.FAILED
    assert state_of(known).state == JobState.DONE


def test_one_that_was_called_off_stops_at_its_next_step(in_contoso, kind):
    reached = []

    def work(run):
        assert cancel(job=run.job, now=NOW)
        run.step(done=1)
        reached.append(1)

    kind(work)
    job = a_job()
    workers.work_off(now=NOW)
    assert state_of(job).state == JobState.CANCELLED
    assert reached == []
    assert not cancel(job=job, now=NOW)


def test_a_file_comes_back_as_it_was_and_only_to_its_tenant(contoso, fabrikam):
    parts = [b"a" * 1000, b"", b"\x00\xff" * 500]
    with tenant_scope(contoso.pk):
        file = files.keep(name="x.csv", parts=parts, now=NOW, days=1)
        with files.opened(file, on_part=lambda: None) as stream:
            assert stream.read() == b"".join(parts)
        assert file.size == 2000
    with tenant_scope(fabrikam.pk):
        assert list(files.parts_of(file)) == []


def test_files_are_let_go_after_their_time_and_their_names_stay(in_contoso):
    old = files.keep(name="old.csv", parts=[b"x"], now=NOW - timedelta(days=31), days=30)
    young = files.keep(name="young.csv", parts=[b"x"], now=NOW, days=30)
    assert files.let_go(now=NOW) == 1
    assert StoredPart.objects.get().file == young
    assert StoredFile.objects.get(pk=old.pk).emptied_at is not None
    with pytest.raises(files.FileGone):
        files.beginning_of(StoredFile.objects.get(pk=old.pk))
