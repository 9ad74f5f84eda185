"""Reading carriers' usage files: from bytes to samples, or to a sentence per refused row.

What a file is as a whole is known before (usage.dialects). What it does not show is refused rather
than guessed, row by row, so that one bad row never costs its neighbours. One physical line is one
row: a quote that is not closed spoils its own line only. Pure: no Django, no clock.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from common.units import BYTES_PER_UNIT
from usage.dialects import (
    BLOCK,
    GROUPING,
    MAX_LINE,
    SLASHED,
    BadFile,
    Dialect,
    Layout,
    detect,
    shortened,
    with_plain_ends,
)

__all__ = [
    "BadFile",
    "BadRow",
    "Dialect",
    "Layout",
    "LocalDays",
    "Rejected",
    "RowReader",
    "Sample",
    "chunks",
    "detect",
    "shortened",
]

MAX_ROW = 10**15
"""Largest volume of one row, a petabyte: no line carries more, and sums stay within a bigint."""
YEARS = range(1970, 2101)
UNKNOWN_ABROAD = "ZZ"
TRUE = {"1", "true", "yes", "y", "j", "ja", "oui", "roaming", "r"}
FALSE = {"", "0", "false", "no", "n", "nee", "non", "home", "domestic", "national", "h"}
OF_HOUR = {f":{at // 60:02}:{at % 60:02}": float(at) for at in range(3600)}
"""Seconds since the full hour, by the minutes and seconds that times end with."""
POWERS_OF_TEN: tuple[int, ...] = tuple(10**exponent for exponent in range(18))


class BadRow(Exception):
    """One row cannot be taken: (column, value, sentence)."""

    def __init__(self, column: str, value: str, sentence: str) -> None:
        super().__init__(sentence)
        self.column = column
        self.value = shortened(value)
        self.sentence = sentence


class Sample(NamedTuple):
    """One row that can be taken. `at` is seconds since 1970 in UTC, `key` a hash of 16 bytes."""

    row: int
    line: str
    at: float
    country: str
    volume: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that cannot: its number (the header is row 1), and why."""

    row: int
    column: str
    value: str
    sentence: str


def chunks(
    stream: BinaryIO, dialect: Dialect, size: int, *, first: int | None = None, after: int = 1
) -> Iterator[list[tuple[int, str]]]:
    """(row number, line) in lists of at most `size`: those after row `after`, blank ones left out.

    The list that comes first has at most `first`.

    A line longer than MAX_LINE comes as its beginning, which the row parser then refuses, so
    memory stays flat whatever the file holds.
    """
    chunk: list[tuple[int, str]] = []
    wanted = first or size
    for number, line in enumerate(_lines(stream, dialect.encoding), start=1):
        if number <= max(after, 1) or not line.strip():
            continue
        chunk.append((number, line))
        if len(chunk) >= wanted:
            yield chunk
            chunk, wanted = [], size
    if chunk:
        yield chunk


