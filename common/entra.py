"""Microsoft Entra: tokens for applications, sign-in of people, and what can go wrong with both.

MSAL does the protocol. What MSAL does not do is done here: an ID token is believed only after its
signature, issuer, audience, times, nonce and tenant were checked.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

import jwt
import msal
import requests
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509 import load_pem_x509_certificate
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.clouds import CloudAddresses, session_for

# A form_post answer is a POST from another site, with which a SameSite=Lax session does not come.
warnings.filterwarnings("ignore", "response_mode", UserWarning)

ANY_ORGANISATION = "organizations"
LEEWAY_SECONDS = 60
KEYS_KEPT_SECONDS = 24 * 60 * 60
KEYS_ASKED_EVERY_SECONDS = 60
_DOMAIN = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_NUMBER = re.compile(r"AADSTS(\d+)")


class EntraError(Exception):
    """Entra said no, or nothing. `sentence` is for the screen, `reference` for support.

    `number` is the AADSTS number, 0 where there is none. Nothing of it holds a secret.
    """

    def __init__(
        self, sentence: str | Promise, *, number: int = 0, reference: str = "", detail: str = ""
    ) -> None:
        self.sentence = sentence
        self.number = number
        self.reference = reference
        self.detail = detail
        super().__init__(f"{type(self).__name__} {number} {reference} {detail}".strip())


class NotATenantName(EntraError):
    """Neither a GUID nor a domain."""


class NoSuchDirectory(EntraError):
    """Entra knows no tenant of this id or domain."""


class ConsentMissing(EntraError):
    """The application is not, or no longer, accepted in the tenant."""


class SecretRefused(EntraError):
    """The application's secret or certificate is wrong or expired."""


class SignInRefused(EntraError):
    """The person cancelled, may not sign in, or the answer is not one to our question."""


class EntraUnavailable(EntraError):
    """No answer, or not one that makes sense; trying again later may help."""


class TokenInvalid(EntraError):
    """An ID token that is not to be believed."""


@dataclass(frozen=True)
class EntraApp:
    """An application registration. `certificate` is a private key and a certificate, both PEM."""

    client_id: str
    secret: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)

    def credential(self) -> Any:
        """What MSAL calls client_credential."""
        if self.certificate:
            public = self.certificate[self.certificate.index("-----BEGIN CERTIFICATE-----") :]
            return {
                "private_key": self.certificate,
                "thumbprint": _thumbprint(public),
                "public_certificate": public,
            }
        return self.secret


def _thumbprint(pem: str) -> str:
    # The thumbprint names the certificate and protects nothing; Entra looks it up by SHA-1.
    return load_pem_x509_certificate(pem.encode()).fingerprint(SHA1()).hex()  # noqa: S303


def tenant_name(text: str) -> str:
    """A tenant id or verified domain in the form that may stand in an address.

    Raises NotATenantName.
    """
    name = text.strip().lower()
    try:
        return str(UUID(name)) if len(name) == 36 else _domain(name)
    except ValueError:
        raise _not_a_name() from None


def _domain(name: str) -> str:
    if not _DOMAIN.fullmatch(name):
        raise _not_a_name()
    return name


def _not_a_name() -> NotATenantName:
    return NotATenantName(
        _("Give the tenant's ID, as in 01234567-89ab-cdef-0123-456789abcdef, or its domain.")
    )


# --- the tenant -------------------------------------------------------------------------------


def find_directory(cloud: CloudAddresses, name: str) -> str:
    """The id (GUID) of the tenant with this id or domain.

    Raises NotATenantName, NoSuchDirectory, EntraUnavailable.
    """
    issuer = str(_configuration(cloud, tenant_name(name)).get("issuer", ""))
    found = re.fullmatch(re.escape(cloud.login) + r"/([0-9a-f-]{36})/v2\.0", issuer)
    if found is None:
        raise EntraUnavailable(_unclear(), detail="issuer")
    return found[1]


def _configuration(cloud: CloudAddresses, name: str) -> dict[str, Any]:
    url = f"{cloud.login}/{name}/v2.0/.well-known/openid-configuration"
    answer = _json(cloud, url)
    if answer.get("error"):
        raise _error_of(answer)
    return answer


