"""Rows of usage records in COPY's binary form, which costs PostgreSQL half of what text does.

A row is a line (`line_part`) and a use (`use_part`), so a file's uses are written out while nobody
knows yet whose they are. Line, day and country come first: they are the place of a counter, and
rows in the order of their bytes fill an index from left to right.

The form: https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from struct import Struct
from uuid import UUID

COLUMNS = "line_id, day, country, started_at, key, volume"
PLACE = 26
"""How many bytes of a row are its line, day and country."""
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.date().toordinal()
EPOCH_MICROSECONDS = int(EPOCH.timestamp()) * 1_000_000

_BEGIN = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_LINE = Struct(">iq").pack
_USE = Struct(">ii i2s iq i16s iq").pack
_SUM = Struct(">iqii").pack
_FIELDS = Struct(">h").pack
_NULL = b"\xff\xff\xff\xff"
_countries: dict[str, bytes] = {}


def line_part(line_id: int) -> bytes:
    return _LINE(8, line_id)


def use_part(at: float, day: int, country: str, key: bytes, volume: int) -> bytes:
    """What comes after the line: seconds since 1970, days since 2000, 16 bytes of key, bytes."""
    letters = _countries.get(country) or _letters(country)
    moment = round(at * 1_000_000) - EPOCH_MICROSECONDS
    return _USE(4, day, 2, letters, 8, moment, 16, key, 8, volume)


def record_row(
    *, line_id: int, at: datetime, day: date, country: str, key: UUID, volume: int
) -> bytes:
    """A whole row; `day` is the local one, `volume` is in bytes."""
    letters = _countries.get(country) or _letters(country)
    number = day.toordinal() - EPOCH_DAY
    use = _USE(4, number, 2, letters, 8, _microseconds(at), 16, key.bytes, 8, volume)
    return line_part(line_id) + use


def staged(rows: Sequence[bytes]) -> bytes:
    """COPY's input for the six columns of COLUMNS."""
    return _framed(_FIELDS(6), rows)


def recorded(
    rows: Sequence[bytes], *, tenant_id: int, source: str, file_id: int | None, now: datetime
) -> bytes:
    """COPY's input for tenant_id, source, file_id, received_at and then COLUMNS."""
    name = source.encode()
    same = (
        _FIELDS(10)
        + _LINE(8, tenant_id)
        + Struct(f">i{len(name)}s").pack(len(name), name)
        + (_NULL if file_id is None else _LINE(8, file_id))
        + _LINE(8, _microseconds(now))
    )
    return _framed(same, rows)


def summed(*, volumes: Mapping[bytes, int], records: Mapping[bytes, int]) -> bytes:
    """COPY's input for line_id, day, country, volume, records, from bytes and rows per place."""
    rows = [place + _SUM(8, volumes[place], 4, records[place]) for place in sorted(volumes)]
    return _framed(_FIELDS(5), rows)


def _framed(before: bytes, rows: Sequence[bytes]) -> bytes:
    return b"".join((_BEGIN, before, before.join(rows), _END)) if rows else _BEGIN + _END


def _letters(country: str) -> bytes:
    letters = country.encode("ascii")
    if len(letters) != 2:
        raise ValueError(f"{country!r} is not a country; two letters are.")
    _countries[country] = letters
    return letters


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
