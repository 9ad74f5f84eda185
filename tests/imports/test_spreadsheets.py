"""Carriers' spreadsheets: read as text files are, and refused in a sentence where they are none."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import date, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from tests.imports.conftest import work
from usage.carrier_files import RowReader
from usage.column_guesses import guess
from usage.dialects import BadFile, Layout
from usage.models import UsageCounter, UsageFile, UsageRecord
from usage.spreadsheets import MAX_ELEMENT, Workbook, as_text, check_name, sheet_head, text_of

HEADER = ["Telefoonnummer", "Starttijd", "Verbruik (MB)", "Land"]


def workbook(*sheets: tuple[str, list[list[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def lines_of(content: bytes, sheet: str = "") -> list[str]:
    with as_text(io.BytesIO(content), sheet=sheet) as (text, _delimiter):
        return text.read().decode().splitlines()


def with_parts(content: bytes, **parts: bytes) -> bytes:
    """The archive with parts replaced or added; `_` in a name stands for a slash."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        added = {name.replace("_", "/"): part for name, part in parts.items()}
        for name in old.namelist():
            new.writestr(name, added.pop(name, None) or old.read(name))
        for name, part in added.items():
            new.writestr(name, part)
    return stream.getvalue()


# --- the values of cells -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (" +31 6 ", "+31 6"), ("a\nb\tc", "a b c"), (True, "true"), (12, "12"),
        (12.0, "12"), (0.1, "0.1"), (1.25, "1.25"), (1.234, "1.2340"), (1e-7, "0.0000001"),
        (31612345678, "31612345678"), (8931440000000000001, "8.93144E+18"), (-3, "-3"),
        (float("inf"), "inf"), (datetime(2026, 3, 5, 10, 0, 0), "2026-03-05 10:00:00"),
        (datetime(2026, 3, 5, 9, 59, 59, 999997), "2026-03-05 10:00:00"),
        (date(2026, 3, 5), "2026-03-05"), (timedelta(hours=1), "1:00:00"),
    ],
)  # fmt: skip
def test_a_cell_is_written_without_doubt_about_its_meaning(value, text):
    assert text_of(value) == text


def test_a_sheet_is_read_like_a_text_file_with_its_own_row_numbers():
    content = workbook(
        ("Usage", [HEADER, ["0612345678", datetime(2026, 3, 5, 10), 12.5, "NL"], [], ["x"]])
    )
    assert lines_of(content) == [
        "Telefoonnummer\tStarttijd\tVerbruik (MB)\tLand",
        "0612345678\t2026-03-05 10:00:00\t12.5\tNL",
        "",
        "x\t\t\t\t"[:4],
    ]
    head = sheet_head(io.BytesIO(content))
    assert (head.sheet, head.sheets) == ("Usage", ("Usage",))
    assert [number for number, _line in head.lines] == [2, 4]
    assert guess(head).columns["volume"] == "Verbruik (MB)"


def test_a_sim_number_kept_as_a_number_is_refused_as_an_approximation():
    content = workbook(("s", [["ICCID", "MB", "Time"], [8931440000000000001, 1, "2026-03-05"]]))
    layout = Layout("ICCID", "MB", "MB", "Time", timezone.zoneinfo.ZoneInfo("UTC"))
    head = sheet_head(io.BytesIO(content))
    samples, rejected = RowReader(layout, head.dialect(layout), home="NL").read(list(head.lines))
    assert not samples
    assert "approximation" in rejected[0].sentence


def test_a_point_with_three_decimals_is_never_read_as_thousands():
    rows = [["id", "MB", "Time"], ["a", 1.234, "2026-03-05"], ["b", "1,5", "2026-03-05"]]
    layout = Layout("id", "MB", "MB", "Time", timezone.zoneinfo.ZoneInfo("UTC"))
    head = sheet_head(io.BytesIO(workbook(("s", [*rows, ["c", "2,5", "2026-03-05"]]))))
    samples, rejected = RowReader(layout, head.dialect(layout), home="NL").read(list(head.lines))
    assert {sample.line: sample.volume for sample in samples} == {"b": 1_500_000, "c": 2_500_000}
    assert [row.value for row in rejected] == ["1.2340"]


