"""Whom to invite, as people paste or upload it: an e-mail a line, with a name and a number.

A header is optional, in any of the portal's languages; without one the columns are told by their
values. Every row that is wrong is named with its number, its value and what is wrong. Pure.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

MOST = 5_000
DELIMITERS = ";\t,|"
NAMES = {
    "email": {"e-mail", "email", "mail", "e-mailadres", "adresse e-mail", "courriel", "address"},
    "name": {"name", "naam", "nom", "person", "persoon", "personne"},
    "number": {
        "number", "phone", "phone number", "nummer", "telefoonnummer", "telefoon", "numéro",
        "numéro de téléphone", "téléphone", "msisdn", "line", "lijn", "ligne",
    },
}  # fmt: skip
_EMAIL = re.compile(r"[^@\s<>\"',;]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z0-9-]{2,60}")
_NUMBER = re.compile(r"\+?[\d\s()./-]{5,}")


@dataclass(frozen=True)
class Row:
    """Somebody to invite; the number is E.164, or empty."""

    email: str
    name: str = ""
    number: str = ""


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used. `reason` is a key: no_email, bad_number, twice."""

    at: int
    value: str
    reason: str


class BadText(ValueError):
    """The text as a whole cannot be used; the message is a key: encoding, binary, many, empty."""


def text_of(content: bytes) -> str:
    """The text of an upload. Raises BadText."""
    encodings = (
        ("utf-16",) if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp1252")
    )
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text or content[:4] in {b"PK\x03\x04", b"%PDF"}:
            raise BadText("binary")
        return text
    raise BadText("encoding")


def read(text: str, *, normal: Callable[[str], str | None]) -> tuple[list[Row], list[BadRow]]:
    """The rows of a text, and the wrong ones; `normal` gives E.164 or None. Raises BadText."""
    if "\0" in text:
        raise BadText("binary")
    numbered = [(at, line) for at, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not numbered:
        raise BadText("empty")
    if len(numbered) > MOST + 1:
        raise BadText("many")
    delimiter = _delimiter([line for _at, line in numbered[:50]])
    cells = [(at, _split(line, delimiter)) for at, line in numbered]
    columns = _columns(cells[0][1])
    if columns:
        cells = cells[1:]
    rows: list[Row] = []
    bad: list[BadRow] = []
    seen: set[tuple[str, str]] = set()
    for at, values in cells:
        made = _row(at, values, columns, normal)
        if isinstance(made, Row) and (made.email.lower(), made.number) in seen:
            made = BadRow(at, made.email, "twice")
        if isinstance(made, BadRow):
            bad.append(made)
        else:
            seen.add((made.email.lower(), made.number))
            rows.append(made)
    return rows, bad


def _delimiter(lines: Sequence[str]) -> str:
    return max(DELIMITERS, key=lambda mark: sum(line.count(mark) for line in lines))


def _split(line: str, delimiter: str) -> list[str]:
    try:
        [cells] = csv.reader([line[:2_000]], delimiter=delimiter)
    except (csv.Error, ValueError):
        cells = line[:2_000].split(delimiter)
    return [cell.strip() for cell in cells[:20]]


def _columns(first: Sequence[str]) -> dict[str, int]:
    """Which column holds what, if this is a header that names the e-mail."""
    heads = [cell.casefold() for cell in first]
    found = {
        kind: heads.index(next(head for head in heads if head in names))
        for kind, names in NAMES.items()
        if any(head in names for head in heads)
    }
    return found if "email" in found else {}


def _row(
    at: int, values: Sequence[str], columns: dict[str, int], normal: Callable[[str], str | None]
) -> Row | BadRow:
    told = _told(values, columns) if columns else _guessed(values)
    email = told.get("email", "")
    if not _EMAIL.fullmatch(email):
        return BadRow(at, email or next((value for value in values if value), ""), "no_email")
    number = told.get("number", "")
    known = normal(number) if number else ""
    if known is None:
        return BadRow(at, number, "bad_number")
    return Row(email=email, name=told.get("name", "")[:120], number=known)


def _told(values: Sequence[str], columns: dict[str, int]) -> dict[str, str]:
    return {kind: values[index] for kind, index in columns.items() if index < len(values)}


def _guessed(values: Sequence[str]) -> dict[str, str]:
    told: dict[str, str] = {}
    for value in values:
        if _EMAIL.fullmatch(value):
            told.setdefault("email", value)
        elif _NUMBER.fullmatch(value):
            told.setdefault("number", value)
        elif value:
            told.setdefault("name", value)
    return told