def _json(cloud: CloudAddresses, url: str) -> dict[str, Any]:
    try:
        with session_for(cloud) as session:
            response = session.get(url)
        answer = response.json()
    except (requests.RequestException, ValueError) as error:
        raise EntraUnavailable(_unreachable(), detail=type(error).__name__) from None
    if response.status_code >= 500 or not isinstance(answer, dict):
        raise EntraUnavailable(_unclear(), detail=str(response.status_code))
    return answer


def admin_consent_url(
    cloud: CloudAddresses,
    *,
    tenant: str,
    client_id: str,
    redirect_uri: str,
    state: str,
    origin: str,
) -> str:
    """Where an administrator accepts what the registration asks for.

    The answer's `tenant` can be forged and `admin_consent=True` comes with refusals too: believe
    an answer only with our own state, and then prove the consent with `application_token`.
    `origin` is the address at which the browser reaches the portal (for the sandbox).
    """
    query = urlencode(
        {
            "client_id": client_id,
            "scope": cloud.scope,
            "redirect_uri": redirect_uri,
            "state": state,
        }
    )
    login = f"{origin}/sandbox/login" if cloud.is_sandbox else cloud.login
    return f"{login}/{tenant_name(tenant)}/v2.0/adminconsent?{query}"


# --- tokens of applications -------------------------------------------------------------------

_MOST_KEPT = 500
_kept: dict[tuple[str, str, EntraApp], Any] = {}
_keeping = threading.Lock()


def application_token(cloud: CloudAddresses, *, tenant: str, app: EntraApp) -> str:
    """An access token for Graph with application permissions; MSAL keeps it while it is good.

    Raises ConsentMissing, SecretRefused, NoSuchDirectory, EntraUnavailable.
    """
    key = (cloud.name, tenant_name(tenant), app)
    try:
        client = _client(cloud, key, app)
        answer = client.acquire_token_for_client(scopes=[cloud.scope])
    except EntraError:
        raise
    except (requests.RequestException, ValueError, msal.exceptions.MsalError) as error:
        forget_token(cloud, tenant=tenant, app=app)
        raise _why_not(cloud, key[1], error) from None
    if "access_token" not in answer:
        # MSAL repeats a refusal for a minute; a mended secret or consent shall count at once.
        forget_token(cloud, tenant=tenant, app=app)
        raise _error_of(answer)
    return str(answer["access_token"])


def forget_token(cloud: CloudAddresses, *, tenant: str, app: EntraApp) -> None:
    """Ask for a new token next time: the old one was refused, or a consent has changed."""
    with _keeping:
        _kept.pop((cloud.name, tenant_name(tenant), app), None)


def forget_everything() -> None:
    """Tokens and keys alike; for tests."""
    with _keeping:
        _kept.clear()
    _key_sets.clear()


def _client(cloud: CloudAddresses, key: tuple[str, str, EntraApp], app: EntraApp) -> Any:
    with _keeping:
        if key in _kept:
            return _kept[key]
    made = _confidential(cloud, key[1], app)
    with _keeping:
        while len(_kept) >= _MOST_KEPT:
            _kept.pop(next(iter(_kept)))
        return _kept.setdefault(key, made)


def _confidential(cloud: CloudAddresses, tenant: str, app: EntraApp) -> Any:
    return msal.ConfidentialClientApplication(
        app.client_id,
        client_credential=app.credential(),
        authority=f"{cloud.login}/{tenant}",
        http_client=session_for(cloud),
        instance_discovery=False,
    )


def _why_not(cloud: CloudAddresses, tenant: str, error: Exception) -> EntraError:
    """MSAL says "unable to get authority configuration" for an unknown tenant and an outage."""
    if isinstance(error, ValueError) and not isinstance(error, requests.RequestException):
        try:
            _configuration(cloud, tenant)
        except EntraError as found:
            return found
    return EntraUnavailable(_unreachable(), detail=type(error).__name__)


# --- sign-in of people ------------------------------------------------------------------------


