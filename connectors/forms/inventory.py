"""Which line a managed device has."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields


class MatchForm(NamesItsFields, forms.Form):
    """One of the candidates, or none."""

    line = forms.TypedChoiceField(
        label=_("Line"),
        coerce=lambda value: int(value) or None,
        empty_value=None,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, candidates: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line"].choices = [
            *((str(pk), label) for pk, label in candidates),
            ("0", _("None of them")),
        ]