def test_a_row_that_is_wider_than_the_header_is_told_and_not_cut():
    head = sheet_head(io.BytesIO(workbook(("s", [["a", "b"], [1, 2, 3]]))))
    assert head.rows == (("1", "2", "3"),)


# --- what is refused -----------------------------------------------------------------------------

GOOD = workbook(("Usage", [HEADER, ["0612345678", datetime(2026, 3, 5, 10), 12.5, "NL"]]))
SHEET = "xl/worksheets/sheet1.xml"


def plain_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("usage.csv", "a;b;c\n1;2;3\n")
    return stream.getvalue()


def sheet_xml(inside: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{inside}</sheetData></worksheet>'.encode()


def inline(text: str) -> str:
    return f'<row r="1"><c r="A1" t="inlineStr"><is><t>{text}</t></is></c></row>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (plain_zip(), "not a spreadsheet"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (b"PK\x03\x04" + b"\x00" * 500, "damaged"),
        (with_parts(GOOD, xl_vbaProject_bin=b"x").replace(b"vbaProject/bin", b"vbaProject.bin"),
         "macros"),
        (with_parts(GOOD, **{"xl_worksheets_sheet1.xml": b"<worksheet"}), "damaged"),
        (with_parts(GOOD, **{"xl_sharedStrings.xml": b"<sst>" + b"<si/>" * 10**7}), "burst"),
        (with_parts(GOOD, **{"xl_worksheets_sheet1.xml":
                             b'<!DOCTYPE x [<!ENTITY a "b">]>' + sheet_xml(inline("&a;"))}),
         "damaged"),
        (workbook(("Usage", [[], HEADER])), "first row of the sheet is empty"),
    ],
)  # fmt: skip
def test_a_spreadsheet_that_is_none_is_refused_in_a_sentence(content, words):
    with pytest.raises(BadFile, match=words):
        sheet_head(io.BytesIO(content))


def test_a_cell_without_end_is_refused_while_it_is_read():
    letters = "".join(random.Random(1).choices("abcdefghijklmnop", k=2 * MAX_ELEMENT))
    content = with_parts(GOOD, **{"xl_worksheets_sheet1.xml": sheet_xml(inline(letters))})
    with pytest.raises(BadFile, match="burst"):
        sheet_head(io.BytesIO(content))


def test_a_stated_size_of_millions_of_columns_costs_nothing():
    wide = sheet_xml(inline("id") + '<row r="2"><c r="XFD2"><v>1</v></c></row>')
    wide = wide.replace(b"<sheetData>", b'<dimension ref="A1:XFD1048576"/><sheetData>')
    content = with_parts(GOOD, **{"xl_worksheets_sheet1.xml": wide})
    assert lines_of(content) == ["id", ""]


def test_only_sheets_that_can_be_seen_are_offered():
    book = openpyxl.load_workbook(io.BytesIO(workbook(("Notes", [["x"]]), ("Usage", [HEADER]))))
    book["Notes"].sheet_state = "hidden"
    stream = io.BytesIO()
    book.save(stream)
    assert Workbook(io.BytesIO(stream.getvalue())).sheets == ("Usage",)
    with pytest.raises(BadFile, match=r"There is no sheet 'Notes'\. The file has: Usage"):
        lines_of(stream.getvalue(), sheet="Notes")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("usage.csv", GOOD, "does not end in .xlsx"),
        ("usage.xlsm", GOOD, "macros"),
        ("usage.xlsx", b"a;b;c\n", "ends in .xlsx, but"),
        ("usage.xls", b"a;b;c\n", "ends in .xls, but"),
        ("usage.ods", GOOD, "does not end in .xlsx"),
    ],
)
def test_a_name_of_another_kind_than_the_content_is_refused(name, content, words):
    with pytest.raises(BadFile, match=words):
        check_name(name, content)


