"""What a person types and chooses on their way through enrolment, on the screen of a phone."""

from __future__ import annotations

import re
from typing import Any

import phonenumbers
from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from devices.models import DeviceCategory, Platform
from enrolment.steps import CODE_DIGITS
from enrolment.user_agents import Phone
from usage.models import Line
from usage.queries.line_keys import BadKey, normal_key

PHONES = [
    (Platform.IOS, _("iPhone")),
    (Platform.IPADOS, _("iPad")),
    (Platform.KNOX, _("Samsung")),
    (Platform.ANDROID, _("Another Android")),
]


class NumberForm(NamesItsFields, forms.Form):
    """A country's calling code and the number, or the number whole; `number` gives E.164."""

    country = forms.ChoiceField(label=_("Country code"))
    number = forms.CharField(label=_("Phone number"), max_length=30)

    def __init__(self, *args: Any, countries: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [(code, _calling(code)) for code in countries]
        self.fields["number"].widget.attrs.update(
            inputmode="tel", type="tel", autocomplete="tel-national", spellcheck="false"
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                data["number"] = normal_key(data["number"], kind="msisdn", country=data["country"])
            except BadKey as bad:
                self.add_error("number", str(bad))
        return data


def _calling(country: str) -> str:
    return f"+{phonenumbers.country_code_for_region(country)} ({country})"


class LineForm(NamesItsFields, forms.Form):
    """One of the person's own lines; nothing else is among the choices."""

    line = forms.ChoiceField(label=_("Phone number"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, lines: list[Line], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lines = {str(line.pk): line for line in lines}
        self.fields["line"].choices = [(pk, line.msisdn) for pk, line in self._lines.items()]

    def chosen(self) -> Line:
        """The line of the valid form."""
        return self._lines[self.cleaned_data["line"]]


class CodeForm(NamesItsFields, forms.Form):
    """The digits of the message, however they were spaced."""

    code = forms.CharField(label=_("Code"), max_length=20)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs.update(
            inputmode="numeric", autocomplete="one-time-code", spellcheck="false"
        )

    def clean_code(self) -> str:
        digits = re.sub(r"[\s-]", "", self.cleaned_data["code"])
        if not (digits.isascii() and digits.isdigit() and len(digits) == CODE_DIGITS):
            raise forms.ValidationError(
                _("The code has %(count)s digits.") % {"count": CODE_DIGITS}
            )
        return digits


def category_choices() -> list[tuple[str, str]]:
    """The tenant's categories, by name."""
    names = DeviceCategory.objects.order_by("name", "pk").values_list("pk", "name")
    return [(str(pk), name) for pk, name in names]


class PhoneForm(NamesItsFields, forms.Form):
    """The category, and what kind of phone it is; only `platform` where nobody is asked."""

    category = forms.ChoiceField(
        label=_("Category"), widget=forms.RadioSelect, choices=category_choices
    )
    platform = forms.ChoiceField(label=_("This phone"), widget=forms.RadioSelect, choices=PHONES)

    def __init__(self, *args: Any, asks_category: bool, guess: Phone, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._guess = guess
        self.fields["platform"].initial = guess.platform
        if not (asks_category and self.fields["category"].choices):
            del self.fields["category"]

    def chosen(self) -> tuple[Phone, DeviceCategory | None]:
        """The valid form's content. The model is the browser's only if the kind is."""
        platform = self.cleaned_data["platform"]
        phone = self._guess if self._guess.platform == platform else Phone(platform=platform)
        pk = self.cleaned_data.get("category")
        return phone, DeviceCategory.objects.filter(pk=pk).first() if pk else None
