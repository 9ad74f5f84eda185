"""A registration's id and secret. What was typed as a secret is never put into a page again."""

from __future__ import annotations

from datetime import date
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509 import load_pem_x509_certificate
from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from connectors.models import CredentialKind

MOST = 20_000


class _NeverShown(forms.Textarea):
    def format_value(self, value: Any) -> str:
        return ""


class RegistrationForm(NamesItsFields, forms.Form):
    """`secret_text` and `last_day` say what the form's two ways of a credential come to."""

    client_id = forms.UUIDField(
        label=_("Application (client) ID"),
        help_text=_("As the registration's page in Entra shows it."),
    )
    kind = forms.ChoiceField(
        label=_("Credential"), choices=CredentialKind.choices, widget=forms.RadioSelect
    )
    secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The value of the secret, not its ID."),
    )
    expires_on = forms.DateField(
        label=_("Expires on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("As Entra shows it; the portal warns in time. A certificate says it itself."),
    )
    certificate = forms.CharField(
        label=_("Certificate"),
        required=False,
        max_length=MOST,
        widget=_NeverShown(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("The private key and the certificate, both as PEM and without a password."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind = cleaned.get("kind")
        if kind == CredentialKind.SECRET and not cleaned.get("secret"):
            self.add_error("secret", _("Give the value of the secret."))
        elif kind == CredentialKind.CERTIFICATE and "certificate" in cleaned:
            try:
                cleaned["expires_on"] = _last_day(cleaned["certificate"])
            except ValueError:
                self.add_error(
                    "certificate",
                    _("Give the private key and its certificate, one after the other, as PEM."),
                )
        day = cleaned.get("expires_on")
        if day is not None and day < timezone.localdate():
            field = "expires_on" if kind == CredentialKind.SECRET else "certificate"
            self.add_error(field, _("It has expired already."))
        return cleaned

    @property
    def secret_text(self) -> str:
        """What is to be sealed."""
        is_secret = self.cleaned_data["kind"] == CredentialKind.SECRET
        return self.cleaned_data["secret" if is_secret else "certificate"]


def _last_day(pem: str) -> date:
    """The certificate's last day. Raises ValueError when key and certificate are no pair."""
    text = pem.strip()
    begins = text.find("-----BEGIN CERTIFICATE-----")
    if begins < 0:
        raise ValueError("no certificate")
    try:
        key = load_pem_private_key(text.encode(), password=None).public_key()
        certificate = load_pem_x509_certificate(text[begins:].encode())
    except TypeError as error:  # a key with a password
        raise ValueError("a key with a password") from error
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if key.public_bytes(*form) != certificate.public_key().public_bytes(*form):
        raise ValueError("not a pair")
    return certificate.not_valid_after_utc.date()
