"""import_usage from end to end: what it counts, what it refuses, and that twice is once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.tenancy import tenant_scope
from tenants.actions import create_tenant
from tenants.models import Tenant
from tests.engine.importing import REPORT, T, check_counters, counters, run
from tests.engine.scene import GB, HOUR, MB, NOW, a_plan, lines, rows_of_all_tables
from usage.models import Line, LineWatch, UsageCounter, UsageFile, UsageRecord

# --- counting ---------------------------------------------------------------------------------


def test_rows_become_records_and_day_counters(in_northwind, file):
    lines("a", "b")
    path = file(
        f"a,1.5,{T}",
        f"a,2.25,{T}",
        "a,1,2026-03-05 23:59:59",
        "a,1,2026-03-06 00:00:00",
        f"b,0.0000005,{T}",
    )
    report = run(path)
    assert [report[label] for label in REPORT] == [5, 5, 0, 0, 0, 0]
    assert report["bytes counted"].startswith("5750000 (")
    assert counters() == {
        ("a", "03-05", "NL"): 4_750_000,
        ("a", "03-06", "NL"): 1_000_000,
        ("b", "03-05", "NL"): 0,
    }
    assert "0 counters differ" in check_counters()
    assert UsageFile.objects.get().finished_at is not None


def test_the_same_file_again_changes_nothing_not_even_hours_later(in_northwind, file, clock):
    lines("a")
    path = file(f"a,1.5,{T}", f"a,2,{T}")
    run(path)
    before, watch = counters(), LineWatch.objects.values().get()
    clock.shift(5 * HOUR)
    report = run(path)
    assert [report[label] for label in REPORT] == [2, 0, 2, 0, 0, 0]
    assert counters() == before
    assert LineWatch.objects.values().get() == watch
    assert UsageRecord.objects.count() == 2


def test_a_row_that_stands_twice_in_a_file_counts_once(in_northwind, file):
    lines("a")
    report = run(file(f"a,1,{T}", f"a,1,{T}", f"a,2,{T}"))
    assert (report["accepted"], report["duplicate"]) == (2, 1)
    assert sum(counters().values()) == 3 * MB


def test_a_corrected_file_adds_only_what_is_new(in_northwind, file):
    lines("a")
    run(file(f"a,1,{T}", f"a,2,{T}"))
    report = run(file(f"a,2,{T}", f"a,3,{T}", name="corrected.csv"))
    assert (report["accepted"], report["duplicate"]) == (1, 1)
    assert sum(counters().values()) == 6 * MB


def test_countries_and_roaming_are_counted_apart(in_northwind, file):
    lines("a")
    path = file(
        f"a,1,{T},NL,",
        f"a,2,{T},de,yes",
        f"a,4,{T},,1",
        f"a,8,{T},,0",
        f"a,16,{T},Germany,",
        head="id,volume,time,country,abroad",
    )
    report = run(path, country_column="country", roaming_column="abroad")
    assert counters() == {
        ("a", "03-05", "NL"): 9 * MB,
        ("a", "03-05", "DE"): 2 * MB,
        ("a", "03-05", "ZZ"): 4 * MB,
    }
    assert [(row["row"], row["column"], row["value"]) for row in report["rejects"]] == [
        ("6", "country", "GERMANY")
    ]


def test_the_same_file_in_two_tenants_is_counted_in_each(in_northwind, file):
    create_tenant(slug="fabrikam", name="Fabrikam", admin_email="f@example.com", by=None)
    lines("a")
    path = file(f"a,1,{T}")
    run(path)

    with tenant_scope(Tenant.objects.get(slug="fabrikam").pk):
        lines("a")
        assert run(path, tenant="fabrikam")["accepted"] == 1
        assert sum(counters().values()) == MB
        assert UsageRecord.objects.count() == 1
    assert sum(counters().values()) == MB


@pytest.fixture
def five_lines(in_northwind):
    return lines(*(f"l{number}" for number in range(1, 6)))


@given(
    volumes=st.lists(st.decimals(0, 10_000, places=7, allow_nan=False), min_size=1, max_size=40),
    order=st.randoms(use_true_random=False),
)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_counters_sum_to_the_sum_of_the_file_rounded_row_by_row(
    five_lines, tmp_path, volumes, order
):
    UsageRecord.objects.all().delete()
    UsageCounter.objects.all().delete()
    rows = [
        f"l{order.randint(1, 5)},{volume:f},2026-03-{order.randint(1, 9):02d} 1{number % 10}:00:00"
        for number, volume in enumerate(volumes)
    ]
    path = tmp_path / f"{order.random()}.csv"
    path.write_text("id,volume,time\n" + "\n".join(rows) + "\n")
    report = run(path)
    expected = sum(
        int((Decimal(row.split(",")[1]) * MB).to_integral_value(rounding=ROUND_HALF_EVEN))
        for row in set(rows)
    )
    assert UsageCounter.objects.aggregate(sum=Sum("volume"))["sum"] == expected
    assert report["bytes counted"].split()[0] == str(expected)
    assert report["accepted"] == len(set(rows))
    assert "0 counters differ" in check_counters()


# --- rows that are not taken ------------------------------------------------------------------


def test_unmatched_and_rejected_rows_are_kept_with_their_reasons(in_northwind, file):
    lines("a")
    Line.objects.filter(pk=lines("gone")[0].pk).update(state="retired", retired_at=NOW)
    report = run(file(f"a,1,{T}", f"gone,2,{T}", f"=evil,1,{T}", f"b,3,{T}", f"a,-1,{T}"))
    assert [report[label] for label in REPORT] == [5, 1, 0, 2, 2, 0]
    assert [(row["row"], row["value"]) for row in report["rejects"]] == [
        ("4", "'=evil"),
        ("6", "'-1"),
        ("3", "gone"),
        ("5", "b"),
    ]
    assert "No active line of this carrier" in report["rejects"][-1]["reason"]
    assert sum(counters().values()) == MB


@pytest.mark.parametrize(
    ("offset", "taken"),
    [
        (timedelta(minutes=5), True),
        (timedelta(minutes=5, seconds=1), False),
        (timedelta(0), True),
        (-timedelta(days=730), True),
        (-timedelta(days=730, seconds=1), False),
        (-timedelta(days=20_000), False),
        (timedelta(days=20_000), False),
    ],
)
def test_only_rows_of_the_last_two_years_are_taken(in_northwind, file, offset, taken):
    lines("a")
    report = run(file(f"a,1,{(NOW + offset).isoformat()}", f"a,1,{T}"))
    assert (report["accepted"], report["rejected"]) == ((2, 0) if taken else (1, 1))
    if not taken:
        assert report["rejects"][0]["column"] == "time"
        assert report["rejects"][0]["value"] == (NOW + offset).isoformat()
        assert "more than 24 months ago or in the future" in report["rejects"][0]["reason"]


def test_enormous_rows_never_break_the_counters_of_others(in_northwind, file):
    lines("a", "b")
    report = run(file(*(f"a,{number}e8,{T}" for number in range(1, 10)), f"b,1,{T}"))
    assert (report["accepted"], report["rejected"]) == (10, 0)
    report = run(file(f"a,9223372036854,{T}", f"a,9223372036853,{T}", f"b,2,{T}", name="2.csv"))
    assert (report["accepted"], report["rejected"]) == (1, 2)
    assert counters()["b", "03-05", "NL"] == 3 * MB


# --- nothing half done ------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [(), ("--create-lines",), ("--create-lines", "--shift-to-now")])
def test_a_dry_run_tells_all_and_changes_nothing(in_northwind, file, flags):
    lines("a", plan=a_plan(is_default=True))
    before, watch = rows_of_all_tables(), LineWatch.objects.values().get()
    path = file(f"a,1,{T}", f"new,2,{T}", f"a,x,{T}")
    report = run(path, "--dry-run", *flags)
    assert rows_of_all_tables() == before
    assert LineWatch.objects.values().get() == watch
    assert report["text"].startswith("Dry run: nothing was changed")
    real = run(path, *flags)
    assert [report[label] for label in REPORT] == [real[label] for label in REPORT]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tenant": "nobody"}, "no tenant 'nobody'. There are: northwind"),
        ({"carrier": "Vodafone"}, "no carrier 'Vodafone'. There are: KPN"),
        ({"time_zone": "Mars/Olympus"}, "'Mars/Olympus' is not a time zone"),
        ({"time_zone": "../etc/passwd"}, "is not a time zone"),
        ({"time_zone": ""}, "is not a time zone"),
        ({"line_column": "number"}, "no column 'number'. The file has: id, volume, time."),
        ({"country_column": "land"}, "no column 'land'"),
    ],
    ids=str,
)
def test_a_wrong_option_is_told_and_changes_nothing(in_northwind, file, wrong, words):
    lines("a")
    path = file(f"a,1,{T}")
    before = rows_of_all_tables()
    with pytest.raises(CommandError, match=words.replace(".", r"\.")):
        run(path, **wrong)
    assert rows_of_all_tables() == before


@pytest.mark.parametrize("option", ["--unit", "--line-key"])
def test_a_unit_or_key_nobody_knows_is_refused(in_northwind, file, option):
    arguments = ["--tenant=northwind", "--carrier=KPN", "--line-column=id", "--volume-column=v"]
    arguments += ["--time-column=t", "--time-zone=UTC", "--unit=MB", "--line-key=msisdn"]
    arguments.append(f"{option}=miles")
    with pytest.raises(CommandError, match="invalid choice: 'miles'"):
        call_command("import_usage", str(file("x")), *arguments)


def test_a_file_that_is_not_there_is_told(in_northwind, tmp_path):
    with pytest.raises(CommandError, match="There is no file"):
        run(tmp_path / "none.csv")


# --- counters and records ---------------------------------------------------------------------


def test_a_tampered_counter_is_found_and_mended(in_northwind, file):
    lines("a", "b")
    run(file(f"a,1,{T}", f"b,2,{T}"))
    UsageCounter.objects.filter(line__reference="a").update(volume=5)
    with pytest.raises(CommandError, match="1 counters differ from their records"):
        check_counters()
    call_command("rebuild_counters", "--tenant", "northwind", stdout=StringIO())
    assert "0 counters differ" in check_counters()
    assert counters()["a", "03-05", "NL"] == MB


def test_a_counter_without_records_and_records_without_a_counter_are_found(in_northwind, file):
    lines("a", "b")
    run(file(f"a,1,{T}", f"b,2,{T}"))
    UsageCounter.objects.filter(line__reference="a").delete()
    UsageRecord.objects.filter(line__reference="b").delete()
    with pytest.raises(CommandError, match="2 counters differ"):
        check_counters()


def test_checking_a_tenant_nobody_knows_is_refused(db):
    with pytest.raises(CommandError, match="There is no tenant 'nobody'"):
        call_command("rebuild_counters", "--check", "--tenant", "nobody")


def test_the_clock_of_these_tests_stands_still(clock: time_machine.Coordinates):
    assert datetime.now(UTC) == NOW
    assert GB == 1000 * MB
