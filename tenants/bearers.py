"""Who speaks through the API: a bearer token tells, and whoever issues tokens registers here.

Every token begins with a word that names its issuer (`tem_...` is a program's). An app that
gives out tokens of another kind, to a phone for instance, registers a word and a function of
its own; the frame treats all callers alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from common.api import ApiRefused
from tenants.models import Tenant

UNKNOWN = "The bearer token is missing or not known. Send: Authorization: Bearer <token>."
CHALLENGE = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True)
class Caller:
    """Somebody who may call: in which tenant, and for what.

    `key` names the token for rate limits and kept answers, as `token:12`.
    """

    key: str
    tenant: Tenant
    scopes: frozenset[str]


Authenticate = Callable[[str, datetime], "Caller | None"]
"""Takes a whole token and the time; None when no such token is valid. May raise ApiRefused."""

_issuers: dict[str, Authenticate] = {}


def register_bearers(word: str, authenticate: Authenticate) -> None:
    """Let `authenticate` judge the tokens that begin with `word` and an underscore."""
    _issuers[word] = authenticate


def caller_of(*, authorization: str, now: datetime) -> Caller:
    """The caller whom an Authorization header names. Raises ApiRefused (401, 403)."""
    kind, _, token = authorization.partition(" ")
    token = token.strip()
    authenticate = _issuers.get(token.partition("_")[0])
    caller = None
    if kind.lower() == "bearer" and authenticate is not None and token.isascii():
        caller = authenticate(token, now)
    if caller is None:
        raise ApiRefused(401, "unauthorized", UNKNOWN, headers=CHALLENGE)
    if caller.tenant.suspended_at:
        raise ApiRefused(403, "tenant_suspended", "The tenant of this token is suspended.")
    return caller
