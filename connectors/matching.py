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


def judge(
    *,
    found: Mapping[str, int],
    taken: Mapping[int, str],
    against: frozenset[int] = frozenset(),
) -> Match:
    """The line that the surest number names, if nothing speaks against it.

    `found` has the line for each number that names one. `taken` are lines of other devices, each
    with the number by which it was found there (or another word: a person said so): a surer
    number takes the line over. `against` are lines of which something else contradicts.
    """
    named = [(key, found[key]) for key in ORDER if key in found]
    if not named:
        return Match("none")
    by, line_id = named[0]
    lines = tuple(dict.fromkeys(line for _key, line in named))
    if len(lines) > 1 or line_id in against or not _surer(by, taken.get(line_id)):
        return Match("doubtful", candidates=lines)
    return Match("matched", by=by, line_id=line_id)


def _surer(by: str, held_by: str | None) -> bool:
    if held_by is None:
        return True
    return held_by in ORDER and ORDER.index(by) < ORDER.index(held_by)
