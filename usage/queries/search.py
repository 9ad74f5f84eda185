"""Finding lines by what a person has at hand: a number, a reference, a SIM, an IMEI, a name.

Each way to find is a query of its own that an index answers, and gives at most MOST lines; the
list then filters by their union. One OR over all tables would read them whole.
"""

from __future__ import annotations

import re

import phonenumbers
from django.db.models import QuerySet

from devices.models import DeviceSim
from usage.models import Line, LinePerson, LineSim

MOST = 500
"""Lines one way of finding may give; a search that finds more should say more."""


def matching(*, text: str, country: str) -> QuerySet:
    """Ids of lines that fit `text`, for use in `pk__in`. National numbers are of `country`."""
    text = tidy(text)
    digits = digits_of(text)
    ways = [_by_prefix("label", prefix) for prefix in spellings(text, country)]
    ways.append(_by_prefix("reference", text))
    if len(digits) >= 14:
        ways += _by_exact_number(digits)
    if not _without_marks(text).lstrip("+").isdigit():
        holders = LinePerson.objects.open().filter(person__name__istartswith=text)
        ways.append(holders.values("line_id"))
    first, *others = [way.order_by()[:MOST] for way in ways]
    return first.union(*others, all=True)


def tidy(text: str) -> str:
    """What was typed, without what nobody means: NUL, doubled spaces, more than 100 characters."""
    return " ".join(text.replace("\x00", "").split())[:100]


def digits_of(text: str) -> str:
    """The digits, if spaces and the marks of written numbers are all there is beside them."""
    bare = _without_marks(text)
    return bare if bare.isascii() and bare.isdigit() else ""


def _without_marks(text: str) -> str:
    return re.sub(r"[\s.\-/()]", "", text)


def _by_prefix(field: str, prefix: str) -> QuerySet:
    return Line.objects.filter(**{f"{field}__startswith": prefix}).values("pk")


def _by_exact_number(digits: str) -> list[QuerySet]:
    cards = LineSim.objects.open()
    seats = DeviceSim.objects.open().filter(
        device__imei=digits, sim__line_links__unlinked_at__isnull=True
    )
    return [
        cards.filter(sim__iccid=digits).values("line_id"),
        cards.filter(sim__imsi=digits).values("line_id"),
        seats.values("sim__line_links__line_id"),
    ]


def spellings(text: str, country: str) -> list[str]:
    """How a label that was typed like this may begin: as typed, and in international form."""
    prefixes, digits = [text], _without_marks(text)
    bare = digits.lstrip("+")
    if bare.isascii() and bare.isdigit():
        if digits.startswith("00"):
            prefixes.append(f"+{digits[2:]}")
        elif digits.startswith("0") and len(digits) > 1:
            code = phonenumbers.country_code_for_region(country)
            prefixes.append(f"+{code}{digits[1:]}")
        else:
            prefixes.append(f"+{bare}")
    return list(dict.fromkeys(prefixes))
