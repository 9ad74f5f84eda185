"""Exports that are safe to open in a spreadsheet, and written row by row.

A CSV is streamed as it is read; a workbook is written to disk in constant memory and then sent.
Rows are sequences of values; texts that a spreadsheet would run as a formula are neutralised.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

import xlsxwriter

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
MOST_IN_A_WORKBOOK = 200_000
"""Rows of a workbook that somebody waits for; more go into a CSV."""
_AT_ONCE = 500
_LONGEST_CELL = 32_767
_PART = 65_536


def neutralised(value: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would run it as a formula."""
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return neutralised(value) if isinstance(value, str) else value


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_parts(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The parts of a CSV in UTF-8, with the mark by which spreadsheets know that it is."""
    writer = csv.writer(_Echo())
    waiting = ["\N{ZERO WIDTH NO-BREAK SPACE}", writer.writerow([_cell(name) for name in head])]
    for row in rows:
        waiting.append(writer.writerow([_cell(value) for value in row]))
        if len(waiting) >= _AT_ONCE:
            yield "".join(waiting).encode()
            waiting = []
    if waiting:
        yield "".join(waiting).encode()


def workbook_parts(
    name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[bytes]:
    """The parts of a workbook of one sheet; it is written when the first part is asked for."""
    with tempfile.TemporaryFile() as file:
        _write(file, name, head, rows)
        file.seek(0)
        while part := file.read(_PART):
            yield part


def _write(file: IO[bytes], name: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet(name[:31])
        sheet.freeze_panes(1, 0)
        strong = book.add_format({"bold": True})
        for column, title in enumerate(head):
            sheet.write_string(0, column, str(title), strong)
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                cell = _cell(value)
                if isinstance(cell, int | float) and not isinstance(cell, bool):
                    sheet.write_number(number, column, cell)
                else:
                    sheet.write_string(number, column, str(cell)[:_LONGEST_CELL])
