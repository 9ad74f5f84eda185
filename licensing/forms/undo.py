"""Which claims are to be undone: those of some days."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        input_formats=["%Y-%m-%d"],
        validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class PeriodForm(NamesItsFields, forms.Form):
    """Both days count, in the tenant's time zone."""

    first = _day(_("From"))
    last = _day(_("Up to and including"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("first") and data.get("last") and data["last"] < data["first"]:
            self.add_error("last", _("The last day is before the first."))
        return data

    @property
    def since(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.cleaned_data["first"], time()))

    @property
    def until(self) -> datetime:
        after = self.cleaned_data["last"] + timedelta(days=1)
        return timezone.make_aware(datetime.combine(after, time()))


class UndoForm(PeriodForm):
    """The period that was looked at, and how many claims were seen."""

    first = forms.DateField(widget=forms.HiddenInput, input_formats=["%Y-%m-%d"])
    last = forms.DateField(widget=forms.HiddenInput, input_formats=["%Y-%m-%d"])
    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=10_000_000)
