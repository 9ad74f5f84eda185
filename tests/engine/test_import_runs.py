"""import_usage that adds lines, moves times to now, or dies half way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError

from devices.models import Device, DeviceControl, SimulatedDevice
from tests.engine.importing import REPORT, T, counters, run
from tests.engine.scene import HOUR, MB, NOW, a_plan, lines, rows_of_all_tables
from usage.models import Line, LinePlan, UsageFile, UsageRecord

# --- making lines -----------------------------------------------------------------------------


def test_unknown_lines_are_added_with_plan_and_phone_once(in_northwind, file):
    plan = a_plan(is_default=True)
    lines("a", plan=plan)
    path = file(f"a,1,{T}", f"new1,2,{T}", f"new2,3,{T}", f"new1,4,{T}")
    report = run(path, "--create-lines")
    assert [report[label] for label in REPORT] == [4, 4, 0, 0, 0, 2]
    assert set(Line.objects.values_list("reference", flat=True)) == {"a", "new1", "new2"}
    assert LinePlan.objects.filter(plan=plan).count() == 3
    assert Device.objects.count() == SimulatedDevice.objects.count() == 2
    assert DeviceControl.objects.count() == 2
    again = run(path, "--create-lines")
    assert [again[label] for label in REPORT] == [4, 0, 4, 0, 0, 0]
    assert Device.objects.count() == 2


def test_a_row_outside_the_window_makes_no_line(in_northwind, file):
    a_plan(is_default=True)
    report = run(file("old,1,2001-01-01 00:00:00", f"new,1,{T}"), "--create-lines")
    assert (report["accepted"], report["rejected"], report["lines added"]) == (1, 1, 1)
    assert Line.objects.get().reference == "new"


@pytest.mark.parametrize(
    ("prepare", "options", "words"),
    [
        (lambda: a_plan(), {}, "KPN has no default plan for new lines"),
        (lambda: a_plan(is_default=True), {"line_key": "iccid"}, "by phone number or"),
        (lambda: a_plan(is_default=True), {"line_key": "imsi"}, "by phone number or"),
    ],
)
def test_lines_that_cannot_be_made_are_refused_before_anything(
    in_northwind, file, prepare, options, words
):
    prepare()
    path = file(f"204081234567890,1,{T}")
    before = rows_of_all_tables()
    with pytest.raises(CommandError, match=words):
        run(path, "--create-lines", **options)
    assert rows_of_all_tables() == before


def test_numbers_are_read_in_every_spelling_as_one_line(in_northwind, file):
    a_plan(is_default=True)
    path = file(f"+31612345678,1,{T}", f"0031612345678,2,{T}", f"06 12345678,4,{T}", f"061,8,{T}")
    report = run(path, "--create-lines", line_key="msisdn")
    assert (report["lines added"], report["accepted"], report["rejected"]) == (1, 3, 1)
    assert Line.objects.get().msisdn == "+31612345678"
    assert "not a phone number" in report["rejects"][0]["reason"]


# --- moving times to now ----------------------------------------------------------------------

OLD = ("a,1,2020-01-01 10:00:00", "a,2,2020-01-03 22:00:00", "a,4,2019-12-31 23:00:00")


def test_the_newest_row_is_moved_to_now_and_the_others_with_it(in_northwind, file, clock):
    lines("a")
    report = run(file(*OLD), "--shift-to-now")
    assert report["accepted"] == 3
    times = sorted(UsageRecord.objects.values_list("started_at", flat=True))
    assert times == [
        NOW - timedelta(days=2, hours=23),
        NOW - timedelta(days=2, hours=12),
        NOW,
    ]
    assert sum(counters().values()) == 7 * MB


def test_the_offset_is_remembered_so_a_later_import_changes_nothing(in_northwind, file, clock):
    lines("a")
    path = file(*OLD)
    first = run(path, "--shift-to-now")
    clock.shift(31 * HOUR)
    again = run(path, "--shift-to-now")
    assert (again["accepted"], again["duplicate"]) == (0, 3)
    assert again["times moved by"] == first["times moved by"]
    dry = run(path, "--shift-to-now", "--dry-run")
    assert (dry["accepted"], dry["duplicate"]) == (0, 3)


def test_a_file_is_not_counted_at_two_sets_of_times(in_northwind, file):
    lines("a")
    moved, kept = file(*OLD, name="moved.csv"), file(f"a,1,{T}", name="kept.csv")
    run(moved, "--shift-to-now")
    run(kept)
    with pytest.raises(CommandError, match="Import it with --shift-to-now again"):
        run(moved)
    with pytest.raises(CommandError, match="Import it without --shift-to-now"):
        run(kept, "--shift-to-now")
    assert UsageRecord.objects.count() == 4


def test_a_file_of_which_nothing_was_taken_may_still_be_moved(in_northwind, file):
    lines("a")
    path = file(*OLD)
    assert run(path)["rejected"] == 3
    assert run(path, "--shift-to-now")["accepted"] == 3


def test_a_file_without_a_readable_row_cannot_be_moved(in_northwind, file):
    lines("a")
    before = rows_of_all_tables()
    with pytest.raises(CommandError, match="times cannot be moved to now"):
        run(file("a,1,soon"), "--shift-to-now")
    assert rows_of_all_tables() == before


# --- files of many chunks ---------------------------------------------------------------------


def test_chunks_of_any_size_count_the_same(in_northwind, file, monkeypatch):
    lines("a", "b")
    rows = [
        f"{'ab'[number % 2]},{number},2026-03-0{1 + number % 9} 08:00:00" for number in range(23)
    ]
    monkeypatch.setattr("usage.actions.imports.CHUNK", 4)
    report = run(file(*rows, "bad"))
    assert (report["rows"], report["accepted"], report["rejected"]) == (24, 23, 1)
    assert sum(counters().values()) == sum(range(23)) * MB
    monkeypatch.setattr("usage.actions.imports.CHUNK", 7)
    assert run(file(*rows, "bad"))["duplicate"] == 23


def test_an_import_that_dies_half_way_is_resumed(in_northwind, file, monkeypatch):
    from usage.actions import import_rows, imports

    lines("a")
    rows = [f"a,{number},{T}" for number in range(10)]
    monkeypatch.setattr(imports, "CHUNK", 3)
    healthy, calls = import_rows.ingest, []

    def failing(**options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("the machine stops here")
        return healthy(**options)

    monkeypatch.setattr(import_rows, "ingest", failing)
    with pytest.raises(RuntimeError, match="stops here"):
        run(file(*rows))
    assert UsageRecord.objects.count() == 6
    assert UsageFile.objects.get().finished_at is None
    monkeypatch.setattr(import_rows, "ingest", healthy)
    report = run(file(*rows))
    assert (report["accepted"], report["duplicate"]) == (4, 6)
    assert sum(counters().values()) == 45 * MB
    assert UsageFile.objects.get().finished_at is not None
