"""A policy and its ordered thresholds, edited as a list that works without JavaScript.

The list is a formset. Its buttons (add, remove, up, down) post the whole form back; `rearranged`
moves what was typed, unread and unjudged, so nothing is lost and nothing is refused before Save.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from usage.actions.policies import ThresholdTerms
from usage.forms.fields import AmountField, amount_and_unit, in_bytes
from usage.models import Measure, Period, Policy, Scope, Threshold, Zone

PREFIX = "thresholds"
MOST = 20
PERCENT = "percent"
MONEY = "money"
LEFT = "left-"
"""Before a unit: so much is left, instead of so much is used."""
ZONE = "zone:"
"""Before the name of a zone, as the value of a scope."""
SCOPES = [(scope.value, scope.label) for scope in (Scope.DOMESTIC, Scope.ROAMING, Scope.TOTAL)]
UNITS = [
    # xgettext:no-python-format
    (PERCENT, _("% of the cap")),
    ("GB", _("GB used")),
    ("MB", _("MB used")),
    (f"{LEFT}GB", _("GB left")),
    (f"{LEFT}MB", _("MB left")),
    (MONEY, _("Cost of use over the cap")),
]
LONGEST_GRACE = 7 * 24 * 60


def scopes() -> list[tuple[str, Any]]:
    """What a threshold may be about: also each zone that some plan has, by its name."""
    names = Zone.objects.order_by("name").values_list("name", flat=True).distinct()
    zones = [(f"{ZONE}{name}", format_lazy("{}: {}", _("Zone"), name)) for name in names]
    return [*SCOPES, *zones]


class PolicyForm(NamesItsFields, forms.Form):
    """The policy's own facts."""

    name = forms.CharField(label=_("Name"), max_length=80)


