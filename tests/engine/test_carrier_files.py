"""Carriers' files: every dialect is read, and what cannot be known is refused row by row."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.files import GOOD, HEAD, layout, parse, told
from usage import carrier_files
from usage.carrier_files import BadFile, RowReader, chunks, detect, shortened

# --- encodings, line ends, delimiters ---------------------------------------------------------

ROWS = [("Zoë-1", 1_500_000), ("ÿ2", 2_000_000), ("ok3", 0)]
TEXT = f"id,volume,time,note\nZoë-1,1.5,{GOOD},é\nÿ2,2,{GOOD},\nok3,0,{GOOD},\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom", "utf-16-be-bom", "cp1252"]
)
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r", "\r\r\n"], ids=ascii)
@pytest.mark.parametrize("block", [1_000_000, 1, 2, 3, 7])
def test_every_encoding_and_line_end_is_read(encoding, ends, block, monkeypatch):
    text = TEXT.replace("\n", ends)
    if encoding.endswith("-bom"):
        encoding = encoding.removesuffix("-bom")
        text = "\N{ZERO WIDTH NO-BREAK SPACE}" + text
    content = text.encode(encoding)
    stream = io.BytesIO(content)
    dialect = detect(stream, layout())
    monkeypatch.setattr(carrier_files, "BLOCK", block)
    reader = RowReader(layout(), dialect, home="NL")
    found = [sample for chunk in chunks(stream, dialect, 2) for sample in reader.read(chunk)[0]]
    assert [(sample.line, sample.volume) for sample in found] == ROWS
    assert [sample.row for sample in found] == [2, 3, 4]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"], ids=ascii)
def test_files_of_several_blocks_lose_no_row(encoding, ends):
    count = 60_000
    rows = "".join(f"é{number:06d},1,{GOOD}{ends}" for number in range(count))
    content = (f"id,volume,time{ends}" + rows).encode(encoding)
    assert len(content) > 1_500_000
    samples, rejected = parse(content, size=10_000)
    assert rejected == []
    assert [sample.line for sample in samples] == [f"é{number:06d}" for number in range(count)]
    assert samples[-1].row == count + 1


def test_line_ends_may_be_mixed_and_lines_blank():
    content = f"id,volume,time\r\na,1,{GOOD}\n\r\n\nb,2,{GOOD}\rc,3,{GOOD}\r\n   \nd,4,{GOOD}"
    samples, rejected = parse(content)
    assert rejected == []
    assert [(sample.line, sample.row) for sample in samples] == [
        ("a", 2),
        ("b", 5),
        ("c", 6),
        ("d", 8),
    ]


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"], ids=ascii)
def test_other_separators_of_lines_are_letters_like_any(mark):
    samples, rejected = parse(f"id,volume,time,note\na,1,{GOOD},x{mark}y\nb,2,{GOOD},\n")
    assert (len(samples), rejected) == (2, [])
    assert samples[1].row == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"], ids=ascii)
def test_every_delimiter_is_found(delimiter):
    head = delimiter.join(["id", "volume", "time"])
    row = delimiter.join(["a", "1.5", GOOD])
    assert told(f"{head}\n{row}\n") == [("a", 1_500_000)]


def test_the_delimiter_is_the_one_that_shows_the_columns_asked_for():
    content = f'id;volume;time;"a, b, c, d, e"\na;1,5;{GOOD};x\n'
    assert told(content) == [("a", 1_500_000)]


def test_invalid_bytes_spoil_their_own_row():
    content = f"id,volume,time\nZoë,1,{GOOD}\nb\xff,2,{GOOD}\nc,3,{GOOD}\n".encode()
    content = content.replace("\xff".encode(), b"\xff")
    samples, rejected = parse(content)
    assert [sample.line for sample in samples] == ["Zoë", "c"]
    assert [(bad.row, bad.column) for bad in rejected] == [(3, "id")]


def test_a_stray_nul_spoils_its_own_row():
    rows = "".join(f"line{number},1,{GOOD}\n" for number in range(20))
    samples, rejected = parse(f"{HEAD}a\x00b,1,{GOOD}\nc,1\x00,{GOOD}\nd,1,2026\x00\n{rows}")
    assert [(bad.row, bad.column) for bad in rejected] == [(2, "id"), (3, "volume"), (4, "time")]
    assert len(samples) == 20


# --- files that are none ----------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
ZIP = b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + b"\x9c\xed\x00\x00" * 50


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\r\n  \n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\xff\xfe", "is empty"),
        (PNG, "binary data"),
        (ZIP, "binary data"),
        (HEAD.encode("utf-16-le"), "binary data"),
        (b"\x00" * 5000 + b"x", "binary data"),
        (b"a,b\n1,2\n", "no column 'id'. The file has: a, b."),
        (b"1234,5,2026-01-31 12:00:00\n", "no column 'id'"),
        (b"nummer;volume;tijd\n", "no column 'id'. The file has: nummer, volume, tijd."),
        (b"ID,Volume,Time\n", "no column 'id'"),
        (b"id,volume,volume,time\n", "'volume' stands 2 times"),
        (b"id,time\n", "no column 'volume'"),
        (b"x" * 2_000_000, "first line is longer"),
        (b"a," * 100_000, "first line is longer"),
        (b"," * 90_000 + b"\n", "no column|90,001 columns"),
        (b"id,volume,time" + b"," * 600 + b"\n", "603 columns; at most 500"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(content, words):
    with pytest.raises(BadFile, match=words) as refused:
        parse(content)
    assert len(str(refused.value)) < 1000


def test_a_header_alone_is_a_file_without_rows():
    assert parse(HEAD) == ([], [])
    assert parse(HEAD.strip()) == ([], [])


# --- rows -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("bad,1", "", "The row has 2 values, the header 3"),
        (f"bad,1,{GOOD},more", "", "The row has 4 values, the header 3"),
        ("bad", "", "The row has 1 values, the header 3"),
        (f'"bad,1,{GOOD}', "", "quoted value is not closed"),
        (f'bad,"1,{GOOD}', "", "quoted value is not closed"),
        (f'"bad"x,1,{GOOD}', "", "quoted value is not closed"),
        (f"{'x' * 100_001},1,{GOOD}", "", "longer than 100,000 characters"),
        (f"{'x' * 65},1,{GOOD}", "id", "cannot be the name of a line"),
        (f",1,{GOOD}", "id", "names no line"),
        (f"  ,1,{GOOD}", "id", "names no line"),
        (f"3.16E+10,1,{GOOD}", "id", "approximation; export it as text"),
        (f'"3,16E+10",1,{GOOD}', "id", "approximation; export it as text"),
        (f"3E+10,1,{GOOD}", "id", "approximation; export it as text"),
        (f"3.3665e10,1,{GOOD}", "id", "approximation; export it as text"),
        (f"=A1&A2,1,{GOOD}", "id", "formula of a spreadsheet"),
        (f"bad,=SUM(B2:B9),{GOOD}", "volume", "not a volume"),
        (f"bad,,{GOOD}", "volume", "no volume"),
        (f"bad,-1,{GOOD}", "volume", "negative"),
        (f"bad,-0.000001,{GOOD}", "volume", "negative"),
        (f"bad,NaN,{GOOD}", "volume", "not a volume; 12.5"),
        (f"bad,sNaN,{GOOD}", "volume", "not a volume"),
        (f"bad,Infinity,{GOOD}", "volume", "not a volume"),
        (f"bad,-inf,{GOOD}", "volume", "not a volume"),
        (f"bad,1e309,{GOOD}", "volume", "more than a line can use"),
        (f"bad,1e9999,{GOOD}", "volume", "more than a line can use"),
        (f"bad,18446744073709551616,{GOOD}", "volume", "more than a line can use"),
        (f"bad,1000000000.000001,{GOOD}", "volume", "more than a line can use"),
        (f"bad,{'9' * 90_000},{GOOD}", "volume", "more than a line can use"),
        (f"bad,0.{'0' * 90_000}1,{GOOD}", "volume", "more than a line can use"),
        (f"bad,12 MB,{GOOD}", "volume", "a unit of its own; the file is in MB"),
        (f"bad,12MB,{GOOD}", "volume", "a unit of its own"),
        (f"bad,1.5 Gio,{GOOD}", "volume", "a unit of its own"),
        (f"bad,1_000,{GOOD}", "volume", "not a volume"),
        (f"bad,1.2.3,{GOOD}", "volume", "not a volume"),
        (f"bad,0x10,{GOOD}", "volume", "not a volume"),
        (f"bad,none,{GOOD}", "volume", "not a volume"),
        ("Total,3,", "time", "no time"),
        ("bad,1,soon", "time", "not a time; 2024-12-31 23:59:59"),
        ("bad,1,2026-02-30 12:00:00", "time", "not a time|no such date"),
        ("bad,1,20260230120000", "time", "no such date"),
        ("bad,1,31/02/2026", "time", "no such date"),
        ("bad,1,01/02/2026 12:00", "time", "which is day and which is month"),
        ("bad,1,1767225600", "time", "a time since 1970"),
        ("bad,1,1767225600000", "time", "a time since 1970"),
        ("bad,1,1712121312151", "time", "a time since 1970"),
        ("bad,1,2026-03-29 02:30:00", "time", "skipped this time when summer time began"),
        ("bad,1,0001-01-01 00:00:00", "time", "year is not between 1970 and 2100"),
        ("bad,1,9999-12-31 23:59:59", "time", "year is not between 1970 and 2100"),
        ("bad,1,0001-01-01T00:00:00+14:00", "time", "year is not between 1970 and 2100"),
        ("bad,1,2026-01-31 25:00:00", "time", "not a time"),
        ("bad,1,45688.5", "time", "not a time"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_row_that_cannot_be_taken_is_named_and_its_neighbours_count(row, column, words):
    content = f"{HEAD}before,1,{GOOD}\n{row}\nafter,2,{GOOD}\n"
    samples, (bad,) = parse(content)
    assert [(sample.line, sample.row) for sample in samples] == [("before", 2), ("after", 4)]
    assert (bad.row, bad.column) == (3, column)
    assert any(part in bad.sentence for part in words.split("|")), bad.sentence
    assert len(bad.value) <= 40
    assert len(bad.sentence) < 120


def test_a_value_is_shown_short_and_printable():
    assert shortened("a\x00b\x1b") == "a\ufffdb\ufffd"
    assert len(shortened("x" * 10**6)) == 40


def test_memory_stays_flat_whatever_a_cell_holds():
    import tracemalloc

    content = f"{HEAD}a,1,{GOOD}\n{'x' * 10_000_000},1,{GOOD}\nb,2,{GOOD}\n".encode()
    stream = io.BytesIO(content)
    tracemalloc.start()
    try:
        dialect = detect(stream, layout())
        reader = RowReader(layout(), dialect, home="NL")
        read = [reader.read(chunk) for chunk in chunks(stream, dialect, 10_000)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    samples, rejected = read[0]
    assert [(sample.line, sample.row) for sample in samples] == [("a", 2), ("b", 4)]
    assert [(bad.row, bad.value) for bad in rejected] == [(3, "x" * 39 + "…")]
    assert peak < 8_000_000


# --- identity ---------------------------------------------------------------------------------

cells = st.text(st.characters(exclude_characters="\r\n\x00", exclude_categories=["Cs"]), max_size=8)
rows = st.tuples(
    st.from_regex(r"[a-z0-9]{1,6}", fullmatch=True),
    st.integers(0, 10**6),
    st.datetimes(datetime(2025, 1, 1), datetime(2026, 1, 1)),
    cells,
)


def written(some: list[tuple[Any, ...]], delimiter: str = ",") -> str:
    import csv

    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(["id", "volume", "time", "note"])
    writer.writerows(some)
    return out.getvalue()


@given(some=st.lists(rows, max_size=12), sizes=st.tuples(st.integers(1, 13), st.integers(1, 13)))
@settings(max_examples=200)
def test_chunks_of_any_size_give_the_same_samples(some, sizes):
    content = written(some)
    one, other = (parse(content, size=size) for size in sizes)
    assert one == other
    assert len(one[0]) + len(one[1]) == len(some)


@given(row=rows, other=rows)
def test_equal_rows_have_equal_keys_and_different_rows_different_ones(row, other):
    samples, _ = parse(written([row, other, row]), size=1)
    if len(samples) == 3:
        assert samples[0].key == samples[2].key
        assert (samples[0].key == samples[1].key) == (row == other)


@given(st.binary(max_size=400))
@settings(max_examples=300)
def test_no_bytes_at_all_are_an_error_of_ours(junk):
    for content in (junk, HEAD.encode() + junk, b"\xff\xfe" + HEAD.encode("utf-16-le") + junk):
        try:
            samples, rejected = parse(content)
        except BadFile:
            continue
        assert all(bad.row > 1 and bad.sentence for bad in rejected)
        assert all(0 <= sample.volume <= 10**15 for sample in samples)
