"""Carriers' spreadsheets (xlsx), read as if they were text files.

A sheet becomes tab-separated text, a row a line, so that everything behind it - columns, checks,
row numbers, identity of records - is that of text files. What a cell holds comes as its type says:
dates as ISO, numbers with a point and in full. A number of which the spreadsheet kept only 15
digits comes as an approximation, which readers of rows refuse.

A workbook is a zip archive that somebody else made: its parts are counted and measured before one
is opened, and no element of them may be endless. Pure: no Django, no clock.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from openpyxl.reader.excel import ExcelReader

from usage.dialects import (
    BLOCK,
    MAX_COLUMNS,
    SAMPLE_ROWS,
    BadFile,
    Dialect,
    Head,
    Layout,
    detect,
    read_head,
    shortened,
)

ZIPPED = b"PK\x03\x04"
DELIMITER = "\t"
MAX_PARTS = 2_000
MAX_SHEET = 2_000_000_000
"""Bytes of a sheet's text once unpacked; a million rows of ten columns have half of that."""
MAX_PART = 50_000_000
"""Bytes of any other part: these are held in memory."""
MAX_RATIO = 200
"""Times a part may be larger than packed. Figures reach 40, an archive made to burst 1,000."""
MAX_ELEMENT = 1_000_000
EXACT_DIGITS = 10**15
"""Whole numbers from here on are no longer kept exactly by a spreadsheet."""
STEP = 10_000
BURSTS = "The spreadsheet is packed so that it would burst; it is not opened."
BROKEN = "The spreadsheet cannot be read; it is damaged. Save it anew, or export the sheet as CSV."
_OTHER_KINDS = {".xls", ".xlsb", ".xltx", ".ods", ".zip", ".pdf"}
_BINARY = (ZIPPED, b"\xd0\xcf\x11\xe0", b"%PDF")
_MACROS = re.compile(r"vbaproject\.bin$|/macrosheets/", re.IGNORECASE)


def is_zipped(beginning: bytes) -> bool:
    """Whether a file begins as a workbook, or any other zip archive, does."""
    return beginning.startswith(ZIPPED)


def check_name(name: str, beginning: bytes) -> None:
    """Refuse a file whose name says another kind than its content. Raises BadFile."""
    ending = "." + name.rpartition(".")[2].lower() if "." in name else ""
    if ending == ".xlsm":
        raise BadFile("A spreadsheet with macros (xlsm) is not opened. Save it as .xlsx.")
    if is_zipped(beginning) and ending != ".xlsx":
        raise BadFile(
            "The file holds a spreadsheet or a zip archive, and its name does not end in .xlsx. "
            "Unpack it, or give it the name of what it is."
        )
    if ending in {".xlsx", *_OTHER_KINDS} and not beginning.startswith(_BINARY):
        raise BadFile(
            f"The name ends in {ending}, but the file holds none. Name it .csv if it is text."
        )


