"""Forms of the sandbox's own page."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from sandbox.models import CloudTenant, Fault


class FaultForm(NamesItsFields, forms.Form):
    """What goes wrong from now on, and for how many answers."""

    fault = forms.ChoiceField(label=_("Fault"), choices=Fault.choices)
    faults_left = forms.IntegerField(
        label=_("For how many answers"),
        required=False,
        min_value=1,
        max_value=100_000,
        help_text=_("Empty: until it is switched off."),
    )

    @classmethod
    def of(cls, tenant: CloudTenant) -> FaultForm:
        return cls(initial={"fault": tenant.fault, "faults_left": tenant.faults_left})


class DevicesForm(NamesItsFields, forms.Form):
    """How many managed devices to add."""

    count = forms.IntegerField(label=_("Devices to add"), min_value=1, max_value=10_000, initial=20)
