"""Secrets of tokens: made, and kept as a keyed hash only.

A token is a word that names its kind, eight letters that name it, and 43 letters nobody can guess.
The database has only its HMAC under a pepper that is made of SECRET_KEY, so a copy of the database
lets nobody in. A key that was replaced goes on working while it stands in SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from django.conf import settings

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Made:
    """A secret just made: what names it, what is kept, and the whole, never to be had again."""

    prefix: str
    digest: str
    secret: str = field(repr=False)


def make_secret(word: str, *, kind: str) -> Made:
    """A new secret that begins with `word`; `kind` keeps the hashes of two kinds apart."""
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    secret = f"{word}_{prefix}_{secrets.token_urlsafe(32)}"
    return Made(prefix=prefix, digest=_digest(secret, settings.SECRET_KEY, kind), secret=secret)


def prefix_of(secret: str, *, word: str) -> str:
    """The letters that name a token, as somebody sent it."""
    return secret[len(word) + 1 :].partition("_")[0]


def is_secret(secret: str, *, digest: str, kind: str) -> bool:
    """Whether this is the secret that was kept as `digest`."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(digest, _digest(secret, key, kind)) for key in keys)


def _digest(secret: str, key: str | bytes, kind: str) -> str:
    pepper = hashlib.sha256(f"{kind}:{key}".encode()).digest()
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()
