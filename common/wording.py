"""Volumes and times in the words and number forms of the language in use."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from django.utils import timezone
from django.utils.formats import date_format, number_format

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
    whole = rounded == rounded.to_integral_value()
    shown = rounded.to_integral_value() if whole else rounded.normalize()
    return f"{number_format(shown, use_l10n=True, force_grouping=True)}\N{NO-BREAK SPACE}{unit}"


def moment(value: datetime) -> str:
    """`18 Mar 2025, 14:03` in the zone in use, which is the tenant's."""
    return date_format(timezone.localtime(value), "j M Y, H:i")
