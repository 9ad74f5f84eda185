"""What the pretend Entra decides: may this application ask, who may consent, what is exchanged.

Errors carry the numbers of the real service (AADSTS...), because that is what people look up and
what the portal's own sentences are chosen by.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings
from django.db import transaction

from sandbox.cloud import tokens
from sandbox.cloud.tenants import ANY
from sandbox.models import (
    CloudConsent,
    CloudGrant,
    CloudObject,
    CloudRegistration,
    CloudTenant,
    Fault,
    Kind,
)

CODE_LIFETIME = timedelta(minutes=5)
REFRESH_LIFETIME = timedelta(days=1)
CONSENTING_ROLES = {"Global Administrator", "Privileged Role Administrator"}
BASIC_SCOPES = {"openid", "profile", "email", "offline_access", "User.Read"}
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class EntraRefusal(Exception):
    """An OAuth error: its code, the AADSTS number, a text and the HTTP status."""

    error: str
    number: int
    text: str
    status: int = 400

    def __str__(self) -> str:
        return f"AADSTS{self.number}: {self.text}"


def registration_of(client_id: str) -> CloudRegistration:
    """Raises EntraRefusal when no application has this id."""
    try:
        found = CloudRegistration.objects.filter(pk=UUID(client_id)).first()
    except ValueError:
        found = None
    if found is None:
        shown = client_id[:40]
        raise EntraRefusal(
            "unauthorized_client", 700016, f"Application with identifier '{shown}' was not found."
        )
    return found


def check_redirect(uri: str, *, host: str) -> None:
    """The pretend applications are registered for every address of the portal's own host."""
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"} or parts.netloc != host or parts.fragment:
        raise EntraRefusal(
            "invalid_request",
            50011,
            "The redirect URI specified in the request does not match the redirect URIs "
            "configured for the application.",
        )


def consent_in(tenant: CloudTenant, registration: CloudRegistration) -> CloudConsent | None:
    return CloudConsent.objects.filter(cloud_tenant=tenant, registration=registration).first()


def grant_consent(
    *, tenant: CloudTenant, registration: CloudRegistration, by: CloudObject, now: datetime
) -> None:
    """An administrator's Accept: everything the registration asks for, all at once.

    Raises EntraRefusal for people who may not consent for their organisation.
    """
    if not may_consent(by):
        raise EntraRefusal(
            "access_denied",
            90094,
            "The grant requires admin permission; ask an administrator of the organisation.",
        )
    CloudConsent.objects.update_or_create(
        cloud_tenant=tenant,
        registration=registration,
        defaults={
            "roles": registration.roles,
            "granted_at": now,
            "granted_by": by.body["userPrincipalName"],
        },
    )


def may_consent(user: CloudObject) -> bool:
    return bool(CONSENTING_ROLES & set(user.hidden.get("directoryRoles", [])))


def new_grant(
    *,
    tenant: CloudTenant,
    registration: CloudRegistration,
    user_id: str,
    scope: str,
    now: datetime,
    is_refresh: bool = False,
    **code: str,
) -> str:
    """A fresh authorization code or refresh token, as text."""
    secret = tokens.new_secret()
    CloudGrant.objects.create(
        hash=tokens.hashed(secret),
        cloud_tenant=tenant,
        registration=registration,
        is_refresh=is_refresh,
        user_id=user_id,
        scope=scope,
        expires_at=now + (REFRESH_LIFETIME if is_refresh else CODE_LIFETIME),
        **code,
    )
    return secret


