"""What a person may play with on a simulated phone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from devices.gateways.simulator.hands import FIELDS
from devices.models import SimulatedDevice


class PhoneForm(NamesItsFields, forms.ModelForm):
    """Validates and never saves: the act is devices.gateways.simulator.hands.play()."""

    class Meta:
        model = SimulatedDevice
        fields = FIELDS
        labels = {"online": _("Switched on"), "abroad_in": _("Roams in this country")}
        help_texts = {
            "abroad_in": _("Two letters, as in FR; empty: it is at home."),
            "locked": _("A locked iPhone puts profiles off with NotNow."),
            "data_roaming": _("As its user switches it; on a Samsung the portal's lock wins."),
            "held": _("A Samsung then reads both switches as off, whatever it is told."),
            "error": _("For instance 12021; 0: none."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("not_now", "error"):
            self.fields[name].required = False
        if self.instance.device.platform == "knox":
            del self.fields["locked"]
        else:
            del self.fields["held"]

    def clean_abroad_in(self) -> str:
        country = self.cleaned_data["abroad_in"].strip()
        if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise forms.ValidationError(_("Give a country as two letters, as in FR."))
        return country.upper()

    def clean_not_now(self) -> int:
        return self.cleaned_data["not_now"] or 0

    def clean_error(self) -> int:
        return self.cleaned_data["error"] or 0
