"""The rows of a file that were not taken, as a CSV file that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from common.exports import neutralised
from usage.carrier_files import Rejected

HEADER = ["row", "column", "value", "reason"]


def cells(rejected: Rejected) -> list[str]:
    """One row as its cells; whatever the file wrote is no formula."""
    texts = (rejected.column, rejected.value, rejected.sentence)
    return [str(rejected.row), *(neutralised(text) for text in texts)]


def as_csv(rows: Iterable[Rejected], *, header: bool) -> bytes:
    """Rows as CSV in UTF-8. With the header comes the mark by which Excel knows UTF-8."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    if header:
        stream.write("\N{ZERO WIDTH NO-BREAK SPACE}")
        writer.writerow(HEADER)
    writer.writerows(cells(row) for row in rows)
    return stream.getvalue().encode()
