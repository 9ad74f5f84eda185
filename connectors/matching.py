"""Which line a managed device has, by what it says of itself. Pure: no clock, no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ORDER = ("phone", "iccid", "imei")
"""The surest first. A phone number is reported by the SIM, an IMEI only says which device."""


@dataclass(frozen=True)
class Match:
    """`state` is matched, doubtful or none; `candidates` are what a person chooses between."""

    state: str
    by: str = ""
    line_id: int | None = None
    candidates: tuple[int, ...] = ()


def judge(*, found: Mapping[str, int], taken: frozenset[int]) -> Match:
    """The line that the surest number names, if nothing speaks against it.

    `found` has the line for each number that names one; `taken` are lines of other devices.
    """
    named = [(key, found[key]) for key in ORDER if key in found]
    if not named:
        return Match("none")
    by, line_id = named[0]
    lines = tuple(dict.fromkeys(line for _key, line in named))
    if len(lines) > 1 or line_id in taken:
        return Match("doubtful", candidates=lines)
    return Match("matched", by=by, line_id=line_id)
