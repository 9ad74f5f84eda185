"""What a person may say about a plan: caps with their units, the cycle, the policy."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from usage.actions.plans import PlanTerms
from usage.forms.fields import UNITS, AmountField, amount_and_unit, in_bytes
from usage.models import Carrier, CycleKind, Plan, Policy

CAPS = ("domestic_cap", "roaming_cap")


class PlanForm(NamesItsFields, forms.Form):
    """Adding and editing; the carrier is chosen once. `terms()` gives what was said."""

    carrier = forms.ModelChoiceField(
        label=_("Carrier"), queryset=None, empty_label=_("Choose a carrier")
    )
    name = forms.CharField(label=_("Name"), max_length=80)
    domestic_cap = AmountField(
        label=_("Domestic data cap"), required=False, help_text=_("Empty: no limit.")
    )
    domestic_cap_unit = forms.ChoiceField(label=_("Unit of the domestic cap"), choices=UNITS)
    roaming_cap = AmountField(
        label=_("Roaming data cap"),
        required=False,
        help_text=_("Empty: no limit. 0: no use abroad at all."),
    )
    roaming_cap_unit = forms.ChoiceField(label=_("Unit of the roaming cap"), choices=UNITS)
    overage_price = AmountField(
        label=_("Overage price per MB"),
        required=False,
        help_text=_("In the tenant's currency. Empty: not known."),
    )
    cycle_kind = forms.ChoiceField(
        label=_("Billing cycle"), choices=CycleKind.choices, initial=CycleKind.MONTHLY
    )
    billing_day = forms.IntegerField(
        label=_("Billing day"),
        required=False,
        min_value=1,
        max_value=31,
        initial=1,
        help_text=_("For a cycle of a month. In a shorter month, its last day."),
    )
    cycle_days = forms.IntegerField(
        label=_("Days in a cycle"),
        required=False,
        min_value=2,
        max_value=366,
        help_text=_("For a cycle of so many days."),
    )
    first_day = forms.DateField(
        label=_("First day of some cycle"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("Cycles of so many days are counted from here."),
    )
    policy = forms.ModelChoiceField(
        label=_("Policy"),
        queryset=None,
        required=False,
        empty_label=_("The policy of the tenant"),
    )

    def __init__(self, *args: Any, plan: Plan | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if plan is None:
            self.fields["carrier"].queryset = Carrier.objects.filter(retired_at=None).order_by(
                "name"
            )
        else:
            del self.fields["carrier"]
        kept = Q(pk=plan.policy_id) if plan else Q()
        self.fields["policy"].queryset = Policy.objects.filter(Q(retired_at=None) | kept).order_by(
            "name"
        )

    @staticmethod
    def of(plan: Plan) -> dict[str, Any]:
        """Initial values that show a plan as it is."""
        plain = ("name", "overage_price", "cycle_kind", "billing_day", "cycle_days", "first_day")
        initial = {name: getattr(plan, name) for name in plain} | {"policy": plan.policy_id}
        for cap in CAPS:
            initial[cap], initial[f"{cap}_unit"] = amount_and_unit(getattr(plan, cap))
        return initial

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for cap in CAPS:
            if data.get(cap) is not None and f"{cap}_unit" in data:
                try:
                    data[f"{cap}_bytes"] = in_bytes(data[cap], data[f"{cap}_unit"])
                except forms.ValidationError as error:
                    self.add_error(cap, error)
        price = data.get("overage_price")
        if price is not None and price != round(price, 4):
            self.add_error("overage_price", _("Use at most four decimals."))
        elif price is not None and price >= 10**8:
            self.add_error("overage_price", _("No carrier asks that much for a megabyte."))
        self._check_cycle(data)
        return data

    def _check_cycle(self, data: dict[str, Any]) -> None:
        if data.get("cycle_kind") == CycleKind.DAYS:
            for name in ("cycle_days", "first_day"):
                if data.get(name) is None and name not in self.errors:
                    self.add_error(name, _("A cycle of so many days needs this."))
        monthly = data.get("cycle_kind") == CycleKind.MONTHLY
        if monthly and data.get("billing_day") is None and "billing_day" not in self.errors:
            self.add_error("billing_day", _("Give the day of the month on which it begins."))

    def terms(self) -> PlanTerms:
        """The valid form's content; what the kind of cycle does not use is left out."""
        data = self.cleaned_data
        by_days = data["cycle_kind"] == CycleKind.DAYS
        return PlanTerms(
            name=data["name"],
            domestic_cap=data.get("domestic_cap_bytes"),
            roaming_cap=data.get("roaming_cap_bytes"),
            overage_price=data["overage_price"],
            cycle_kind=data["cycle_kind"],
            billing_day=data["billing_day"] or 1,
            cycle_days=data["cycle_days"] if by_days else None,
            first_day=data["first_day"] if by_days else None,
            policy=data["policy"],
        )
