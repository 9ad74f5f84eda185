"""Fields of usage's forms: amounts of data, phone numbers, time zones.

Each takes what people type (decimal comma, spaces, the national form of a number) and gives back
what the model holds: whole bytes, E.164. Messages repeat the value, shortened.
"""

from __future__ import annotations

import re
import zoneinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common.units import BYTES_PER_UNIT, BadVolume, DataVolume
from devices.forms.numbers import shortened

UNITS = [("GB", _("GB")), ("MB", _("MB"))]
_SPACES = re.compile(r"[\s\u00a0\u202f]+")
LARGEST = 10**15
"""A petabyte: a cap or limit above it is a slip of the keyboard."""


class AmountField(forms.Field):
    """A number that is zero or more, with full stop or comma; gives a Decimal, or None if empty."""

    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})

    def to_python(self, value: Any) -> Decimal | None:
        typed = str(value or "").strip()
        text = _SPACES.sub("", typed)
        if not text:
            return None
        if not re.fullmatch(r"\d{1,15}([.,]\d{1,9})?", text, re.ASCII):
            raise ValidationError(
                _("%(value)s is not an amount. Write digits only, as in 10 or 2,5."),
                params={"value": shortened(typed)},
                code="invalid",
            )
        return Decimal(text.replace(",", "."))

    def prepare_value(self, value: Any) -> Any:
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def in_bytes(amount: Decimal | None, unit: str) -> int | None:
    """`amount` of a unit of UNITS in bytes; raises ValidationError beyond LARGEST."""
    if amount is None:
        return None
    try:
        volume = DataVolume.of(amount, unit)
    except BadVolume:
        volume = DataVolume(LARGEST + 1)
    if volume.in_bytes > LARGEST:
        raise ValidationError(
            _("%(value)s %(unit)s is more than any line can use."),
            params={"value": shortened(f"{amount:f}"), "unit": unit},
        )
    return volume.in_bytes


def amount_and_unit(volume: int | None) -> tuple[Decimal | None, str]:
    """Bytes as the form shows them: in GB where that takes at most three decimals, else in MB."""
    if volume is None:
        return None, "GB"
    unit = "GB" if (volume % 1_000_000 == 0 and volume >= 1_000_000_000) or not volume else "MB"
    return Decimal(volume) / BYTES_PER_UNIT[unit], unit


class PhoneNumberField(forms.CharField):
    """A number in E.164. The national form is read as the country's own (`country`, two letters).

    Only impossible numbers are refused: numbering plans change faster than the list of valid
    ones. `doubtful` is true for a possible number that the list does not know.
    """

    country = ""
    doubtful = False

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        super().__init__(**kwargs)
        self.widget.input_type = "tel"
        self.widget.attrs.update(autocomplete="off")

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value)
        if not typed:
            return ""
        wrong = ValidationError(
            _("%(value)s is not a phone number. Write it with the country, as in +31612345678."),
            params={"value": shortened(typed)},
            code="invalid",
        )
        try:
            number = phonenumbers.parse(typed, self.country or None)
        except phonenumbers.NumberParseException:
            raise wrong from None
        if number.extension or not phonenumbers.is_possible_number(number):
            raise wrong
        self.doubtful = not phonenumbers.is_valid_number(number)
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=1)
def time_zones() -> list[tuple[str, str]]:
    """The zones a carrier can be in: those named by a place, and UTC."""
    names = sorted(n for n in zoneinfo.available_timezones() if "/" in n and "Etc/" not in n)
    return [(name, name) for name in [*names, "UTC"]]
