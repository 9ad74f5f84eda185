"""Whose unmatched usage is: a line that is there, or lines to be made."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from devices.forms.numbers import shortened
from usage.models import Carrier, Line, LineState, Plan
from usage.queries.search import matching


class AssignForm(NamesItsFields, forms.Form):
    """One line, named by what a person has at hand; the text must fit exactly one."""

    line = forms.CharField(
        label=_("Line"),
        max_length=100,
        help_text=_("Phone number, carrier's reference, ICCID, IMEI or person."),
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country

    def clean_line(self) -> Line:
        text = self.cleaned_data["line"]
        lines = Line.objects.filter(
            state=LineState.ACTIVE, pk__in=matching(text=text, country=self.country)
        )
        found = list(lines.order_by("label", "pk")[:2])
        if len(found) > 1:  # one that is called so whole goes before those that begin so
            found = list(lines.filter(label=found[0].label)) if found[0].label == text else found
        if not found:
            raise forms.ValidationError(
                _("No active line is found by %(value)s."), params={"value": shortened(text)}
            )
        if len(found) > 1:
            raise forms.ValidationError(
                _("Several lines are found by %(value)s; give the whole number."),
                params={"value": shortened(text)},
            )
        return found[0]


class CreateLinesForm(NamesItsFields, forms.Form):
    """The carrier of what agents told, and a plan other than the default one."""

    carrier = forms.ModelChoiceField(
        label=_("Carrier"), queryset=None, empty_label=_("Choose a carrier")
    )
    plan = forms.ModelChoiceField(
        label=_("Plan"),
        queryset=None,
        required=False,
        empty_label=_("The default plan of the carrier"),
    )

    def __init__(
        self, *args: Any, carrier_ids: Collection[int], asks_carrier: bool, **kwargs: Any
    ) -> None:
        """`carrier_ids` are those of the files; `asks_carrier` when agents told some names."""
        super().__init__(*args, **kwargs)
        carriers = Carrier.objects.filter(retired_at=None).order_by("name")
        plans = Plan.objects.filter(retired_at=None).select_related("carrier")
        if asks_carrier:
            self.fields["carrier"].queryset = carriers
        else:
            del self.fields["carrier"]
            plans = plans.filter(carrier__in=carrier_ids)
        self.fields["plan"].queryset = plans.order_by("carrier__name", "name", "pk")
        self.fields["plan"].label_from_instance = lambda plan: f"{plan.carrier}: {plan}"
