"""Form fields for what the portal counts in: volumes of data.

A person types "5 GB" or "1,5 GB"; the form gives whole bytes. A number without a unit is refused,
because 500 could be megabytes or gigabytes and the difference is somebody's phone bill.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.units import BYTES_PER_UNIT, BadVolume, DataVolume

_FORM = re.compile(r"([0-9][0-9.,' \u00a0\u202f]*?)\s*([A-Za-z]+)")
_UNITS = {unit.lower(): unit for unit in BYTES_PER_UNIT}


class VolumeField(forms.CharField):
    """Text such as `1.5 GB` in, whole bytes (int) or None out."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", gettext_lazy("With its unit, as in 5 GB or 500 MB."))
        super().__init__(max_length=40, **kwargs)
        self.widget.attrs.update(autocomplete="off", spellcheck="false")

    def prepare_value(self, value: Any) -> Any:
        """Stored bytes as text that reads back to exactly the same bytes."""
        if not isinstance(value, int):
            return value
        amount, unit = DataVolume(value).largest_unit()
        return f"{number_format(amount.normalize(), use_l10n=True)} {unit}"

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        return parse_volume(text) if text else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


def parse_volume(text: str) -> int:
    """The bytes of a text such as `1.5 GB` in the number form of the language in use.

    Raises ValidationError with a sentence for the screen.
    """
    matched = _FORM.fullmatch(text.strip())
    if not matched:
        raise ValidationError(_("Give a number and a unit, as in 5 GB or 500 MB."), code="form")
    unit = _UNITS.get(matched[2].lower())
    if unit is None:
        known = ", ".join(BYTES_PER_UNIT)
        raise ValidationError(
            _("%(unit)s is not a unit; use one of %(known)s."),
            code="unit",
            params={"unit": matched[2], "known": known},
        )
    try:
        return DataVolume.of(_amount(matched[1]), unit).in_bytes
    except BadVolume:
        raise ValidationError(_("That is more than any line can use."), code="size") from None


def _amount(digits: str) -> Decimal:
    """A number with this language's marks; another mark counts as a decimal point if it can."""
    plain = re.sub(r"[ '\u00a0\u202f]", "", digits)
    decimal_mark = get_format("DECIMAL_SEPARATOR")
    other_mark = "." if decimal_mark == "," else ","
    if re.fullmatch(
        rf"\d{{1,3}}(?:{re.escape(other_mark)}\d{{3}})+(?:{re.escape(decimal_mark)}\d+)?", plain
    ):
        plain = plain.replace(other_mark, "")  # thousands
    plain = plain.replace(",", ".")
    if not re.fullmatch(r"\d+(\.\d+)?", plain):
        raise ValidationError(
            _("%(number)s is not a number; write it as in 1500 or %(example)s."),
            code="number",
            params={"number": digits, "example": number_format(Decimal("1.5"), use_l10n=True)},
        )
    return Decimal(plain)
