"""What a person says when loosening the rule for a line, and how far the helpdesk may go."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from devices.forms.numbers import shortened
from devices.forms.restrictions import ReasonForm
from usage.countries import COUNTRIES
from usage.forms.fields import UNITS, AmountField, amount_and_unit, in_bytes
from usage.models import HelpdeskAllowance, Scope, Zone, ZoneCountry

SCOPES = [(scope.value, scope.label) for scope in (Scope.DOMESTIC, Scope.ROAMING)]
MOST_COUNTRIES = 60


def _day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        **options,
    )


class _WithVolume(ReasonForm):
    """A reason, and a volume in a unit; `cleaned_data["volume"]` is in bytes, None if empty."""

    amount = AmountField(label=_("Volume"))
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["volume"] = None
        if data.get("amount") is not None and data.get("unit"):
            try:
                data["volume"] = in_bytes(data["amount"], data["unit"])
            except forms.ValidationError as error:
                self.add_error("amount", error)
            if data["volume"] == 0:
                self.add_error("amount", _("Give a volume above 0."))
        return data


class UnblockForm(_WithVolume):
    """For how long, and how much more; empty is as far as may be."""

    hours = forms.IntegerField(
        label=_("Hours"),
        required=False,
        min_value=1,
        max_value=8784,
        help_text=_("Empty: as long as you may, to the end of the billing cycle at the latest."),
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS, required=False)
    amount = AmountField(
        label=_("Volume"),
        required=False,
        help_text=_("The block returns when so much more was used. Empty: as much as you may."),
    )
    field_order = ["hours", "amount", "unit", "reason"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("amount") is not None and not data.get("unit"):
            self.add_error("unit", _("Choose a unit."))
        return data


class TopUpForm(_WithVolume):
    """So much more, of domestic or of roaming data."""

    scope = forms.ChoiceField(label=_("For"), choices=SCOPES, widget=forms.RadioSelect)
    last_day = _day_field(
        _("Last day"), required=False, help_text=_("Empty: to the end of the billing cycle.")
    )
    field_order = ["scope", "amount", "unit", "last_day", "reason"]


class TripForm(_WithVolume):
    """Countries or a zone of the line's plan, days, volume, and who approved."""

    zone = forms.ModelChoiceField(
        label=_("Zone"),
        queryset=None,
        required=False,
        empty_label=_("No zone: the countries below"),
    )
    countries = forms.CharField(
        label=_("Countries"),
        required=False,
        max_length=600,
        help_text=_("Two letters each, as in BE, DE, US."),
    )
    first_day = _day_field(_("First day"))
    last_day = _day_field(_("Last day"))
    approver = forms.CharField(label=_("Approved by"), max_length=120)
    field_order = [
        "zone", "countries", "first_day", "last_day", "amount", "unit", "approver", "reason",
    ]  # fmt: skip

    def __init__(self, *args: Any, plan_id: int | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = Zone.objects.filter(plan_id=plan_id, is_rest_of_world=False)
        self.fields["zone"].queryset = zones.order_by("name")

    def clean_countries(self) -> Sequence[str]:
        words = self.cleaned_data["countries"].replace(",", " ").replace(";", " ").split()
        found = sorted({word.upper() for word in words})
        for word in words:
            if word.upper() not in COUNTRIES:
                raise forms.ValidationError(
                    _("%(value)s is no country with a mobile network. Use its two letters."),
                    params={"value": shortened(word)},
                )
        if len(found) > MOST_COUNTRIES:
            raise forms.ValidationError(
                _("At most %(most)s countries."), params={"most": MOST_COUNTRIES}
            )
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "countries" in data and not data["countries"]:
            days = (data.get("first_day"), data.get("last_day"))
            data["countries"] = _of_zone(data.get("zone"), *days)
            if not data["countries"] and "zone" not in self.errors and all(days):
                self.add_error("countries", _("Choose a zone, or name the countries."))
        elif data.get("zone") and data.get("countries"):
            self.add_error("countries", _("Choose a zone or name the countries, not both."))
        return data


def _of_zone(zone: Zone | None, first: date | None, last: date | None) -> Sequence[str]:
    """Countries that the zone has on some day of the trip."""
    if zone is None or first is None or last is None:
        return []
    rows = ZoneCountry.objects.filter(zone=zone).values_list("country", "valid_from", "valid_to")
    return sorted(
        country
        for country, valid_from, valid_to in rows
        if (valid_from is None or valid_from <= last) and (valid_to is None or valid_to >= first)
    )


class GraceForm(ReasonForm):
    """To the end of which day no block comes."""

    last_day = _day_field(_("Last day"))
    field_order = ["last_day", "reason"]


class AllowanceForm(NamesItsFields, forms.Form):
    """How far the helpdesk may go for one line."""

    hours = forms.IntegerField(
        label=_("Hours of an unblock"),
        min_value=1,
        max_value=744,
        help_text=_("It ends with the billing cycle at the latest."),
    )
    amount = AmountField(label=_("Volume of an unblock or a top-up"))
    unit = forms.ChoiceField(label=_("Unit"), choices=UNITS)
    times = forms.IntegerField(
        label=_("Times per line and billing cycle"),
        min_value=0,
        max_value=100,
        help_text=_("Unblocks and top-ups together, whoever gave them. 0: none."),
    )

    @staticmethod
    def of(row: HelpdeskAllowance) -> dict[str, Any]:
        """Initial values that show the allowance as it is."""
        amount, unit = amount_and_unit(row.volume)
        return {"hours": row.hours, "amount": amount, "unit": unit, "times": row.times}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("amount") is not None and data.get("unit"):
            try:
                data["volume"] = in_bytes(data["amount"], data["unit"])
            except forms.ValidationError as error:
                self.add_error("amount", error)
            if data.get("volume") == 0:
                self.add_error("amount", _("Give a volume above 0."))
        return data