def _lines(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """The physical lines, whatever ends them; one that is too long comes cut, to be refused."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    pending, returns = "", ""
    ended = False
    while not ended:
        block = stream.read(BLOCK)
        ended = not block
        text = returns + decoder.decode(block, final=ended)
        returns = ""
        if not ended and text.endswith("\r"):  # its line feed may be in the next block
            returns = "\r\r" if text.endswith("\r\r") else "\r"
            text = text[: -len(returns)]
        *whole, pending = (pending + with_plain_ends(text)).split("\n")
        yield from whole
        pending = pending[: 2 * MAX_LINE]
    if pending:
        yield pending


CACHED = 50_000
"""How many of the same things a reader remembers at once."""


class RowReader:
    """Turns lines into samples. One per file; keeps small caches of what repeats."""

    def __init__(self, layout: Layout, dialect: Dialect, *, home: str) -> None:
        """`home` is the carrier's country: rows that name none were used there."""
        self.layout = layout
        self.dialect = dialect
        self.home = home
        self.width = len(dialect.header)
        index = dialect.header.index
        self.line_at = index(layout.line_column)
        self.volume_at = index(layout.volume_column)
        self.time_at = index(layout.time_column)
        self.country_at = index(layout.country_column) if layout.country_column else None
        self.roaming_at = index(layout.roaming_column) if layout.roaming_column else None
        self.factor = BYTES_PER_UNIT[layout.unit]
        self.has_plain_dots = not dialect.decimal_comma  # else a dot may divide thousands
        self._hours: dict[str, float] = {}
        self._lines: dict[str, str] = {}
        self._countries: set[str] = set()  # at most the 676 pairs of letters

    def read(self, lines: list[tuple[int, str]]) -> tuple[list[Sample], list[Rejected]]:
        """Samples and rejected rows of a chunk, each in the order of the file."""
        samples: list[Sample] = []
        rejected: list[Rejected] = []
        delimiter, width = self.dialect.delimiter, self.width
        line_at, time_at, volume_at = self.line_at, self.time_at, self.volume_at
        names, country_of, time_of, volume_of = self._lines, self._country, self._time, self._volume
        has_quotes = any('"' in line for _, line in lines)
        hours, of_hour, md5 = self._hours, OF_HOUR, hashlib.md5
        for number, line in lines:
            try:
                if has_quotes or len(line) > MAX_LINE:
                    fields = self._careful_fields(line)
                    content = "\x1f".join(fields)
                else:
                    fields = line.split(delimiter)
                    content = line.replace(delimiter, "\x1f")
                    if len(fields) != width:
                        fields = self._careful_fields(line)
                time = fields[time_at]
                hour, rest = hours.get(time[:13]), of_hour.get(time[13:])
                samples.append(
                    Sample(
                        number,
                        names.get(fields[line_at]) or self._line(fields[line_at]),
                        time_of(time) if hour is None or rest is None else hour + rest,
                        country_of(fields),
                        volume_of(fields[volume_at]),
                        md5(content.encode(), usedforsecurity=False).digest(),
                    )
                )
            except BadRow as bad:
                rejected.append(Rejected(number, bad.column, bad.value, bad.sentence))
        return samples, rejected

    def _careful_fields(self, line: str) -> list[str]:
        if len(line) > MAX_LINE:
            raise BadRow("", line[:80], f"The row is longer than {MAX_LINE:,} characters.")
        try:
            fields = next(csv.reader([line], delimiter=self.dialect.delimiter, strict=True), [])
        except csv.Error:
            raise BadRow("", line[:80], "A quoted value is not closed on this line.") from None
        if len(fields) != self.width:
            raise BadRow(
                "",
                line[:80],
                f"The row has {len(fields)} values, the header {self.width}.",
            )
        return fields

    def _line(self, text: str) -> str:
        value = text.strip()
        if not value:
            raise BadRow(self.layout.line_column, text, "The row names no line.")
        if len(value) > 64 or "\x00" in value or "\N{REPLACEMENT CHARACTER}" in value:
            raise BadRow(self.layout.line_column, text, "This cannot be the name of a line.")
        if value.startswith("="):
            raise BadRow(
                self.layout.line_column,
                text,
                "This is a formula of a spreadsheet; export the values instead.",
            )
        if _MANGLED.match(value):
            raise BadRow(
                self.layout.line_column,
                text,
                "A spreadsheet has turned this number into an approximation; export it as text.",
            )
        if len(self._lines) > CACHED:
            self._lines.clear()
        self._lines[text] = value
        return value

    def _volume(self, text: str) -> int:
        whole, _, part = text.partition(".")
        digits = whole + part
        if self.has_plain_dots and len(digits) < 18 and digits.isdecimal() and digits.isascii():
            scaled, rest = divmod(int(digits) * self.factor, POWERS_OF_TEN[len(part)])
            if not rest and scaled <= MAX_ROW:
                return scaled
        return self._odd_volume(text)

    def _odd_volume(self, text: str) -> int:
        """Everything but a plain number of ordinary size: grouped, with commas, or wrong."""
        value = text.strip()
        if not value:
            raise self._bad_volume(text, "The row has no volume.")
        if _WITH_UNIT.match(value):
            raise self._bad_volume(
                text, f"The value carries a unit of its own; the file is in {self.layout.unit}."
            )
        if _COMMA_ONLY_GROUPS.match(value) and self.dialect.decimal_comma is None:
            raise self._bad_volume(
                text, "It cannot be told whether the mark divides thousands or decimals."
            )
        is_comma = self.dialect.decimal_comma is True
        if not (_COMMA_NUMBER if is_comma else _DOT_NUMBER).match(value):
            wanted = "12,5 or 1.234,5" if is_comma else "12.5 or 1,234.5"
            raise self._bad_volume(text, f"This is not a volume; {wanted} would be.")
        plain = re.sub(GROUPING, "", value).replace("." if is_comma else ",", "")
        amount = Decimal(plain.replace(",", "."))
        if amount < 0:
            raise self._bad_volume(text, "A volume is zero or more; this is negative.")
        if amount.adjusted() > 30 or len(plain) > EXACT.prec:
            raise self._bad_volume(text, TOO_MUCH)
        whole = EXACT.multiply(amount, self.factor).to_integral_value(rounding=ROUND_HALF_EVEN)
        if whole > MAX_ROW:
            raise self._bad_volume(text, TOO_MUCH)
        return int(whole)

    def _bad_volume(self, text: str, sentence: str) -> BadRow:
        return BadRow(self.layout.volume_column, text, sentence)

    def _country(self, fields: list[str]) -> str:
        named = fields[self.country_at] if self.country_at is not None else ""
        if named in self._countries:
            return named
        named = named.strip()
        country = named.upper()
        if country:
            if not (named.isascii() and _COUNTRY.match(country)):
                raise BadRow(
                    self.layout.country_column or "",
                    country,
                    "This is not a country; two letters are, as in NL (ISO 3166-1).",
                )
            self._countries.add(country)
            return country
        if self.roaming_at is None:
            return self.home
        flag = fields[self.roaming_at].strip().casefold()
        if flag in FALSE:
            return self.home
        if flag in TRUE:
            return UNKNOWN_ABROAD
        raise BadRow(
            self.layout.roaming_column or "",
            flag,
            "This says neither home nor roaming; yes, no, 1 or 0 would.",
        )

    def _time(self, text: str) -> float:
        text = text.strip()
        try:
            # digits alone are never handed over: 1712121312151 would be a day in the year 1712
            moment = self._odd_time(text) if text.isdigit() else datetime.fromisoformat(text)
        except ValueError:
            moment = self._odd_time(text)
        if moment.year not in YEARS:
            raise BadRow(
                self.layout.time_column,
                text,
                f"The year is not between {YEARS[0]} and {YEARS[-1]}.",
            )
        if moment.tzinfo is not None:
            return moment.timestamp()
        return moment.replace(tzinfo=UTC).timestamp() - self._offset(moment, text)

    def _offset(self, moment: datetime, text: str) -> float:
        """The zone's offset (seconds) at a local time.

        If it holds the hour through, the hour is remembered with its beginning, so that others of
        it are a sum.
        """
        zone = self.layout.zone
        local = moment.replace(tzinfo=zone)
        if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment:
            raise BadRow(
                self.layout.time_column,
                text,
                f"The clocks in {zone.key} skipped this time when summer time began.",
            )
        offset = local.utcoffset() or timedelta()
        start = moment.replace(minute=0, second=0, microsecond=0, tzinfo=zone)
        end = start + timedelta(minutes=59, seconds=59)
        back = start.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        if start.utcoffset() == end.utcoffset() == offset and back == start.replace(tzinfo=None):
            if len(self._hours) > CACHED:
                self._hours.clear()
            self._hours[text[:13]] = start.timestamp()
        return offset.total_seconds()

    def _odd_time(self, text: str) -> datetime:
        column = self.layout.time_column
        if not text:
            raise BadRow(column, text, "The row has no time.")
        try:
            if re.fullmatch(r"\d{14}", text):
                return datetime.strptime(text, "%Y%m%d%H%M%S")
            if re.fullmatch(r"\d{8}", text):
                return datetime.strptime(text, "%Y%m%d")
            match = SLASHED.match(text)
            if match:
                return self._slashed(match, text)
            if re.fullmatch(r"\d{4}/\d{2}/\d{2}.*", text):
                return datetime.fromisoformat(text.replace("/", "-"))
        except ValueError:
            raise BadRow(column, text, "There is no such date.") from None
        if re.fullmatch(r"\d{9,11}|\d{12,14}", text):
            raise BadRow(
                column, text, "This looks like a time since 1970; 2024-12-31 23:59:59 is expected."
            )
        raise BadRow(column, text, "This is not a time; 2024-12-31 23:59:59 would be.")

    def _slashed(self, match: re.Match[str], text: str) -> datetime:
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        day_first = self.dialect.day_first
        if day_first is None and first != second:
            raise BadRow(
                self.layout.time_column,
                text,
                "It cannot be told which is day and which is month; 2024-12-31 would be clear.",
            )
        day, month = (first, second) if day_first is not False else (second, first)
        return datetime(
            year, month, day, int(match[4] or 0), int(match[5] or 0), int(match[6] or 0)
        )


_MANGLED = re.compile(r"^\d([.,]\d+)?[eE]\+\d+$|^\d[.,]\d+[eE]\d+$")
_COUNTRY = re.compile(r"^[A-Z]{2}$")
_WITH_UNIT = re.compile(r"^[\d.,' ]*\d\s*([kKMGT]?i?[BbOo]|[kKMGT]|[Bb]ytes|octets?)$")
_COMMA_ONLY_GROUPS = re.compile(r"^-?\d{1,3},\d{3}$")
_DOT_NUMBER = re.compile(
    rf"^[+-]?(\d+|\d{{1,3}}(,\d{{3}})+|\d{{1,3}}({GROUPING}\d{{3}})+)(\.\d*)?([eE][+-]?\d{{1,4}})?$",
    re.ASCII,
)
_COMMA_NUMBER = re.compile(
    rf"^[+-]?(\d+|\d{{1,3}}(\.\d{{3}})+|\d{{1,3}}({GROUPING}\d{{3}})+)(,\d*)?$", re.ASCII
)
EXACT = Context(prec=200, rounding=ROUND_HALF_EVEN)
TOO_MUCH = "This is more than a line can use; at most 1 PB a row can be counted."


class LocalDays:
    """Local days of instants in one zone, fast: each quarter of an hour is looked up once."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._numbers: dict[int, int] = {}

    def of(self, at: float) -> date:
        """The local day of an instant (seconds since 1970 in UTC)."""
        return date.fromordinal(self.number(at) + DAY_ZERO)

    def number(self, at: float) -> int:
        """The same as the number of days since 2000-01-01."""
        quarter = int(at // QUARTER)
        number = self._numbers.get(quarter)
        return self._looked_up(at, quarter) if number is None else number

    def _looked_up(self, at: float, quarter: int) -> int:
        begin = self._number(quarter * QUARTER)
        # Where clocks are not set by quarters of an hour, as of old, a quarter may hold midnight.
        if begin != self._number(quarter * QUARTER + QUARTER - 1):
            return self._number(at)
        if len(self._numbers) > 200_000:
            self._numbers.clear()
        self._numbers[quarter] = begin
        return begin

    def _number(self, at: float) -> int:
        moment = datetime.fromtimestamp(at // 1, UTC).astimezone(self.zone)
        return moment.date().toordinal() - DAY_ZERO


QUARTER = 900
DAY_ZERO = date(2000, 1, 1).toordinal()
