"""Programs' tokens: made and shown once, recognised by a keyed hash, revoked.

A token is `tem_`, eight letters that name it, `_` and 43 letters nobody can guess. The database
has only its HMAC under a pepper that is made of SECRET_KEY, so a copy of the database lets nobody
in. A key that was replaced goes on working while it stands in SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import record
from common.api import ApiRefused
from common.refusals import Refused
from common.tenancy import across_tenants
from tenants.bearers import CHALLENGE, Caller
from tenants.models import ApiToken, Membership, User
from tenants.models.api_token import GIVEN_BY, WORD, Scope

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class ScopeNotYours(Refused):
    """A person tried to let a program do what they may not do themselves."""


class AlreadyRevoked(Refused):
    """The token was revoked before."""


@dataclass(frozen=True)
class NewToken:
    """A token just made; `secret` is the whole of it and is never to be had again."""

    token: ApiToken
    secret: str


def scopes_of(membership: Membership) -> list[Scope]:
    """The scopes that this member may give to a program."""
    return [scope for scope in Scope if membership.may(GIVEN_BY[scope])]


def create_token(
    *,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None,
    membership: Membership,
    by: User,
    now: datetime,
) -> NewToken:
    """Make a token of the tenant in scope. Raises ScopeNotYours."""
    if not set(scopes) <= set(scopes_of(membership)):
        raise ScopeNotYours(
            _("You can only let a program do what your own role includes."), field="scopes"
        )
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    secret = f"{WORD}_{prefix}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        token = ApiToken.objects.create(
            name=name,
            prefix=prefix,
            digest=_digest(secret, settings.SECRET_KEY),
            scopes=sorted(scopes),
            expires_at=expires_at,
            created_at=now,
            created_by=by,
        )
        record(
            by=by,
            action="token.created",
            subject=token,
            after={
                "prefix": prefix,
                "scopes": sorted(scopes),
                "expires_at": expires_at.isoformat() if expires_at else None,
            },
        )
    return NewToken(token=token, secret=secret)


def revoke_token(*, token: ApiToken, by: User, now: datetime) -> None:
    """Let the token open nothing from now on. Raises AlreadyRevoked."""
    with transaction.atomic():
        open_ones = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
        if not open_ones.update(revoked_at=now):
            raise AlreadyRevoked(_("This token was revoked before."))
        record(by=by, action="token.revoked", subject=token, before={"prefix": token.prefix})


def authenticate(secret: str, now: datetime) -> Caller | None:
    """The caller whose token this is, or None. Raises ApiRefused for one that has had its day."""
    prefix = secret[len(WORD) + 1 :].partition("_")[0]
    with across_tenants("a bearer token tells which tenant it is for"):
        token = ApiToken.objects.select_related("tenant").filter(prefix=prefix).first()
        if token is None or not _is_of(token, secret):
            return None
        if token.state(now) != "active":
            message = f"This token is {token.state(now)}; make a new one in the portal."
            raise ApiRefused(401, f"token_{token.state(now)}", message, headers=CHALLENGE)
        _note_use(token, now)
    return Caller(key=f"token:{token.pk}", tenant=token.tenant, scopes=frozenset(token.scopes))


def _note_use(token: ApiToken, now: datetime) -> None:
    """At most one write a minute, whatever a program does."""
    stale = now - _USE_IS_NOTED_EVERY
    if token.last_used_at is not None and token.last_used_at > stale:
        return
    unnoted = models.Q(last_used_at__isnull=True) | models.Q(last_used_at__lte=stale)
    ApiToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)


def _is_of(token: ApiToken, secret: str) -> bool:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(token.digest, _digest(secret, key)) for key in keys)


def _digest(secret: str, key: str | bytes) -> str:
    pepper = hashlib.sha256(b"tenants.api_tokens:" + str(key).encode()).digest()
    return hmac.new(pepper, secret.encode(), hashlib.sha256).hexdigest()