class Workbook:
    """An opened workbook. `sheets` are the names of those that can be seen and hold cells."""

    def __init__(self, stream: BinaryIO) -> None:
        """Raises BadFile."""
        with _reading(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that we do not need
            archive = _Archive(stream)
            _check_parts(archive)
            reader = ExcelReader(stream, read_only=True, data_only=True, keep_links=False)
            reader.archive = archive
            reader.read()
            self._sheets = {
                sheet.title: sheet
                for sheet in reader.wb.worksheets
                if sheet.sheet_state == "visible"
            }
        if not self._sheets:
            raise BadFile("The spreadsheet has no sheet that can be seen.")
        self.sheets = tuple(self._sheets)

    def rows(self, sheet: str) -> Iterator[list[str]]:
        """The rows of a sheet as texts, those that are empty included; the first names columns.

        "" is the first sheet. Rows are as wide as the first one, or one wider. Raises BadFile.
        """
        if sheet and sheet not in self._sheets:
            found = ", ".join(shortened(name) for name in self.sheets[:20])
            raise BadFile(f"There is no sheet {shortened(sheet)!r}. The file has: {found}.")
        found_sheet = self._sheets[sheet or self.sheets[0]]
        found_sheet.reset_dimensions()  # files state them wrongly
        width = MAX_COLUMNS + 1
        with _reading(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a date that is none comes as #VALUE!
            cells = found_sheet.iter_rows(max_col=width, values_only=True)
            header = _trimmed([text_of(value) for value in next(cells, ())])
            if not header:
                raise BadFile("The first row of the sheet is empty; it should name the columns.")
            yield header
            width = len(header)
            for row in found_sheet.iter_rows(min_row=2, max_col=width + 1, values_only=True):
                texts = [text_of(value) for value in row]
                if len(texts) > width and not texts[width]:
                    del texts[width:]
                yield texts if any(texts) else []


def sheet_head(stream: BinaryIO, *, sheet: str = "") -> Head:
    """The beginning of a sheet, as read_head gives it of a text file. Raises BadFile."""
    book = Workbook(stream)
    text = io.StringIO()
    for count, row in enumerate(book.rows(sheet)):
        _writer(text).writerow(row)
        if count >= SAMPLE_ROWS:
            break
    head = read_head(text.getvalue().encode(), is_cut=False, delimiter=DELIMITER)
    return replace(head, sheet=sheet or book.sheets[0], sheets=book.sheets)


@contextmanager
def as_text(
    stream: BinaryIO, *, sheet: str = "", on_rows: Callable[[int], None] = lambda rows: None
) -> Iterator[tuple[BinaryIO, str | None]]:
    """The file as text: itself, or its sheet in a nameless temporary file; and its delimiter.

    The delimiter is None where the text has to be asked. `on_rows` is told every few thousand rows
    how many have been read. Raises BadFile.
    """
    beginning = stream.read(len(ZIPPED))
    stream.seek(0)
    if not is_zipped(beginning):
        if sheet:
            raise BadFile("Only a spreadsheet (xlsx) has sheets; this file is text.")
        yield stream, None
        return
    with tempfile.TemporaryFile() as kept:
        text = io.TextIOWrapper(kept, encoding="utf-8", newline="")
        writer, count = _writer(text), 0
        for row in Workbook(stream).rows(sheet):
            writer.writerow(row)
            count += 1
            if count % STEP == 0:
                on_rows(count)
        text.flush()
        kept.seek(0)
        on_rows(count)
        yield kept, DELIMITER
        text.detach()


def dialect_of(stream: BinaryIO, layout: Layout, delimiter: str | None) -> Dialect:
    """What the text that as_text() gave is. Raises BadFile. Leaves the stream at its start."""
    if delimiter is None:
        return detect(stream, layout)
    beginning = stream.read(BLOCK)
    is_cut = len(beginning) == BLOCK and bool(stream.read(1))
    stream.seek(0)
    return read_head(beginning, is_cut=is_cut, delimiter=delimiter).dialect(layout)


def text_of(value: Any) -> str:
    """A cell's value as a carrier's text file would write it, without doubt about its meaning."""
    if value is None:
        return ""
    if isinstance(value, str):
        return re.sub(r"[\s\x00]+", " ", value).strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _rounded(value).isoformat(sep=" ")
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return _number(value)


def _rounded(moment: datetime) -> datetime:
    """To the second: a spreadsheet keeps 12:00:00 as 11:59:59.999997."""
    return (moment + timedelta(microseconds=500_000)).replace(microsecond=0)


def _number(value: int | float) -> str:
    if value != value or value in {float("inf"), float("-inf")}:
        return str(value)
    if abs(value) >= EXACT_DIGITS:
        return f"{Decimal(value):.5E}"  # read as what it is: an approximation
    if value == int(value):
        return str(int(value))
    text = format(Decimal(repr(value)), "f")
    # 1.234 could be taken for 1,234 written with a point; four decimals cannot
    return text + "0" if len(text.rpartition(".")[2]) == 3 else text


def _trimmed(texts: list[str]) -> list[str]:
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _writer(text: io.TextIOBase) -> Any:
    return csv.writer(text, delimiter=DELIMITER, lineterminator="\n")


# --- a zip archive of unknown origin ------------------------------------------------------------


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
        raise BadFile("This is a zip archive, not a spreadsheet (xlsx). Unpack it first.")
    if any(_MACROS.search(name) for name in names):
        raise BadFile("A spreadsheet with macros is not opened. Save it as .xlsx without them.")
    if len(parts) > MAX_PARTS or len(names) != len(parts):
        raise BadFile(BURSTS)
    for part in parts:
        most = MAX_SHEET if part.filename.startswith("xl/worksheets/") else MAX_PART
        ratio = part.file_size / max(part.compress_size, 1)
        if part.file_size > most or (part.file_size > MAX_ELEMENT and ratio > MAX_RATIO):
            raise BadFile(BURSTS)


class _Archive(zipfile.ZipFile):
    """One whose parts are watched while they are read."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return _Watched(super().open(*args, **kwargs))


class _Watched:
    """A part being read: no element of it longer than MAX_ELEMENT, no entities of its own."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._since_mark = 0

    def read(self, size: int = -1) -> bytes:
        read: bytes = self._stream.read(size)
        if b"<!DOCTYPE" in read or b"<!ENTITY" in read:
            raise BadFile(BROKEN)
        last = read.rfind(b"<")
        longest = max(map(len, read.split(b"<"))) if size < 0 or size > MAX_ELEMENT else 0
        self._since_mark = self._since_mark + len(read) if last < 0 else len(read) - last
        if max(self._since_mark, longest) > MAX_ELEMENT:
            raise BadFile(BURSTS)
        return read

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> _Watched:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


@contextmanager
def _reading() -> Iterator[None]:
    """Whatever the library trips over is a fault of the file, and told in one sentence."""
    try:
        yield
    except (BadFile, GeneratorExit):
        raise
    except Exception as error:
        if isinstance(error.__cause__, BadFile):  # ours, wrapped by the library
            raise error.__cause__ from None
        raise BadFile(BROKEN) from error
