"""Rows of usage in COPY's binary form: what goes in comes out of PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.scene import a_plan, lines, sums_of, take
from usage.carrier_files import MAX_ROW
from usage.models import UsageCounter, UsageRecord
from usage.workers.record_rows import EPOCH, line_part, record_row, use_part

KEY = UUID("00112233-4455-6677-8899-aabbccddeeff")
AT = datetime(2026, 3, 29, 0, 59, 59, 999_999, tzinfo=UTC)


@pytest.mark.parametrize("hopeful", [True, False], ids=["written at once", "by the stage"])
def test_a_record_is_what_was_said(in_contoso, hopeful):
    [line] = lines("one", plan=a_plan())
    at = datetime.now(UTC).replace(microsecond=123_456) - timedelta(days=3)
    row = record_row(line_id=line.pk, at=at, day=at.date(), country="DE", key=KEY, volume=MAX_ROW)
    assert take([row], hopeful=hopeful).volume == MAX_ROW
    record = UsageRecord.objects.get()
    said = (record.line_id, record.started_at, record.day, record.country, record.key)
    assert said == (line.pk, at, at.date(), "DE", KEY)
    assert (record.volume, record.source, record.file_id) == (MAX_ROW, "carrier", None)
    counter = UsageCounter.objects.get()
    assert (counter.line_id, counter.day, counter.country) == (line.pk, at.date(), "DE")
    assert (counter.volume, counter.records) == (MAX_ROW, 1)


@given(
    seconds=st.integers(min_value=-(10**8), max_value=2 * 10**9),
    microsecond=st.integers(min_value=0, max_value=999_999),
)
def test_a_files_row_is_that_of_the_same_moment(seconds, microsecond):
    """A file counts seconds, the others have moments; the identity of a record must not differ."""
    at = EPOCH + timedelta(seconds=seconds, microseconds=microsecond)
    day = (at.date() - date(2000, 1, 1)).days
    whole = record_row(line_id=7, at=at, day=at.date(), country="NL", key=KEY, volume=5)
    assert line_part(7) + use_part(at.timestamp(), day, "NL", KEY.bytes, 5) == whole


@pytest.mark.parametrize("country", ["", "N", "NLD"])
def test_only_two_letters_are_a_country(country):
    with pytest.raises(ValueError, match="two letters"):
        use_part(0.0, 0, country, KEY.bytes, 1)


def test_rows_of_one_place_are_added_up(in_contoso):
    [line] = lines("one", plan=a_plan())
    at = datetime.now(UTC) - timedelta(days=3)
    rows = [
        record_row(
            line_id=line.pk, at=at, day=at.date(), country="NL", key=UUID(int=number), volume=number
        )
        for number in range(1, 5)
    ]
    sums = sums_of(rows)
    assert list(sums.volumes.values()) == [10] and list(sums.records.values()) == [4]
    assert take(rows, hopeful=True).accepted == 4
    with connection.cursor() as cursor:
        cursor.execute("SELECT volume, records FROM usage_usagecounter")
        assert cursor.fetchall() == [(10, 4)]
