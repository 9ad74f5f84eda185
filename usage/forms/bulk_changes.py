"""What many lines shall have: a plan, a policy, or a cost centre."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from usage.models import Fact, Plan, Policy

NONE = "none"


class BulkChangeForm(NamesItsFields, forms.Form):
    """One field, whatever the fact; nothing is chosen beforehand. `target()` gives the answer."""

    to = forms.ChoiceField()

    def __init__(self, *args: Any, fact: str, **kwargs: Any) -> None:
        self.rows = {str(row.pk): row for row in ROWS[fact]()} if fact in ROWS else None
        self.base_fields = {"to": self._field(fact)}
        super().__init__(*args, **kwargs)

    def _field(self, fact: str) -> forms.Field:
        label = Fact(fact).label
        if self.rows is None:
            empties = _("Empty takes it away.")
            return forms.CharField(label=label, max_length=60, required=False, help_text=empties)
        choices = [("", _("Choose")), (NONE, NO_ROW[fact])]
        named = [(pk, _name(row)) for pk, row in self.rows.items()]
        return forms.ChoiceField(label=label, choices=[*choices, *named])

    def target(self) -> Plan | Policy | str | None:
        """What was answered: a row, a text, or None for none of it."""
        said = self.cleaned_data["to"]
        return (said or None) if self.rows is None else self.rows.get(said)


def _plans() -> Any:
    plans = Plan.objects.filter(retired_at=None).select_related("carrier")
    return plans.order_by("carrier__name", "name", "pk")


def _policies() -> Any:
    return Policy.objects.filter(retired_at=None).order_by("name", "pk")


ROWS = {Fact.PLAN: _plans, Fact.POLICY: _policies}
NO_ROW = {
    Fact.PLAN: _("No plan: nothing limits"),
    Fact.POLICY: _("The policy of the plan, else of the tenant"),
}


def _name(row: Plan | Policy) -> str:
    return f"{row.carrier}: {row}" if isinstance(row, Plan) else str(row)