def start_sign_in(
    cloud: CloudAddresses,
    *,
    app: EntraApp,
    redirect_uri: str,
    origin: str,
    tenant: str = ANY_ORGANISATION,
    login_hint: str = "",
    prompt: str | None = None,
) -> dict[str, Any]:
    """MSAL's flow: send the browser to its `auth_uri` and keep the rest in the session.

    It holds secrets (state, nonce, verifier). Raises EntraUnavailable, NoSuchDirectory.
    """
    place = tenant if tenant == ANY_ORGANISATION else tenant_name(tenant)
    try:
        client = _confidential(cloud, place, app)
        flow = client.initiate_auth_code_flow(
            scopes=["User.Read"],
            redirect_uri=redirect_uri,
            login_hint=login_hint or None,
            prompt=prompt,
        )
    except (requests.RequestException, ValueError, msal.exceptions.MsalError) as error:
        raise _why_not(cloud, place, error) from None
    if cloud.is_sandbox:
        flow["auth_uri"] = _at(origin, flow["auth_uri"])
    return {**flow, "place": place}


def _at(origin: str, url: str) -> str:
    there, parts = urlsplit(origin), urlsplit(url)
    return urlunsplit((there.scheme, there.netloc, parts.path, parts.query, ""))


def finish_sign_in(
    cloud: CloudAddresses,
    *,
    app: EntraApp,
    flow: Mapping[str, Any],
    answer: Mapping[str, str],
    directories: Iterable[str],
) -> dict[str, Any]:
    """The believed claims of whoever signed in, in one of `directories` (tenant ids).

    `flow` is what start_sign_in gave, used once; `answer` is the query of the redirect. Raises
    SignInRefused, TokenInvalid, SecretRefused, ConsentMissing, EntraUnavailable.
    """
    flow = dict(flow)
    place = str(flow.pop("place", ANY_ORGANISATION))
    try:
        client = _confidential(cloud, place, app)
        result = client.acquire_token_by_auth_code_flow(flow, dict(answer))
    except (ValueError, RuntimeError) as error:  # a state or nonce that is not ours
        raise SignInRefused(
            _("The answer does not belong to this sign-in. Start again."),
            detail=type(error).__name__,
        ) from None
    except (requests.RequestException, msal.exceptions.MsalError) as error:
        raise EntraUnavailable(_unreachable(), detail=type(error).__name__) from None
    if "id_token" not in result:
        raise _error_of(result)
    nonce = str(flow.get("nonce", ""))
    return believed(
        cloud, str(result["id_token"]), audience=app.client_id, directories=directories, nonce=nonce
    )


def believed(
    cloud: CloudAddresses,
    token: str,
    *,
    audience: str,
    directories: Iterable[str],
    nonce: str = "",
) -> dict[str, Any]:
    """The claims of an ID token in which everything is right. Raises TokenInvalid.

    Checked: RS256 signature by a published key, issuer, audience, exp, nbf and iat within a
    minute, tid among `directories`, an object id. MSAL hashes the nonce it sends, so `nonce` is
    compared as MSAL keeps it.
    """
    try:
        unchecked = jwt.decode(token, options={"verify_signature": False})
        directory = str(UUID(str(unchecked.get("tid"))))
        if directory not in {str(UUID(each)) for each in directories}:
            raise _not_believed("tid", _("Your organisation is not connected to this portal."))
        claims = jwt.decode(
            token,
            _signing_key(cloud, directory, str(jwt.get_unverified_header(token).get("kid"))),
            algorithms=["RS256"],
            audience=audience,
            issuer=f"{cloud.login}/{directory}/v2.0",
            leeway=LEEWAY_SECONDS,
            options={"require": ["exp", "nbf", "iat", "aud", "iss", "sub"]},
        )
        claims["oid"] = str(UUID(str(claims.get("oid"))))
    except (jwt.InvalidTokenError, ValueError) as error:
        raise _not_believed(type(error).__name__) from None
    if nonce and claims.get("nonce") != _hashed_nonce(nonce):
        raise _not_believed("nonce")
    return claims


def _hashed_nonce(nonce: str) -> str:
    return hashlib.sha256(nonce.encode("ascii", "replace")).hexdigest()


def _not_believed(detail: str, sentence: str | Promise | None = None) -> TokenInvalid:
    return TokenInvalid(
        sentence or _("Microsoft's answer could not be verified. Start again."), detail=detail
    )


_key_sets: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}


