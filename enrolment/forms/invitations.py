"""Whom to invite: pasted, or uploaded as CSV."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.forms.numbers import shortened
from enrolment.invitation_rows import MOST, BadRow, BadText, Row, read, text_of
from usage.queries.line_keys import BadKey, normal_key

MOST_BYTES = 1_000_000
SHOWN = 20
"""How many wrong rows are named."""


class InvitationsForm(forms.Form):
    """`rows` of the valid form are whom to invite; nothing is taken while any row is wrong."""

    text = forms.CharField(
        label=gettext_lazy("People"),
        required=False,
        max_length=500_000,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "One a line: an e-mail address, and if you like a name and a phone number, with commas "
            "or tabs between. A number that is given may enrol even if it is no line yet."
        ),
    )
    file = forms.FileField(label=gettext_lazy("Or a CSV file"), required=False)

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._country = country
        self.rows: list[Row] = []

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        upload, field = data.get("file"), "file" if data.get("file") else "text"
        try:
            text = self._content(upload) if upload else data.get("text", "")
            self.rows, bad = read(text, normal=self._normal)
        except BadText as error:
            self.add_error(field, _sentences()[str(error)])
            return data
        for row in bad[:SHOWN]:
            self.add_error(field, _about(row))
        if len(bad) > SHOWN:
            more = _("%(count)s more rows are wrong.") % {"count": len(bad) - SHOWN}
            self.add_error(field, more)
        return data

    def _content(self, upload: Any) -> str:
        if upload.size > MOST_BYTES:
            raise BadText("large")
        return text_of(upload.read())

    def _normal(self, number: str) -> str | None:
        try:
            return normal_key(number, kind="msisdn", country=self._country)
        except BadKey:
            return None


def _sentences() -> dict[str, str]:
    return {
        "empty": _("Paste at least one e-mail address, or choose a file."),
        "many": _("At most %(count)s people can be invited at once.") % {"count": MOST},
        "large": _("The file is larger than 1 MB."),
        "binary": _("This is not a text file. Save the sheet as CSV."),
        "encoding": _("This is not a text file. Save the sheet as CSV."),
    }


def _about(row: BadRow) -> ValidationError:
    sentences = {
        "no_email": _("Row %(row)s: %(value)s is not an e-mail address."),
        "bad_number": _("Row %(row)s: %(value)s is not a phone number; +31612345678 would be."),
        "twice": _("Row %(row)s: %(value)s stands here twice with the same number."),
    }
    shown = shortened("".join(mark if mark.isprintable() else "?" for mark in row.value))
    return ValidationError(sentences[row.reason], params={"row": row.at, "value": shown})
