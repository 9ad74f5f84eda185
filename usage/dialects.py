"""What kind of text file a carrier wrote: encoding, delimiter, header, number and date forms.

Carriers write every dialect of CSV. What the file itself shows is detected once; what it does not
show stays unknown (None), is asked of the person who imports it, and otherwise refused row by
row. Pure: no Django, no clock.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO
from zoneinfo import ZoneInfo

DELIMITERS = ",;\t|"
BLOCK = 1_000_000
"""How much of a file's beginning is looked at, and read at a time, in bytes."""
MAX_LINE = 100_000
MAX_COLUMNS = 500
SAMPLE_ROWS = 1_000
SHOWN = 40
_BINARY = "The file holds binary data"
_OTHER_KINDS = (
    (b"PK\x03\x04", f"{_BINARY}: a zip archive. Unpack it first."),
    (
        b"\xd0\xcf\x11\xe0",
        f"{_BINARY}: an old spreadsheet (xls) or one with a password. Save it as .xlsx without "
        "one.",
    ),
    (b"%PDF", f"{_BINARY}: a PDF. Ask the carrier for the figures as CSV."),
    (b"\x1f\x8b", f"{_BINARY}: a compressed file (gzip). Unpack it first."),
    (b"<!doctype", "This is a web page; perhaps the carrier's sign-in page was saved."),
    (b"<html", "This is a web page; perhaps the carrier's sign-in page was saved."),
    (b"<?xml", "This is an XML file. Ask the carrier for CSV."),
)
GROUPING = "[ '\N{RIGHT SINGLE QUOTATION MARK}\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]"
_LIKE_A_NUMBER = re.compile(rf"^[+-]?(\d|[.,]|{GROUPING})+$", re.ASCII)


class BadFile(ValueError):
    """The file as a whole cannot be read; the message says what would be accepted."""


@dataclass(frozen=True)
class Layout:
    """Which column holds what, by its header. Times without an offset are in `zone`.

    `decimal_comma` and `day_first` are what a person said; None leaves them to detection.
    """

    line_column: str
    volume_column: str
    unit: str
    time_column: str
    zone: ZoneInfo
    country_column: str | None = None
    roaming_column: str | None = None
    decimal_comma: bool | None = None
    day_first: bool | None = None


@dataclass(frozen=True)
class Dialect:
    """What was detected in the file itself. `day_first` is None where nothing shows it."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    decimal_comma: bool | None
    day_first: bool | None


def shortened(value: str) -> str:
    """The value as a message shows it: printable, at most SHOWN characters."""
    shown = "".join(mark if mark.isprintable() else "\N{REPLACEMENT CHARACTER}" for mark in value)
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True)
class Head:
    """The beginning of a file: its header, and up to SAMPLE_ROWS lines as they are and split.

    `lines` carry their row numbers; the header is row 1. Of a spreadsheet, `sheet` is the one
    that was read and `sheets` are those to choose from.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    lines: tuple[tuple[int, str], ...]
    rows: tuple[tuple[str, ...], ...]
    sheet: str = ""
    sheets: tuple[str, ...] = ()

    def column(self, name: str) -> list[str]:
        """The values of a column, without the rows that are too short to have one."""
        index = self.header.index(name)
        return [row[index].strip() for row in self.rows if len(row) > index]

    def dialect(self, layout: Layout) -> Dialect:
        """With the columns known, the forms of their values. Raises BadFile."""
        _check_header(self.header, layout)
        comma, day_first = layout.decimal_comma, layout.day_first
        if comma is None:
            comma = shows_decimal_comma(self.column(layout.volume_column))
        if day_first is None:
            day_first = shows_day_first(self.column(layout.time_column))
        return Dialect(self.encoding, self.delimiter, self.header, comma, day_first)


def detect(stream: BinaryIO, layout: Layout) -> Dialect:
    """Read the beginning of the file and say what it is. Raises BadFile.

    Leaves the stream at its start.
    """
    beginning = stream.read(BLOCK)
    is_cut = len(beginning) == BLOCK and bool(stream.read(1))
    stream.seek(0)
    return read_head(beginning, is_cut=is_cut, wanted=_wanted(layout)).dialect(layout)


