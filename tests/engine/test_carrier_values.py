"""Volumes, times and countries in carriers' files: exact, or refused, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.files import GOOD, HEAD, parse, told
from usage.queries.line_keys import BadKey, normal_key

# --- volumes ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "text", "in_bytes"),
    [
        ("B", "0", 0),
        ("B", "-0", 0),
        ("B", "0.5", 0),
        ("B", "1.5", 2),
        ("B", "2.5", 2),
        ("B", "1e3", 1000),
        ("B", "+7", 7),
        ("B", " 7 ", 7),
        ("kB", "1.2345", 1234),
        ("KiB", "1.5", 1536),
        ("MB", "91.3865182252614", 91_386_518),
        ("MB", "0.0000005", 0),
        ("MB", "0.0000015", 2),
        ("GB", "1000000", 10**15),
        ("GiB", "0.000000000931322574615478515625", 1),
        ("GiB", "0.0000000004656612873077392578126", 1),
        ("GiB", "0.000000000465661287307739257812500", 0),
        ("MB", "12.345", 12_345_000),
    ],
)
def test_a_volume_becomes_bytes_half_to_even(unit, text, in_bytes):
    assert told(f"{HEAD}a,{text},{GOOD}\n", unit=unit) == [("a", in_bytes)]


@pytest.mark.parametrize(
    ("texts", "megabytes"),
    [
        (
            ["1234,5", "1.234", "1.234,5", "0,5", "12.345.678"],
            [1234.5, 1234, 1234.5, 0.5, 12345678],
        ),
        (["1,234.5", "1,234", "1.5", "12,345,678.25"], [1234.5, 1234, 1.5, 12345678.25]),
        (["0,123", "1,500"], [0.123, 1.5]),
        (["1500,250", "1,500"], [1500.25, 1.5]),
        (["1.000.000", "1,5"], [1_000_000, 1.5]),
        (["1.234", "2.345"], [1.234, 2.345]),
        (["1 234,5", "1 234", "12\u202f345,5", "1\u00a0000"], [1234.5, 1234, 12345.5, 1000]),
        (["1'234.5", "1’000"], [1234.5, 1000]),
        (["12,", "12,0"], [12, 12]),
    ],
    ids=str,
)
def test_decimal_and_thousands_marks_are_told_apart_by_the_whole_file(texts, megabytes):
    rows = "".join(f"a;{text};{GOOD}\n" for text in texts)
    assert told(f"id;volume;time\n{rows}") == [("a", int(value * 10**6)) for value in megabytes]


@pytest.mark.parametrize(
    ("texts", "refused", "words"),
    [
        (["1,234"], ["1,234"], "thousands or decimals"),
        (["12,5", "12.5", "1,234"], ["12,5", "1,234"], ""),
        (["1,5", "1.5"], ["1,5"], ""),
        (["1.5", "2.5", "12,34"], ["12,34"], ""),
        (["1,234.5", "12,34"], ["12,34"], "12.5 or 1,234.5"),
        (["1.234,5", "12.34"], ["1.234,5"], "12.5 or 1,234.5"),
        (["1,5", "2,75", "12.5"], ["12.5"], "12,5 or 1.234,5"),
        (["1.5", "2.75", "12,5"], ["12,5"], "12.5 or 1,234.5"),
        (["1 23"], ["1 23"], "not a volume"),
        (["N.A.", "1.5"], ["N.A."], "not a volume"),
    ],
    ids=str,
)
def test_a_mark_that_could_be_either_is_never_guessed(texts, refused, words):
    rows = "".join(f"a;{text};{GOOD}\n" for text in texts)
    _, rejected = parse(f"id;volume;time\n{rows}")
    assert [bad.value for bad in rejected] == refused
    assert all(words in bad.sentence for bad in rejected)


# --- times ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31 12:00:00", "2026-01-31T11:00:00"),
        (" 2026-01-31 12:00:00 ", "2026-01-31T11:00:00"),
        ("2026-01-31T12:00", "2026-01-31T11:00:00"),
        ("2026-01-31", "2026-01-30T23:00:00"),
        ("20260131", "2026-01-30T23:00:00"),
        ("20260131120000", "2026-01-31T11:00:00"),
        ("2026/01/31 12:00:00", "2026-01-31T11:00:00"),
        ("31-01-2026 12:00:00", "2026-01-31T11:00:00"),
        ("31.01.2026 12:00", "2026-01-31T11:00:00"),
        ("01/31/2026", "2026-01-30T23:00:00"),
        ("05/05/2026", "2026-05-04T22:00:00"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00"),
        ("2026-01-31T12:00:00+05:30", "2026-01-31T06:30:00"),
        ("2026-01-31 12:00:00.250", "2026-01-31T11:00:00.250000"),
        # both sides of the change of clocks, and the hour that comes twice: its first time
        ("2026-03-29 01:59:59", "2026-03-29T00:59:59"),
        ("2026-03-29 03:00:00", "2026-03-29T01:00:00"),
        ("2026-10-25 02:30:00", "2026-10-25T00:30:00"),
        ("2026-10-25 02:30:00+01:00", "2026-10-25T01:30:00"),
        ("2026-10-25 03:00:00", "2026-10-25T02:00:00"),
    ],
)
def test_a_time_is_an_instant(text, instant):
    (sample,), rejected = parse(f"{HEAD}a,1,{text}\n")
    assert rejected == []
    moment = datetime.fromtimestamp(sample.at, UTC).replace(tzinfo=None)
    assert moment == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    ("dates", "months"),
    [
        (["01/02/2026", "13/02/2026"], [2, 2]),
        (["01/02/2026", "02/13/2026"], [1, 2]),
        (["03/04/2026", "05/06/2026"], None),
        (["01/02/2026", "13/02/2026", "02/14/2026"], None),  # it shows both
    ],
)
def test_day_and_month_are_told_apart_by_the_whole_file_or_refused(dates, months):
    rows = "".join(f"a,1,{day} 12:00\n" for day in dates)
    samples, rejected = parse(HEAD + rows)
    if months is None:
        assert rejected[0].value == f"{dates[0]} 12:00"
    else:
        found = [datetime.fromtimestamp(sample.at, UTC).month for sample in samples]
        assert (found, rejected) == (months, [])


@pytest.mark.parametrize("zone", ["Australia/Lord_Howe", "America/Havana", "Pacific/Apia"])
@given(minutes=st.integers(0, 400 * 24 * 60))
def test_local_times_of_any_zone_are_those_of_the_clocks_there(zone, minutes):
    there = ZoneInfo(zone)
    instant = datetime.fromtimestamp(1_735_689_600 + minutes * 60, UTC)
    local = instant.astimezone(there)
    (sample,), _ = parse(f"{HEAD}a,1,{local.replace(tzinfo=None)}\n", zone=there)
    assert sample.at == local.replace(fold=0).timestamp()


# --- countries --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "roaming", "expected"),
    [
        ("", "", "NL"),
        ("NL", "", "NL"),
        ("de", "", "DE"),
        (" fr ", "yes", "FR"),
        ("", "yes", "ZZ"),
        ("", "Roaming", "ZZ"),
        ("", "0", "NL"),
        ("", "HOME", "NL"),
        ("NLD", "", None),
        ("ß", "", None),
        ("1", "", None),
        ("", "maybe", None),
    ],
)
def test_the_country_is_the_one_named_or_home_or_somewhere_abroad(country, roaming, expected):
    content = f"id,volume,time,c,r\na,1,{GOOD},{country},{roaming}\n"
    samples, rejected = parse(content, country_column="c", roaming_column="r")
    assert [sample.country for sample in samples] == ([expected] if expected else [])
    assert [bad.column for bad in rejected] == ([] if expected else ["c" if country else "r"])


# --- names of lines ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "raw", "key"),
    [
        ("msisdn", "+31612345678", "+31612345678"),
        ("msisdn", "0031612345678", "+31612345678"),
        ("msisdn", "06 1234 5678", "+31612345678"),
        ("msisdn", "(06) 12.34-56/78", "+31612345678"),
        ("msisdn", "612345678", "+31612345678"),
        ("msisdn", "061", None),
        ("msisdn", "31612345678.0", None),
        ("msisdn", "0800-FLOWERS", None),
        ("msisdn", "tel:+31612345678", None),
        ("msisdn", "anonymous", None),
        ("msisdn", "+0000000000", None),
        ("iccid", "8931 0410 1065 4378 9301", "89310410106543789301"),
        ("iccid", "893104101065437893", "893104101065437893"),
        ("iccid", "89310410106543789", None),
        ("iccid", "893104101065437893011", None),
        ("iccid", "8931041010654378930F", None),
        ("iccid", "٨٩٣١٠٤١٠١٠٦٥٤٣٧٨٩٣", None),
        ("imsi", "204081234567890", "204081234567890"),
        ("imsi", "20408123456789", "20408123456789"),
        ("imsi", "2040812345678", None),
        ("imsi", "204-08-1234567890", "204081234567890"),
        ("imsi", "204081234567890.0", None),
        ("reference", " 00186705257 ", "00186705257"),
        ("reference", "=A1", "=A1"),
    ],
)
def test_a_key_is_brought_to_the_form_that_lines_have_or_refused(kind, raw, key):
    if key is None:
        with pytest.raises(BadKey, match=r"This is not an? .*[;.]"):
            normal_key(raw, kind=kind, country="NL")
    else:
        assert normal_key(raw, kind=kind, country="NL") == key


@given(st.text(max_size=25))
def test_no_text_breaks_the_search_for_a_line(text):
    for kind in ("msisdn", "iccid", "imsi"):
        try:
            key = normal_key(text, kind=kind, country="NL")
        except BadKey:
            continue
        assert key.isascii()
