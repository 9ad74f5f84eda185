"""Programs' tokens: made and shown once, recognised by a keyed hash, revoked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import record
from common.api import ApiRefused
from common.refusals import Refused
from common.tenancy import across_tenants
from tenants.bearers import CHALLENGE, Caller
from tenants.models import ApiToken, Membership, User
from tenants.models.api_token import GIVEN_BY, WORD, Scope
from tenants.token_secrets import is_secret, make_secret, prefix_of

_KIND = "tenants.api_tokens"
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
    made = make_secret(WORD, kind=_KIND)
    with transaction.atomic():
        token = ApiToken.objects.create(
            name=name,
            prefix=made.prefix,
            digest=made.digest,
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
                "prefix": made.prefix,
                "scopes": sorted(scopes),
                "expires_at": expires_at.isoformat() if expires_at else None,
            },
        )
    return NewToken(token=token, secret=made.secret)


def revoke_token(*, token: ApiToken, by: User, now: datetime) -> None:
    """Let the token open nothing from now on. Raises AlreadyRevoked."""
    with transaction.atomic():
        open_ones = ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True)
        if not open_ones.update(revoked_at=now):
            raise AlreadyRevoked(_("This token was revoked before."))
        record(by=by, action="token.revoked", subject=token, before={"prefix": token.prefix})


def authenticate(secret: str, now: datetime) -> Caller | None:
    """The caller whose token this is, or None. Raises ApiRefused for one that has had its day."""
    prefix = prefix_of(secret, word=WORD)
    with across_tenants("a bearer token tells which tenant it is for"):
        token = ApiToken.objects.select_related("tenant").filter(prefix=prefix).first()
        if token is None or not is_secret(secret, digest=token.digest, kind=_KIND):
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
