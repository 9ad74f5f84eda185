"""Carriers' files for tests: a layout, and a parse in one call."""

from __future__ import annotations

import io
from typing import Any
from zoneinfo import ZoneInfo

from usage.carrier_files import Layout, Rejected, RowReader, Sample, chunks, detect

GOOD = "2026-01-31 12:00:00"
HEAD = "id,volume,time\n"


def layout(**more: Any) -> Layout:
    fields = {
        "line_column": "id",
        "volume_column": "volume",
        "unit": "MB",
        "time_column": "time",
        "zone": ZoneInfo("Europe/Amsterdam"),
    }
    return Layout(**{**fields, **more})


def parse(
    content: str | bytes, *, size: int = 3, **more: Any
) -> tuple[list[Sample], list[Rejected]]:
    """Samples and rejected rows of a file, read in chunks of `size` rows."""
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    dialect = detect(stream, layout(**more))
    reader = RowReader(layout(**more), dialect, home="NL")
    samples, rejected = [], []
    for chunk in chunks(stream, dialect, size):
        some, bad = reader.read(chunk)
        samples += some
        rejected += bad
    return samples, rejected


def told(content: str | bytes, **more: Any) -> list[tuple[str, int]]:
    """(line, bytes) of a file in which every row can be taken."""
    samples, rejected = parse(content, **more)
    assert rejected == []
    return [(sample.line, sample.volume) for sample in samples]