class ThresholdForm(NamesItsFields, forms.Form):
    """One threshold: how much of what has been used, and what happens then."""

    scope = forms.ChoiceField(label=_("Scope"), choices=SCOPES)
    amount = AmountField(label=_("Value"))
    unit = forms.ChoiceField(label=_("Measure"), choices=UNITS)
    period = forms.ChoiceField(
        label=_("Counted over"), choices=Period.choices, initial=Period.CYCLE
    )
    grace = forms.IntegerField(
        label=_("Grace (minutes)"),
        required=False,
        min_value=0,
        max_value=LONGEST_GRACE,
    )
    block_roaming = forms.BooleanField(label=_("Block roaming data"), required=False)
    block_cellular = forms.BooleanField(label=_("Block cellular data"), required=False)

    def __init__(self, *args: Any, choices: list[tuple[str, Any]] | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        known = list(choices or SCOPES)
        gone = str(self.initial.get("scope") or "")
        if gone and all(value != gone for value, _label in known):
            known.append((gone, gone.removeprefix(ZONE)))  # no plan has the zone any more
        self.fields["scope"].choices = known

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        amount, unit = data.get("amount"), data.get("unit")
        by_day = data.get("period") == Period.DAY
        if by_day and unit and (unit == MONEY or unit.startswith(LEFT)):
            self.add_error("period", _("What is left, and money, are counted over a cycle."))
        if data.get("grace") and not (data.get("block_roaming") or data.get("block_cellular")):
            self.add_error("grace", _("Without a block there is nothing to put off."))
        if amount is None or unit is None:
            return data
        try:
            data["value"] = _value(amount, unit)
        except forms.ValidationError as error:
            self.add_error("amount", error)
        return data

    def terms(self) -> ThresholdTerms:
        """The valid form's content."""
        data = self.cleaned_data
        is_zone = data["scope"].startswith(ZONE)
        return ThresholdTerms(
            scope=Scope.ZONE.value if is_zone else data["scope"],
            zone=data["scope"].removeprefix(ZONE) if is_zone else "",
            measure=_measure(data["unit"]),
            value=data["value"],
            period=data["period"],
            grace_seconds=60 * (data["grace"] or 0),
            block_roaming=data["block_roaming"],
            block_cellular=data["block_cellular"],
        )


def _measure(unit: str) -> str:
    if unit.startswith(LEFT):
        return Measure.REMAINING.value
    known = {PERCENT: Measure.PERCENT, MONEY: Measure.MONEY}
    return known.get(unit, Measure.BYTES).value


def _value(amount: Decimal, unit: str) -> Decimal:
    if unit == MONEY:
        if not 0 < amount < 10**9 or amount != round(amount, 2):
            raise forms.ValidationError(_("Give an amount above 0, with at most two decimals."))
        return amount
    if unit != PERCENT:
        return Decimal(in_bytes(amount, unit.removeprefix(LEFT)) or 0)
    if not 0 < amount <= 1000:
        raise forms.ValidationError(_("Give a percentage above 0, and at most 1000."))
    if amount != round(amount, 3):
        raise forms.ValidationError(_("Use at most three decimals."))
    return amount


class BaseThresholds(BaseFormSet):
    """The list; two rows must not say the same limit twice, and no row may be left empty."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        if not hasattr(self, "_scopes"):
            self._scopes = scopes()
        return {
            **super().get_form_kwargs(index),
            "empty_permitted": False,
            "choices": self._scopes,
        }

    def clean(self) -> None:
        seen: dict[tuple, int] = {}
        for number, form in enumerate(self.forms, start=1):
            data = form.cleaned_data if form.is_valid() else {}
            if "value" not in data:
                continue
            limit = (data["scope"], _measure(data["unit"]), data["period"], data["value"])
            if limit in seen:
                form.add_error(
                    "amount",
                    forms.ValidationError(
                        _("Threshold %(number)s already says this limit."),
                        params={"number": seen[limit]},
                    ),
                )
            seen.setdefault(limit, number)

    def terms(self) -> list[ThresholdTerms]:
        """The valid list, in order."""
        return [form.terms() for form in self.forms]


ThresholdList = formset_factory(
    ThresholdForm,
    formset=BaseThresholds,
    extra=0,
    max_num=MOST,
    absolute_max=MOST,
    validate_max=True,
)


def rows_of(policy: Policy) -> list[dict[str, Any]]:
    """Initial values that show a policy's thresholds."""
    return [_row(threshold) for threshold in policy.thresholds.order_by("position")]


def _row(threshold: Threshold) -> dict[str, Any]:
    row = {
        "scope": f"{ZONE}{threshold.zone}" if threshold.zone else threshold.scope,
        "period": threshold.period,
        "grace": -(-threshold.grace_seconds // 60) or None,
        "block_roaming": threshold.block_roaming,
        "block_cellular": threshold.block_cellular,
    }
    if threshold.measure == Measure.PERCENT:
        return row | {"amount": threshold.value, "unit": PERCENT}
    if threshold.measure == Measure.MONEY:
        return row | {"amount": threshold.value, "unit": MONEY}
    amount, unit = amount_and_unit(int(threshold.value))
    left = LEFT if threshold.measure == Measure.REMAINING else ""
    return row | {"amount": amount, "unit": left + unit}


DEFAULT_ROWS = [
    {"scope": Scope.DOMESTIC.value, "amount": Decimal(80), "unit": PERCENT},
    {
        "scope": Scope.DOMESTIC.value,
        "amount": Decimal(100),
        "unit": PERCENT,
        "block_cellular": True,
    },
    {"scope": Scope.ROAMING.value, "amount": Decimal(80), "unit": PERCENT},
    {"scope": Scope.ROAMING.value, "amount": Decimal(100), "unit": PERCENT, "block_roaming": True},
]
"""What a new policy proposes: warn at 80 %, act at 100 %."""


def arrangement(data: Mapping[str, str]) -> str:
    """The button of the list that was pressed: `add`, or `remove-2`, `up-2`, `down-2`; or ''."""
    return data.get("arrange", "")


def rearranged(data: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows as typed, after the button that was pressed; an unknown button moves nothing."""
    rows = _typed(data)
    verb, _dash, place = arrangement(data).partition("-")
    index = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else -1
    if verb == "add" and len(rows) < MOST:
        rows.append({"scope": Scope.DOMESTIC.value, "unit": PERCENT})
    elif 0 <= index < len(rows):
        if verb == "remove":
            del rows[index]
        other = {"up": index - 1, "down": index + 1}.get(verb, -1)
        if 0 <= other < len(rows):
            rows[index], rows[other] = rows[other], rows[index]
    return rows


def _typed(data: Mapping[str, str]) -> list[dict[str, Any]]:
    total = data.get(f"{PREFIX}-TOTAL_FORMS", "0")
    count = int(total) if total.isascii() and total.isdigit() and len(total) < 4 else 0
    rows = []
    for number in range(min(count, MOST)):
        keys = {name: f"{PREFIX}-{number}-{name}" for name in ThresholdForm.base_fields}
        rows.append({name: data[key] for name, key in keys.items() if key in data})
    return rows