def token_answer(
    *, tenant: CloudTenant | None, form: dict[str, str], now: datetime
) -> dict[str, Any]:
    """The answer of the token endpoint to a form. Raises EntraRefusal.

    `tenant` is None at the endpoint for all organisations, where only people's codes are taken.
    """
    registration = registration_of(form.get("client_id", ""))
    if tenant is not None and tenant.fault == Fault.EXPIRED_SECRET:
        raise EntraRefusal(
            "invalid_client", 7000222, "The provided client secret keys are expired.", 401
        )
    _authenticate(registration, form, now)
    match form.get("grant_type", ""):
        case "client_credentials" if tenant is not None:
            return _for_application(tenant, registration, form, now)
        case "authorization_code":
            return _for_code(tenant, registration, form, now)
        case "refresh_token":
            return _for_refresh(tenant, registration, form, now)
    raise EntraRefusal("unsupported_grant_type", 70003, "The grant type is not supported.")


def _authenticate(registration: CloudRegistration, form: dict[str, str], now: datetime) -> None:
    secret = form.get("client_secret")
    if secret is not None:
        given = tokens.hashed(secret)
        if not any(hmac.compare_digest(given, known) for known in registration.secret_hashes):
            raise EntraRefusal("invalid_client", 7000215, "Invalid client secret provided.", 401)
    elif form.get("client_assertion_type") == ASSERTION:
        _check_assertion(registration, form.get("client_assertion", ""))
    else:
        raise EntraRefusal(
            "invalid_client",
            7000218,
            "The request body must contain: 'client_assertion' or 'client_secret'.",
            401,
        )


def _check_assertion(registration: CloudRegistration, assertion: str) -> None:
    """A certificate's signature over the application's own id (RFC 7523)."""
    for pem in registration.certificates:
        key = load_pem_x509_certificate(pem.encode()).public_key()
        text = key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        try:
            claims = jwt.decode(
                assertion,
                text,
                algorithms=["RS256", "PS256"],
                options={"verify_aud": False, "require": ["exp", "sub"]},
            )
        except jwt.InvalidTokenError:
            continue
        if claims["sub"] == str(registration.pk):
            return
    raise EntraRefusal(
        "invalid_client", 700027, "The certificate used to sign the assertion is not known.", 401
    )


def _for_application(
    tenant: CloudTenant, registration: CloudRegistration, form: dict[str, str], now: datetime
) -> dict[str, Any]:
    if form.get("scope") != f"{tokens.GRAPH}/.default":
        raise EntraRefusal("invalid_scope", 70011, "The provided value for scope is not valid.")
    consent = consent_in(tenant, registration)
    if consent is None or tenant.fault == Fault.EXPIRED_CONSENT:
        raise EntraRefusal(
            "unauthorized_client",
            700016,
            f"Application with identifier '{registration.pk}' was not found in the directory "
            f"'{tenant.name}'. It has not been consented to by any administrator.",
        )
    token = tokens.application_token(
        tenant=tenant, registration=registration, roles=consent.roles, now=now
    )
    return _bearer(token)


def _bearer(token: str) -> dict[str, Any]:
    seconds = int(tokens.LIFETIME.total_seconds())
    return {
        "token_type": "Bearer",
        "expires_in": seconds - 1,
        "ext_expires_in": seconds - 1,
        "access_token": token,
    }


def _taken(
    registration: CloudRegistration, secret: str, now: datetime, *, is_refresh: bool
) -> CloudGrant:
    """The grant, which is gone from then on: two exchanges of one code cannot both win."""
    with transaction.atomic():
        grant = (
            CloudGrant.objects.select_for_update()
            .select_related("cloud_tenant")
            .filter(pk=tokens.hashed(secret), registration=registration, is_refresh=is_refresh)
            .first()
        )
        if grant is not None:
            CloudGrant.objects.filter(pk=grant.pk).delete()
    if grant is None:
        raise EntraRefusal("invalid_grant", 54005, "The code was already redeemed or is unknown.")
    if grant.expires_at <= now:
        raise EntraRefusal("invalid_grant", 70008, "The code or refresh token has expired.")
    return grant


