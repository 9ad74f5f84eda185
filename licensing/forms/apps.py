"""The application ids of an app, one on each line."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from common.forms import NamesItsFields

MOST = 20


class IdsForm(NamesItsFields, forms.Form):
    """`ids` becomes a list of UUIDs, each once."""

    ids = forms.CharField(
        label=_("Further application ids"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "mono"}),
        help_text=_("One on each line, as the sign-in log of Microsoft Entra shows them."),
    )

    def clean_ids(self) -> list[UUID]:
        found: dict[UUID, Any] = {}
        for number, line in enumerate(self.cleaned_data["ids"].splitlines(), start=1):
            text = line.strip()
            if not text:
                continue
            try:
                found[UUID(text)] = None
            except ValueError:
                raise forms.ValidationError(
                    _("Line %(number)s, “%(text)s”, is not an application id like %(example)s."),
                    params={
                        "number": number, "text": text[:40],
                        "example": "1fec8e78-bce4-4aaf-ab1b-5451cc387264",
                    },
                ) from None  # fmt: skip
        if len(found) > MOST:
            raise forms.ValidationError(
                ngettext(
                    "At most %(count)s application id can be added.",
                    "At most %(count)s application ids can be added.",
                    MOST,
                )
                % {"count": MOST}
            )
        return list(found)
