"""What a person may say about a carrier."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from common.forms import NamesItsFields
from devices.forms.numbers import shortened
from tenants.models import Tenant
from usage.actions.carriers import CarrierTerms
from usage.forms.fields import time_zones
from usage.models import Carrier, Source

COUNTRIES = frozenset(SUPPORTED_REGIONS)
"""Two-letter codes of the countries that have phone numbers."""


class CarrierForm(NamesItsFields, forms.Form):
    """Adding and editing; `terms()` gives what was said."""

    name = forms.CharField(label=_("Name"), max_length=80)
    country = forms.CharField(
        label=_("Country"),
        max_length=2,
        help_text=_("Two letters, as in NL. Use here is domestic; use elsewhere is roaming."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zones,
        help_text=_(
            "Days and billing cycles begin at midnight here. It cannot change once usage has been "
            "counted."
        ),
    )
    network_codes = forms.CharField(
        label=_("Network codes"),
        max_length=200,
        required=False,
        help_text=_("MCC-MNC, separated by spaces, as in 204-08 204-10."),
    )
    drives_limits = forms.ChoiceField(
        label=_("Figures that drive limits"),
        choices=Source.choices,
        initial=Source.CARRIER,
        help_text=_("Both are kept; limits follow one of them."),
    )

    @staticmethod
    def for_new(tenant: Tenant) -> dict[str, Any]:
        """Initial values of a new carrier: the tenant's own country and time."""
        return {"country": tenant.home_country, "time_zone": tenant.time_zone}

    @classmethod
    def of(cls, carrier: Carrier) -> dict[str, Any]:
        """Initial values that show a carrier as it is."""
        return {name: getattr(carrier, name) for name in cls.base_fields}

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].upper()
        if country not in COUNTRIES:
            raise forms.ValidationError(
                _("%(value)s is not a country. Use the two letters of ISO 3166-1, as in NL."),
                params={"value": shortened(country)},
            )
        return country

    def clean_network_codes(self) -> str:
        codes = self.cleaned_data["network_codes"].replace(",", " ").split()
        for code in codes:
            if not re.fullmatch(r"\d{3}-\d{2,3}", code, re.ASCII):
                raise forms.ValidationError(
                    _("%(value)s is not a network code. Write MCC-MNC, as in 204-08."),
                    params={"value": shortened(code)},
                )
        return " ".join(dict.fromkeys(codes))

    def terms(self) -> CarrierTerms:
        """The valid form's content."""
        return CarrierTerms(**self.cleaned_data)
