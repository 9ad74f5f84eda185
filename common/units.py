"""Volumes of data and amounts of money: exact inside, readable outside.

Volumes are whole bytes everywhere; 1 MB is 1,000,000 bytes, as carriers bill it, and binary
units are taken only under their own names (KiB, MiB, GiB). Rounding happens once, when a figure
enters, half to even. No Django here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

BYTES_PER_UNIT: dict[str, int] = {
    "B": 1,
    "kB": 1_000,
    "MB": 1_000_000,
    "GB": 1_000_000_000,
    "TB": 1_000_000_000_000,
    "KiB": 1_024,
    "MiB": 1_024**2,
    "GiB": 1_024**3,
}
MAX_VOLUME = 2**63 - 1
"""Largest volume one figure may have, in bytes: what a bigint column holds."""

_DECIMAL_STEPS = (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


class BadVolume(ValueError):
    """A text or number that is not a volume; the message is a sentence for the screen."""


@dataclass(frozen=True, order=True)
class DataVolume:
    """A volume in whole bytes."""

    in_bytes: int

    @classmethod
    def of(cls, amount: Decimal, unit: str) -> DataVolume:
        """`amount` of `unit` (a key of BYTES_PER_UNIT), rounded half even to whole bytes.

        Raises BadVolume for an unknown unit, for NaN and infinity, for a negative amount and
        for one beyond MAX_VOLUME.
        """
        try:
            factor = BYTES_PER_UNIT[unit]
        except KeyError:
            known = ", ".join(BYTES_PER_UNIT)
            raise BadVolume(f"{unit!r} is not a unit; one of {known} is.") from None
        if not amount.is_finite():
            raise BadVolume(f"{amount} is not a volume.")
        if amount < 0:
            raise BadVolume(f"{amount} is negative; a volume is zero or more.")
        if amount.adjusted() > 30:
            raise BadVolume(f"{amount} {unit} is more than any line can use.")
        try:
            whole = int((amount * factor).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
        except InvalidOperation:
            raise BadVolume(f"{amount} has too many digits for a volume.") from None
        if whole > MAX_VOLUME:
            raise BadVolume(f"{amount} {unit} is more than any line can use.")
        return cls(whole)

    def largest_unit(self) -> tuple[Decimal, str]:
        """The amount in the largest decimal unit that keeps it at 1 or more, and that unit."""
        for unit, factor in _DECIMAL_STEPS:
            if abs(self.in_bytes) >= factor:
                return Decimal(self.in_bytes) / factor, unit
        return Decimal(self.in_bytes), "B"


@dataclass(frozen=True)
class Money:
    """An amount in a currency (ISO 4217), exact."""

    amount: Decimal
    currency: str