def _signing_key(cloud: CloudAddresses, directory: str, kid: str) -> Any:
    """A published key. An unknown one is looked for again, at most once a minute."""
    place = (cloud.name, directory)
    asked, keys = _key_sets.get(place, (0.0, {}))
    age = time.monotonic() - asked
    if not keys or age > KEYS_KEPT_SECONDS or (kid not in keys and age > KEYS_ASKED_EVERY_SECONDS):
        keys = _published_keys(cloud, directory)
        while len(_key_sets) >= _MOST_KEPT:
            _key_sets.pop(next(iter(_key_sets)))
        _key_sets[place] = (time.monotonic(), keys)
    if kid not in keys:
        raise _not_believed("kid")
    return keys[kid]


def _published_keys(cloud: CloudAddresses, directory: str) -> dict[str, Any]:
    answer = _json(cloud, f"{cloud.login}/{directory}/discovery/v2.0/keys")
    try:
        return {
            str(key["kid"]): jwt.PyJWK(key, algorithm="RS256").key
            for key in answer["keys"]
            if key.get("kty") == "RSA"
        }
    except (jwt.PyJWTError, KeyError, TypeError, AttributeError):
        raise EntraUnavailable(_unclear(), detail="keys") from None


def refusal_in(answer: Mapping[str, str]) -> EntraError | None:
    """The refusal that an answer to the browser carries, if any; `admin_consent` says nothing."""
    return _error_of(answer) if answer.get("error") else None


# --- errors -----------------------------------------------------------------------------------


def _error_of(answer: Mapping[str, Any]) -> EntraError:
    """The error that an answer of Entra stands for, told by its AADSTS number."""
    codes = answer.get("error_codes")
    text = str(answer.get("error_description", ""))
    found = _NUMBER.search(text)
    number = int(codes[0]) if isinstance(codes, list) and codes else int(found[1]) if found else 0
    reference = re.sub(r"[^\w-]", "", str(answer.get("correlation_id") or ""))[:64]
    kind, sentence = _MEANINGS.get(number, (None, None))
    if kind is None or sentence is None:
        kind, sentence = _by_word(str(answer.get("error", "")))
    return kind(
        sentence,
        number=number,
        reference=reference,
        detail=re.sub(r"[^\w]", "", str(answer.get("error", "")))[:40],
    )


_Meaning = tuple[type[EntraError], Any]
_NO_DIRECTORY: _Meaning = (
    NoSuchDirectory,
    _("Microsoft knows no tenant with this ID or domain. Check it, and which cloud it is in."),
)
_NO_CONSENT: _Meaning = (
    ConsentMissing,
    _("The application is not accepted in this tenant. Let a global administrator consent again."),
)
_BAD_SECRET: _Meaning = (
    SecretRefused,
    _("Microsoft refused the application's secret or certificate. Enter a new one."),
)
_OLD_SECRET: _Meaning = (
    SecretRefused,
    _("The application's secret or certificate has expired. Enter a new one."),
)
_CANCELLED: _Meaning = (SignInRefused, _("It was cancelled; nothing has been changed."))
_NOT_ALLOWED: _Meaning = (
    SignInRefused,
    _("This account may not do that. It takes a global administrator of the organisation."),
)
_MEANINGS: dict[int, _Meaning] = {
    90002: _NO_DIRECTORY,
    900023: _NO_DIRECTORY,
    900021: _NO_DIRECTORY,
    700016: _NO_CONSENT,
    65001: _NO_CONSENT,
    7000229: _NO_CONSENT,
    650052: _NO_CONSENT,
    7000112: _NO_CONSENT,
    7000215: _BAD_SECRET,
    700027: _BAD_SECRET,
    7000222: _OLD_SECRET,
    65004: _CANCELLED,
    90094: _NOT_ALLOWED,
    90093: _NOT_ALLOWED,
}


def error_of_redirect(answer: Mapping[str, str]) -> EntraError | None:
    """What a redirect's `error` stands for; None when it has none."""
    return _error_of(answer) if answer.get("error") else None


def _by_word(word: str) -> _Meaning:
    if word == "access_denied":
        return _CANCELLED
    if word == "invalid_client":
        return _BAD_SECRET
    if word in {"temporarily_unavailable", "server_error", ""}:
        return EntraUnavailable, _unclear()
    return SignInRefused, _("Microsoft refused the sign-in. Start again.")


def _unreachable() -> Promise:
    return _("Microsoft Entra cannot be reached at the moment. Try again later.")


def _unclear() -> Promise:
    return _("Microsoft Entra answered something that makes no sense. Try again later.")
