"""What a person says when restricting something, or ending it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from devices.models import Restriction


class ReasonForm(NamesItsFields, forms.Form):
    """Why something is done; the sentence goes on the timeline and in the audit log."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Shown on the timeline and in the audit log."),
    )


class BlockForm(ReasonForm):
    """A restriction set by hand, and why."""

    restriction = forms.ChoiceField(
        label=_("Restriction"), choices=Restriction.choices, widget=forms.RadioSelect
    )
    field_order = ["restriction", "reason"]