@pytest.mark.parametrize(
    ("name", "content"), [("a.xlsx", GOOD), ("A.XLSX", GOOD), ("a.csv", b"a;b"), ("cdr", b"a;b")]
)
def test_a_name_that_fits_is_not_refused(name, content):
    check_name(name, content)


# --- on the page ---------------------------------------------------------------------------------

pages = pytest.mark.django_db


def usage_rows(numbers: list[str]) -> list[list[Any]]:
    start = timezone.now().replace(tzinfo=None, microsecond=0) - timedelta(days=2)
    return [
        [number, start - timedelta(days=day), 100 + index + 0.5, "BE" if day == 9 else "NL"]
        for day in range(20)
        for index, number in enumerate(numbers)
    ]


@pages
def test_a_spreadsheet_is_imported_and_known_again(dana_at_imports, numbers, contoso):
    rows = usage_rows(numbers)
    content = workbook(("Usage", [HEADER, *rows]))
    page = dana_at_imports.uploaded(content, "usage.xlsx")
    shown = dana_at_imports.client.get(f"{page}columns/").content.decode()
    assert "of the sheet “Usage”" in shown
    assert 'aria-label="Sheets"' not in shown
    assert dana_at_imports.choose(page).status_code == 302
    work()
    assert dana_at_imports.start(page).status_code == 302
    work()
    assert dana_at_imports.counts(page)["accepted"] == len(rows)
    with tenant_scope(contoso.pk):
        total = sum(UsageCounter.objects.values_list("volume", flat=True))
        assert total == sum(int(row[2] * 10**6) for row in rows)
        assert UsageRecord.objects.filter(country="BE").count() == len(numbers)
        assert UsageFile.objects.count() == 1
    again = dana_at_imports.uploaded(workbook(("Usage", [HEADER, *rows])), "saved-anew.xlsx")
    dana_at_imports.choose(again)
    work()
    assert "imported_before" in dana_at_imports.warnings(again)
    assert dana_at_imports.counts(again)["duplicate"] == len(rows)


@pages
def test_of_several_sheets_one_is_chosen(dana_at_imports, numbers):
    cover = [["Invoice", "of", "March"], ["Total", "1", "EUR"]]
    content = workbook(("Cover", cover), ("Data & more", [HEADER, *usage_rows(numbers)]))
    page = dana_at_imports.uploaded(content, "usage.xlsx")
    shown = dana_at_imports.client.get(f"{page}columns/").content.decode()
    assert "?sheet=Data+%26+more" in shown
    response = dana_at_imports.client.get(f"{page}columns/", {"sheet": "Data & more"})
    form = response.context["form"]
    said = {name: form[name].value() or "" for name in form.fields}
    said = {name: text for name, text in said.items() if text}
    address = f"{page}columns/?sheet=Data+%26+more"
    assert dana_at_imports.client.post(address, said).status_code == 302
    work()
    assert dana_at_imports.counts(page)["accepted"] == 20 * len(numbers)
    assert "Data &amp; more" in dana_at_imports.client.get(page).content.decode()
    shown = dana_at_imports.client.get(f"{page}columns/").context["head"]
    assert shown.sheet == "Data & more"  # what was said is offered again
    missing = dana_at_imports.client.get(f"{page}columns/", {"sheet": "Nope"})
    assert missing.status_code == 404


@pages
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("usage.csv", GOOD, "does not end in .xlsx"),
        ("usage.xlsx", plain_zip(), "zip archive"),
        ("usage.xlsx", b"a;b;c\n1;2;3\n", "holds none"),
        ("usage.xlsx", workbook(("Usage", [HEADER])), "no rows"),
    ],
)
def test_a_wrong_spreadsheet_is_refused_at_the_upload(dana_at_imports, name, content, words):
    response = dana_at_imports.upload(content, name)
    assert response.status_code == 422
    assert words in response.content.decode()