def _for_code(
    tenant: CloudTenant | None, registration: CloudRegistration, form: dict[str, str], now: datetime
) -> dict[str, Any]:
    grant = _taken(registration, form.get("code", ""), now, is_refresh=False)
    if tenant is not None and grant.cloud_tenant_id != tenant.pk:
        raise EntraRefusal("invalid_grant", 50000, "The code was issued for another tenant.")
    if grant.redirect_uri != form.get("redirect_uri"):
        raise EntraRefusal("invalid_grant", 50011, "The redirect URI is not that of the request.")
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if not hmac.compare_digest(challenge, grant.challenge):
        raise EntraRefusal("invalid_grant", 501481, "The code verifier does not match.")
    return _for_person(grant, registration, now)


def _for_refresh(
    tenant: CloudTenant | None, registration: CloudRegistration, form: dict[str, str], now: datetime
) -> dict[str, Any]:
    grant = _taken(registration, form.get("refresh_token", ""), now, is_refresh=True)
    if tenant is not None and grant.cloud_tenant_id != tenant.pk:
        raise EntraRefusal("invalid_grant", 50000, "The token was issued for another tenant.")
    return _for_person(grant, registration, now)


def _for_person(
    grant: CloudGrant, registration: CloudRegistration, now: datetime
) -> dict[str, Any]:
    tenant = grant.cloud_tenant
    user = user_of(tenant, grant.user_id)
    if user is None or not user.body["accountEnabled"]:
        raise EntraRefusal("invalid_grant", 50057, "The user account is disabled.")
    scopes = grant.scope.split()
    answer = _bearer(
        tokens.delegated_token(
            tenant=tenant,
            registration=registration,
            user=user.body,
            scopes=[s for s in scopes if s not in {"openid", "profile", "offline_access"}],
            now=now,
        )
    )
    answer["scope"] = grant.scope
    answer["client_info"] = tokens.client_info(tenant=tenant, user_id=grant.user_id)
    if "openid" in scopes:
        answer["id_token"] = tokens.id_token(
            tenant=tenant,
            registration=registration,
            user=user.body,
            roles=app_roles_of(user, registration),
            groups=groups_of(user),
            nonce=grant.nonce,
            now=now,
        )
    if "offline_access" in scopes:
        answer["refresh_token"] = new_grant(
            tenant=tenant,
            registration=registration,
            user_id=grant.user_id,
            scope=grant.scope,
            now=now,
            is_refresh=True,
        )
    return answer


def app_roles_of(user: CloudObject, registration: CloudRegistration) -> list[str]:
    """The roles the person was given in this application, of those it defines."""
    return [role for role in user.hidden.get("appRoles", []) if role in registration.app_roles]


def groups_of(user: CloudObject) -> list[str]:
    return list(
        CloudObject.objects.filter(
            cloud_tenant_id=user.cloud_tenant_id,
            kind=Kind.GROUP,
            removed=False,
            hidden__members__contains=[user.object_id],
        )
        .order_by("object_id")
        .values_list("object_id", flat=True)
    )


def user_of(tenant: CloudTenant, key: str) -> CloudObject | None:
    """A person by object id or user principal name."""
    if "\x00" in key:
        return None
    people = CloudObject.objects.filter(cloud_tenant=tenant, kind=Kind.USER, removed=False)
    return (
        people.filter(object_id=key).first()
        or people.filter(body__userPrincipalName__iexact=key).first()
    )


def openid_configuration(tenant: CloudTenant | None, *, browser: str) -> dict[str, Any]:
    """The discovery document of an organisation, or (None) of the endpoint for all of them.

    `browser` is the origin at which people reach the portal.
    """
    login = settings.MICROSOFT_CLOUDS["sandbox"]["login"]
    place = tenant.pk if tenant else ANY
    return {
        "issuer": tokens.issuer(tenant) if tenant else f"{login}/{{tenantid}}/v2.0",
        "authorization_endpoint": f"{browser}/sandbox/login/{place}/oauth2/v2.0/authorize",
        "token_endpoint": f"{login}/{place}/oauth2/v2.0/token",
        "jwks_uri": f"{login}/{place}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "code_challenge_methods_supported": ["S256"],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nbf", "name", "oid", "tid"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "sandbox",
    }
