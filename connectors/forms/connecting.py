"""Connecting to a Microsoft tenant, and the switch of a further consent."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.entra import NotATenantName, tenant_name
from common.forms import NamesItsFields
from connectors.models import MdmServer


class ConnectForm(NamesItsFields, forms.Form):
    """`directory` is a GUID or a verified domain. Locked, it shows and takes nothing."""

    mdm_server = forms.ChoiceField(label=_("MDM server"), choices=MdmServer.choices)
    directory = forms.CharField(
        label=_("Tenant ID"),
        max_length=253,
        help_text=_("The ID of the Microsoft tenant, or one of its verified domains."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    url = forms.URLField(
        label=_("Provider link"),
        required=False,
        max_length=200,
        assume_scheme="https",
        help_text=_("Where the provider's console is, if it has one."),
    )

    def __init__(self, *args: Any, locked: bool, with_link: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not with_link:
            del self.fields["url"]
        for field in self.fields.values():
            field.disabled = locked

    def clean_directory(self) -> str:
        try:
            return tenant_name(self.cleaned_data["directory"])
        except NotATenantName as refused:
            raise forms.ValidationError(str(refused.sentence)) from None


class ConsentForm(forms.Form):
    """The switch of one consent."""

    on = forms.BooleanField(required=False)
