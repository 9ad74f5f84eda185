"""Volumes and times in the words and number forms of the language in use.

A list prints hundreds of these per page, so what a language settles once (its marks, its months)
is looked up once and not per figure.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.formats import get_format
from django.utils.translation import get_language

from common.units import BYTES_PER_UNIT, DataVolume

UNKNOWN = "\N{EN DASH}"
"""Stands for a figure or a time that is not known."""
_DECIMALS = Decimal("0.01")


def volume(in_bytes: int) -> str:
    """`1.25 GB`: the largest decimal unit, at most two decimals, a space that does not break."""
    amount, unit = DataVolume(in_bytes).largest_unit()
    rounded = amount.quantize(_DECIMALS, rounding=ROUND_HALF_EVEN)
    if abs(rounded) >= 1000 and unit not in ("B", "TB"):  # 999.999 MB is 1 GB
        amount, unit = DataVolume(int(rounded * BYTES_PER_UNIT[unit])).largest_unit()
        rounded = amount.quantize(_DECIMALS)
    text = f"{rounded:,f}".removesuffix("0").removesuffix("0").removesuffix(".")
    return f"{text.translate(_marks(get_language()))}\N{NO-BREAK SPACE}{unit}"


@lru_cache(maxsize=16)
def _marks(language: str | None) -> dict[int, str]:
    return {
        ord(","): get_format("THOUSAND_SEPARATOR", lang=language),
        ord("."): get_format("DECIMAL_SEPARATOR", lang=language),
    }


def moment(value: datetime) -> str:
    """`18 Mar 2025, 14:03` in the zone in use, which is the tenant's."""
    local = timezone.localtime(value)
    return f"{day(local)}, {local:%H:%M}"


def day(value: date) -> str:
    """`18 Mar 2025`."""
    return f"{value.day} {_months(get_language())[value.month]} {value.year}"


@lru_cache(maxsize=16)
def _months(language: str | None) -> dict[int, str]:
    """Short names of the months; English writes them with a capital, Dutch and French do not."""
    is_english = (language or "en").startswith("en")
    return {
        number: str(name).title() if is_english else str(name) for number, name in MONTHS_3.items()
    }


def exact_moment(value: datetime) -> str:
    """As `moment`, to the millisecond: how fast a command went out is read here."""
    local = timezone.localtime(value)
    return f"{moment(value)}:{local:%S}.{local.microsecond // 1000:03d}"
