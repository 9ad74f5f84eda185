"""Who must have a second factor, and keeping them out until they do.

Administrators and operators need one outside the sandbox. They are stopped where that power
begins - at a tenant's pages and at the operators' - and sent to the set-up page.
"""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect

from common.permissions import Role
from common.tenancy import across_tenants
from tenants.models import Membership, User

ADMINISTRATORS = frozenset(
    {
        Role.GLOBAL_ADMINISTRATOR,
        Role.INTUNE_ADMINISTRATOR,
        Role.BILLING_ADMINISTRATOR,
        Role.USER_ADMINISTRATOR,
        Role.LICENSE_ADMINISTRATOR,
    }
)
_SEEN = "second_factor_seen"


def missing(request: HttpRequest, *, role: str | None = None) -> HttpResponse | None:
    """The redirect to the set-up page, if this person acts as an administrator without a factor.

    `role` is the role about to be used; None stands for an operator's pages.
    """
    if settings.SANDBOX or (role is not None and role not in ADMINISTRATORS):
        return None
    if request.session.get(_SEEN):
        return None
    if get_adapter().is_mfa_enabled(request.user, types=[Authenticator.Type.TOTP]):
        request.session[_SEEN] = True
        return None
    messages.info(request, _("Administrators sign in with a second factor. Set it up to go on."))
    address = reverse("mfa_activate_totp")
    if getattr(request, "htmx", False):
        return HttpResponseClientRedirect(address)
    return redirect(address)


def is_needed_by(user: User) -> bool:
    """Whether some role of the person demands a second factor."""
    if settings.SANDBOX:
        return False
    with across_tenants("whether any of a person's roles demands a second factor"):
        return (
            user.is_operator
            or Membership.objects.in_force()
            .filter(user_id=user.pk, role__in=ADMINISTRATORS)
            .exists()
        )


class EncryptedFactors(DefaultMFAAdapter):
    """Keeps the factors' secrets encrypted in the database, with a key made of SECRET_KEY."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not is_needed_by(authenticator.user)


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: Any) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tenants.second_factor")
    return base64.urlsafe_b64encode(derivation.derive(str(key).encode()))
