"""A preset of columns on the screen: the answers about a file, without the file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from usage.actions.column_presets import PER_IMPORT
from usage.column_guesses import guess
from usage.dialects import Head
from usage.forms.imports import ColumnsForm
from usage.models import ColumnPreset
from usage.queries.import_pages import as_answers


class PresetForm(ColumnsForm):
    """The columns to choose from are those of the header that the preset was made for."""

    name = forms.CharField(label=_("Name"), max_length=80)
    field_order = ("name",)

    def __init__(self, *args: Any, preset: ColumnPreset, **kwargs: Any) -> None:
        head = Head("utf-8", ",", tuple(preset.header), lines=(), rows=())
        initial = {**as_answers(preset.options), "name": preset.name}
        super().__init__(
            *args,
            head=head,
            guess=guess(head),
            carrier=preset.carrier,
            initial=initial,
            **kwargs,
        )
        for name in ("keep_as", *PER_IMPORT):
            self.fields.pop(name, None)
