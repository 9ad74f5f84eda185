"""Numbers printed on phones and SIMs, as people type them: with spaces, hyphens and mistakes.

Each field gives back bare digits, or says what is wrong with which value and what would be
right. The check digit of an IMEI is checked; that of an ICCID is not, because carriers print
the number with and without it.
"""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_SEPARATORS = re.compile(r"[\s.\-/\u2010-\u2015\u00a0\u202f]+")


def shortened(value: str) -> str:
    """The value as a message may repeat it: at most 24 characters."""
    return value if len(value) <= 24 else f"{value[:23]}…"


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit (Luhn) of the others."""
    total = 0
    for place, character in enumerate(reversed(digits)):
        value = int(character) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


class DigitsField(forms.CharField):
    """Bare digits, of one of the given lengths; subclasses name themselves."""

    lengths: range
    wrong: Any

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 60)
        super().__init__(**kwargs)
        self.widget.attrs.update(inputmode="numeric", autocomplete="off", spellcheck="false")

    def to_python(self, value: Any) -> str:
        typed = super().to_python(value)
        digits = _SEPARATORS.sub("", typed)
        if not digits:
            return ""
        if not (digits.isascii() and digits.isdigit() and len(digits) in self.lengths):
            raise ValidationError(self.wrong, params={"value": shortened(typed)}, code="invalid")
        return digits


class IccidField(DigitsField):
    """18 to 20 digits."""

    lengths = range(18, 21)
    wrong = _("%(value)s is not an ICCID: it has 18 to 20 digits, as printed on the SIM.")


class ImsiField(DigitsField):
    """14 or 15 digits."""

    lengths = range(14, 16)
    wrong = _("%(value)s is not an IMSI: it has 14 or 15 digits and begins with the country code.")


class ImeiField(DigitsField):
    """15 digits with a right check digit; an IMEISV's 16 or a bare 14 are refused by name."""

    lengths = range(15, 16)
    wrong = _("%(value)s is not an IMEI: it has 15 digits; dial *#06# on the phone to see it.")

    def to_python(self, value: Any) -> str:
        digits = super().to_python(value)
        if digits and not passes_luhn(digits):
            raise ValidationError(
                _(
                    "The last digit of %(value)s does not fit the others; one digit of the IMEI "
                    "is probably mistyped."
                ),
                params={"value": shortened(digits)},
                code="check_digit",
            )
        return digits
