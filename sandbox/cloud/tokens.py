"""The pretend Entra's keys and tokens: made here, and really checked by the pretend Graph."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from jwt.algorithms import RSAAlgorithm

from sandbox.models import CloudKey, CloudRegistration, CloudTenant

GRAPH = "https://graph.microsoft.com"
LIFETIME = timedelta(hours=1)


class TokenRefused(Exception):
    """The bearer token is not one that Graph takes; the text says why."""


def issuer(tenant: CloudTenant) -> str:
    return f"{settings.MICROSOFT_CLOUDS['sandbox']['login']}/{tenant.pk}/v2.0"


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def signing_key() -> CloudKey:
    """The newest key; the first is made when there is none."""
    found = CloudKey.objects.order_by("-created_at", "kid").first()
    return found or add_key()


def add_key() -> CloudKey:
    """A new key, which signs from now on. Old ones still vouch for what they signed."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return CloudKey.objects.create(kid=secrets.token_urlsafe(12), private_pem=pem.decode())


def key_set(tenant: CloudTenant | None = None) -> dict[str, Any]:
    """The public keys as `/discovery/v2.0/keys` answers them."""
    return {"keys": [_public(key, tenant) for key in CloudKey.objects.order_by("kid")]}


def _public(key: CloudKey, tenant: CloudTenant | None) -> dict[str, Any]:
    private = serialization.load_pem_private_key(key.private_pem.encode(), password=None)
    public = json.loads(RSAAlgorithm.to_jwk(private.public_key()))  # type: ignore[arg-type]
    found = {"kty": "RSA", "use": "sig", "kid": key.kid, "n": public["n"], "e": public["e"]}
    return {**found, "issuer": issuer(tenant)} if tenant else found


def signed(claims: dict[str, Any]) -> str:
    key = signing_key()
    return jwt.encode(claims, key.private_pem, algorithm="RS256", headers={"kid": key.kid})


def _times(now: datetime) -> dict[str, int]:
    begin = int(now.timestamp())
    return {"iat": begin, "nbf": begin, "exp": begin + int(LIFETIME.total_seconds())}


def application_token(
    *, tenant: CloudTenant, registration: CloudRegistration, roles: list[str], now: datetime
) -> str:
    """An access token for Graph with application permissions."""
    principal = str(uuid.uuid5(tenant.pk, str(registration.pk)))
    return signed(
        {
            "aud": GRAPH,
            "iss": issuer(tenant),
            **_times(now),
            "app_displayname": registration.name,
            "appid": str(registration.pk),
            "idtyp": "app",
            "oid": principal,
            "sub": principal,
            "roles": sorted(roles),
            "tid": str(tenant.pk),
            "uti": secrets.token_urlsafe(16),
            "ver": "1.0",
        }
    )


def delegated_token(
    *,
    tenant: CloudTenant,
    registration: CloudRegistration,
    user: dict[str, Any],
    scopes: list[str],
    now: datetime,
) -> str:
    """An access token for Graph on behalf of a person."""
    return signed(
        {
            "aud": GRAPH,
            "iss": issuer(tenant),
            **_times(now),
            "appid": str(registration.pk),
            "idtyp": "user",
            "oid": user["id"],
            "sub": user["id"],
            "name": user["displayName"],
            "upn": user["userPrincipalName"],
            "scp": " ".join(scopes),
            "tid": str(tenant.pk),
            "uti": secrets.token_urlsafe(16),
            "ver": "1.0",
        }
    )


def id_token(
    *,
    tenant: CloudTenant,
    registration: CloudRegistration,
    user: dict[str, Any],
    roles: list[str],
    groups: list[str],
    nonce: str,
    now: datetime,
) -> str:
    """An ID token for the application, with the person's app roles and groups."""
    claims: dict[str, Any] = {
        "aud": str(registration.pk),
        "iss": issuer(tenant),
        **_times(now),
        "name": user["displayName"],
        "oid": user["id"],
        "preferred_username": user["userPrincipalName"],
        "email": user["mail"],
        "sub": hashed(f"{registration.pk} {user['id']}")[:43],
        "tid": str(tenant.pk),
        "uti": secrets.token_urlsafe(16),
        "ver": "2.0",
        "groups": groups,
    }
    if roles:
        claims["roles"] = roles
    if nonce:
        claims["nonce"] = nonce
    return signed(claims)


def client_info(*, tenant: CloudTenant, user_id: str) -> str:
    """What MSAL tells accounts apart by."""
    text = json.dumps({"uid": user_id, "utid": str(tenant.pk)})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def checked(token: str) -> dict[str, Any]:
    """The claims of an access token for Graph. Raises TokenRefused."""
    try:
        kid = jwt.get_unverified_header(token).get("kid", "")
        key = CloudKey.objects.filter(kid=str(kid).replace("\x00", "")).first()
        if key is None:
            raise TokenRefused("Invalid signature: the key is not known.")
        private = serialization.load_pem_private_key(key.private_pem.encode(), password=None)
        claims = jwt.decode(
            token,
            private.public_key(),  # type: ignore[arg-type]
            algorithms=["RS256"],
            audience=GRAPH,
            options={"require": ["exp", "nbf", "aud", "iss", "tid"]},
        )
    except jwt.ExpiredSignatureError:
        raise TokenRefused("Lifetime validation failed, the token is expired.") from None
    except jwt.InvalidAudienceError:
        raise TokenRefused("Access token validation failure. Invalid audience.") from None
    except jwt.InvalidTokenError:
        raise TokenRefused("CompactToken parsing failed or the signature is invalid.") from None
    login = settings.MICROSOFT_CLOUDS["sandbox"]["login"]
    if claims["iss"] != f"{login}/{claims['tid']}/v2.0":
        raise TokenRefused("Access token validation failure. Invalid issuer.")
    return claims
