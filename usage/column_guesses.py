"""Which column is what, by its name in three languages and by the looks of its values.

A guess fills a form in, which a person then confirms; nothing is imported on a guess. The unit is
read from the header's own words or not at all. Pure: no Django, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from usage.carrier_files import FALSE, TRUE
from usage.dialects import SLASHED, Head

ROLES = ("line", "volume", "time", "country", "roaming")


@dataclass(frozen=True)
class Guess:
    """Column names by role (None: nothing fits), the kind of line key, and the unit."""

    columns: dict[str, str | None]
    line_key: str | None
    unit: str | None


_WORDS: dict[str, tuple[tuple[str, int], ...]] = {
    "line": (
        (r"msisdn|iccid|imsi|a[- ]?num(ber|mer)", 6),
        (r"(phone|mobile|subscriber|telephone|gsm|sim)[ -]?(number|no\b|nr\b|card)?", 5),
        (r"telefoon|mobiel|06[- ]?nummer|aansluiting|simkaart|toestel", 5),
        (r"num[eé]ro|t[eé]l[eé]phone|ligne|appelant|abonn[eé]", 5),
        (r"^(line|nummer|number|reference|referentie|r[eé]f[eé]rence|contract|contrat|id)\b", 4),
    ),
    "volume": (
        (r"volume|traffic|trafic|dataverbruik|datavolume|verbruikt?|consommation|consomm[eé]", 6),
        (r"\b(data|usage|used|utilis|donn[eé]es|gebruik)", 4),
        (r"\b([kmgt]i?[bo]|bytes|octets|(kilo|mega|giga|m[eé]ga)(bytes?|octets?))\b", 5),
        (r"amount|hoeveelheid|quantit[eé]", 3),
    ),
    "time": (
        (r"timestamp|date.?time|datum.*tijd|date.*heure|horodat", 7),
        (r"\b(start|begin|d[eé]but|aanvang)\w*", 5),
        (r"\b(date|datum|time|tijd(stip)?|heure|jour|dag|day|when)\b", 4),
    ),
    "country": (
        (r"\b(country|land|pays)\w*", 6),
        (r"\b(visited|bezocht|visit[eé])\b", 3),
        (r"destination|bestemming|herkomst|origin", 2),
    ),
    "roaming": ((r"roam|itin[eé]rance|buitenland|abroad|[eé]tranger", 6),),
}
_AGAINST: dict[str, str] = {
    "line": r"country|land|pays|price|prijs|prix|cost|kosten|co[uû]t|plan|abonnementsvorm|imei",
    "volume": r"price|prijs|prix|cost|kosten|co[uû]t|bedrag|montant|plan\b|bundle|bundel|forfait|"
    r"duration|duur|dur[eé]e|date|datum|inclu|limit|remaining|resterend|restant",
    "time": r"invoice|factu|zone|due|verval|[eé]ch[eé]ance|end\b|eind|fin\b|duration|duur|dur[eé]e",
    "country": r"phone|nummer|number|num[eé]ro|lijn|line",
    "roaming": r"zone|volume|price|prijs|prix|cost|kosten|co[uû]t",
}
_UNITS = (
    ("KiB", r"ki(bi)?b(ytes?)?|kio"),
    ("MiB", r"mib(ytes?)?|mebibytes?|mio"),
    ("GiB", r"gib(ytes?)?|gibibytes?|gio"),
    ("kB", r"kb(ytes?)?|kilo[- ]?(bytes?|octets?)|ko"),
    ("MB", r"mb(ytes?)?|m[eé]ga[- ]?(bytes?|octets?)|mo"),
    ("GB", r"gb(ytes?)?|giga[- ]?(bytes?|octets?)|go"),
    ("TB", r"tb(ytes?)?|t[eé]ra[- ]?(bytes?|octets?)"),
    ("B", r"bytes?|octets?"),
)
_PHONE = re.compile(r"^(\+|00)?[\d][\d .()/-]{7,17}$", re.ASCII)
_PHONE_MARKED = re.compile(r"^(\+|00|0[1-9])[\d .()/-]{7,17}$", re.ASCII)
_ISO_DATE = re.compile(r"^\d{4}[-/]\d{2}[-/]\d{2}([ T]\d{1,2}:\d{2}.*)?$")
_COMPACT_DATE = re.compile(
    r"^(19[7-9]|20\d)\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d[0-5]\d|2[0-3][0-5]\d)?([0-5]\d)?$"
)
_NUMBER = re.compile(r"^[+-]?\d[\d.,' \u00a0\u202f]*$")
_COUNTRY = re.compile(r"^[A-Za-z]{2}$")


def guess(head: Head) -> Guess:
    """The best column for each role; a column serves one role, and a poor fit is no guess."""
    names = [name for name in head.header if name and head.header.count(name) == 1]
    scored = sorted(
        (
            (score(role, name, head.column(name)), -ROLES.index(role), -names.index(name))
            for role in ROLES
            for name in names
        ),
        reverse=True,
    )
    columns: dict[str, str | None] = dict.fromkeys(ROLES)
    for points, minus_role, minus_name in scored:
        role, name = ROLES[-minus_role], names[-minus_name]
        if points >= 5 and columns[role] is None and name not in columns.values():
            columns[role] = name
    line, volume = columns["line"], columns["volume"]
    return Guess(
        columns=columns,
        line_key=line_key_of(line, head.column(line)) if line else None,
        unit=unit_in(volume) if volume else None,
    )


def score(role: str, name: str, values: Iterable[str]) -> float:
    """How well a column fits a role: up to 7 by its name, up to 5 by its values."""
    values = [value for value in values if value]
    points = float(_by_name(role, name))
    fitting = share(values, _LOOKS[role])
    if values and fitting < 0.5:
        return 0.0  # whatever its name says, its values could not be read
    return points + 4 * fitting if points or role in {"line", "time"} else 0.0


def role_by_name(name: str) -> str | None:
    """The role that a header names most clearly, or None."""
    best = max(ROLES, key=lambda role: _by_name(role, name))
    return best if _by_name(best, name) >= 4 else None


def _by_name(role: str, name: str) -> int:
    plain = re.sub(r"[_\s]+", " ", name.casefold()).strip()
    points = max((points for form, points in _WORDS[role] if re.search(form, plain)), default=0)
    return max(0, points - 4) if re.search(_AGAINST[role], plain) else points


def line_key_of(name: str, values: Iterable[str]) -> str:
    """What a column calls lines by: msisdn, iccid, imsi or reference."""
    plain, values = name.casefold(), [value for value in values if value]
    for kind in ("msisdn", "iccid", "imsi"):
        if kind in plain:
            return kind
    digits = [re.sub(r"[\s-]", "", value) for value in values]
    if share(digits, lambda value: bool(re.fullmatch(r"89\d{16,18}", value))) > 0.8:
        return "iccid"
    if share(values, looks_like_phone) > 0.8:
        return "msisdn"
    return "reference"


def unit_in(name: str) -> str | None:
    """The unit that a header states, as in "Volume (KB)" or "Data_MB"; never a guess."""
    words = re.split(r"[^0-9a-zé-]+", name.casefold().replace("_", " "))
    words += re.split(r"[^0-9a-zé]+", name.casefold())
    words += [part.casefold() for part in re.findall(r"(?<=[a-z])[KMGT]i?B\b", name)]
    for unit, form in _UNITS:
        if any(re.fullmatch(form, word) for word in words):
            return unit
    return None


# --- the looks of values ----------------------------------------------------------------------


def share(values: Iterable[str], looks: Callable[[str], bool]) -> float:
    """Which part of the values looks so; 0 without any."""
    values = list(values)
    return sum(map(looks, values)) / len(values) if values else 0.0


def looks_like_date(value: str) -> bool:
    """A day or time in any form that can be read, also without marks (20241231)."""
    return bool(_ISO_DATE.match(value) or SLASHED.match(value) or _COMPACT_DATE.match(value))


def looks_like_phone(value: str) -> bool:
    """Digits as of a phone number, nationally or internationally, and no date."""
    digits = sum(mark.isdigit() for mark in value)
    return bool(_PHONE.match(value)) and 8 <= digits <= 15 and not looks_like_date(value)


def is_surely_phone(value: str) -> bool:
    """A phone number that begins as one: +31..., 0031..., 06..."""
    return looks_like_phone(value) and bool(_PHONE_MARKED.match(value))


def _names_a_line(value: str) -> bool:
    digits = re.sub(r"[\s-]", "", value)
    if re.fullmatch(r"89\d{16,18}|\d{14,15}", digits) or looks_like_phone(value):
        return True
    return bool(re.fullmatch(r"[\w./-]{2,64}", value)) and not looks_like_date(value)


def _is_number(value: str) -> bool:
    return bool(_NUMBER.match(value)) and not looks_like_date(value) and not is_surely_phone(value)


_LOOKS: dict[str, Callable[[str], bool]] = {
    "line": _names_a_line,
    "volume": _is_number,
    "time": looks_like_date,
    "country": lambda value: bool(_COUNTRY.match(value)),
    "roaming": lambda value: value.casefold() in TRUE | FALSE,
}
