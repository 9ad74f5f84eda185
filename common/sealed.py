"""Secrets of providers at rest: sealed with keys that are not in the database.

The newest of ENCRYPTION_KEYS seals, every one of them opens, and `rotate` seals anew; so a key is
replaced by putting another in front, running `rotate_secrets`, and taking the old one away.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from common.refusals import Refused


class NoEncryptionKey(Refused):
    """The deployment has no key to keep secrets with."""


class CannotOpen(Refused):
    """The secret was sealed with a key that is no longer in ENCRYPTION_KEYS."""


def seal(text: str) -> str:
    """The text as it may be stored. Raises NoEncryptionKey."""
    return _cipher().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text again. Raises NoEncryptionKey, CannotOpen."""
    try:
        return _cipher().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise _cannot_open() from None


def rotate(sealed: str) -> str:
    """The same secret, sealed with the newest key. Raises NoEncryptionKey, CannotOpen."""
    try:
        return _cipher().rotate(sealed.encode()).decode()
    except InvalidToken:
        raise _cannot_open() from None


def _cannot_open() -> CannotOpen:
    return CannotOpen(
        _("The stored secret cannot be opened with the keys of this installation; enter it again.")
    )


def _cipher() -> MultiFernet:
    if not settings.ENCRYPTION_KEYS:
        raise NoEncryptionKey(
            _("This installation has no key to keep secrets with: ENCRYPTION_KEYS is not set.")
        )
    return MultiFernet([Fernet(_derived(key)) for key in settings.ENCRYPTION_KEYS])


def _derived(key: str) -> bytes:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"common.sealed")
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
