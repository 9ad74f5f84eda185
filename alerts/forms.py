"""What a person says when acknowledging alerts."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields


class NoteForm(NamesItsFields, forms.Form):
    """A note for whoever looks at the alert later; may be left empty."""

    note = forms.CharField(
        label=_("Note"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What is being done. Shown beside the alert and in the audit log."),
    )