def read_head(
    beginning: bytes, *, is_cut: bool, wanted: Iterable[str] = (), delimiter: str | None = None
) -> Head:
    """What the first BLOCK bytes of a file show; `is_cut` when more follow. Raises BadFile.

    `wanted` are columns that the header should have; they decide between delimiters, where the
    `delimiter` is not known.
    """
    if not beginning.strip(b"\x00\xef\xbb\xbf\xff\xfe \r\n\t"):
        raise BadFile("The file is empty. It should have a header and a row per usage record.")
    for mark, sentence in _OTHER_KINDS:
        if beginning.lstrip()[:16].lower().startswith(mark.lower()):
            raise BadFile(sentence)
    encoding = _encoding(beginning)
    text = beginning.decode(encoding, errors="replace")
    lines = with_plain_ends(text).split("\n")
    if _is_binary(text, lines[0]):
        raise BadFile(f"{_BINARY}. A CSV file in UTF-8 is expected.")
    if is_cut:
        lines = lines[:-1]
    if not lines or len(lines[0]) > MAX_LINE:
        raise BadFile(f"The first line is longer than {MAX_LINE:,} characters; is this a CSV file?")
    numbered = [(number, line) for number, line in enumerate(lines[1:], start=2) if line.strip()]
    numbered = numbered[:SAMPLE_ROWS]
    if delimiter is None:
        delimiter, names = _header(lines[0], set(wanted), [line for _, line in numbered[:50]])
    else:
        names = tuple(name.strip() for name in _fields(lines[0], delimiter))
    if len(names) > MAX_COLUMNS:
        raise BadFile(f"The file has {len(names):,} columns; at most {MAX_COLUMNS} can be read.")
    return Head(
        encoding=encoding,
        delimiter=delimiter,
        header=names,
        lines=tuple(numbered),
        rows=tuple(tuple(_fields(line, delimiter)) for _, line in numbered),
    )


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    # Letters that are valid UTF-8 do not come about by chance: a stray byte among them spoils its
    # own row, while a file of Western Windows has hardly any.
    text = codecs.getincrementaldecoder("utf-8")(errors="replace").decode(head)
    strays = text.count("\N{REPLACEMENT CHARACTER}")
    letters = sum(map(len, re.findall(r"[^\x00-\x7f\ufffd]+", text)))
    return "utf-8" if strays <= letters else "cp1252"


def _is_binary(text: str, first_line: str) -> bool:
    """NULs in the first line or all over; a stray one further down spoils only its row."""
    nuls = text.count("\x00")
    return "\x00" in first_line or nuls * 100 > len(text)


def _wanted(layout: Layout) -> list[str]:
    names = [layout.line_column, layout.volume_column, layout.time_column]
    return names + [name for name in (layout.country_column, layout.roaming_column) if name]


def _header(line: str, wanted: set[str], rows: list[str]) -> tuple[str, tuple[str, ...]]:
    """The delimiter and the names: the delimiter that shows the columns asked for, else the one
    that most rows follow, else the most frequent."""
    found = []
    for delimiter in sorted(DELIMITERS, key=line.count, reverse=True):
        names = tuple(name.strip() for name in _fields(line, delimiter))
        if wanted and wanted <= set(names):
            return delimiter, names
        agreeing = sum(len(_fields(row, delimiter)) == len(names) for row in rows)
        found.append((len(names) > 1 and agreeing * 2 > len(rows), delimiter, names))
    return max(found, key=lambda one: one[0])[1:]


def _check_header(names: tuple[str, ...], layout: Layout) -> None:
    for name in _wanted(layout):
        count = names.count(name)
        if count == 0:
            found = ", ".join(shortened(known) for known in names[:20])
            raise BadFile(f"There is no column {shortened(name)!r}. The file has: {found}.")
        if count > 1:
            raise BadFile(f"The column {shortened(name)!r} stands {count} times in the header.")


def shows_decimal_comma(values: Iterable[str]) -> bool | None:
    """Whether a comma is the decimal mark; None where the values do not show it."""
    return _majority(mark == "," for value in values if (mark := _mark_shown(value)))


def _majority(votes: Iterable[bool]) -> bool | None:
    """What most values show, so that a stray one costs only its own row; None where none does."""
    balance = sum(1 if vote else -1 for vote in votes)
    return balance > 0 if balance else None


def _mark_shown(value: str) -> str | None:
    """The decimal mark that one value proves: "1.234,5" does, "1,234" could be either."""
    marks = [mark for mark in value if mark in ",."]
    if not marks or not _LIKE_A_NUMBER.match(value):
        return None
    last = marks[-1]
    if len(set(marks)) > 1:
        return last
    if len(marks) > 1:
        return "," if last == "." else "."  # a mark that repeats divides thousands
    whole, _, rest = value.rpartition(last)
    is_group = len(rest) == 3 and 1 <= len(whole.lstrip("-")) <= 3 and whole.lstrip("-") != "0"
    return None if is_group else last


SLASHED = re.compile(
    r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?)?$"
)


def shows_day_first(values: Iterable[str]) -> bool | None:
    """Whether dates as 31/12/2024 are day first; None where nothing shows it."""
    matches = (match for value in values if (match := SLASHED.match(value)))
    pairs = ((int(match[1]) > 12, int(match[2]) > 12) for match in matches)
    return _majority(first for first, second in pairs if first != second)


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)


def with_plain_ends(text: str) -> str:
    """Line feeds only: of Windows, of old Macs, and of exports that double the return."""
    if "\r" not in text:
        return text
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
