"""Sign-in and tokens by MSAL as it is, and ID tokens believed only when all of it is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.test import Client
from django.utils import timezone

from common import entra
from common.clouds import UnknownCloud, addresses
from common.entra import EntraApp, believed
from sandbox.cloud import seed, tokens
from sandbox.models import CloudRegistration, CloudTenant
from tests.cloud.conftest import SECRETS

pytestmark = pytest.mark.django_db
CONTOSO, FABRIKAM = str(seed.CONTOSO.id), str(seed.FABRIKAM.id)
APP = EntraApp(*SECRETS["tem_app"])
BACK = "http://testserver/accounts/microsoft/answer/"


@pytest.fixture
def sandbox(cloud, inside):
    return addresses("sandbox")


def sign_in_as(account: str, flow: dict) -> dict[str, str]:
    """The answer that the browser brings back after choosing the account and accepting."""
    sent = {"account": account, "answer": "accept"}
    answer = Client().post(flow["auth_uri"].removeprefix("http://testserver"), sent)
    assert answer.status_code == 302, answer.content.decode()
    return dict(parse_qsl(urlsplit(answer["Location"]).query))


def start(sandbox, **changed):
    return entra.start_sign_in(
        sandbox, app=APP, redirect_uri=BACK, origin="http://testserver", **changed
    )


def finish(sandbox, flow, answer, directories=(CONTOSO,)):
    return entra.finish_sign_in(sandbox, app=APP, flow=flow, answer=answer, directories=directories)


@pytest.mark.parametrize("tenant", ["organizations", CONTOSO, "contoso.example"])
def test_a_person_signs_in_and_the_claims_are_believed(sandbox, tenant):
    flow = start(sandbox, tenant=tenant)
    claims = finish(sandbox, flow, sign_in_as("alice@contoso.example", flow))
    assert claims["tid"] == CONTOSO
    assert claims["oid"] == str(seed.user_id(seed.CONTOSO.id, "alice"))
    assert claims["roles"] == ["global_administrator"]


def test_somebody_of_another_organisation_is_not_let_in(sandbox):
    flow = start(sandbox)
    answer = sign_in_as("charlie@fabrikam.example", flow)
    with pytest.raises(entra.TokenInvalid) as caught:
        finish(sandbox, flow, answer)
    assert caught.value.detail == "tid"


def test_an_answer_to_another_question_is_refused(sandbox):
    mine, theirs = start(sandbox), start(sandbox)
    stolen = sign_in_as("alice@contoso.example", theirs)
    with pytest.raises(entra.SignInRefused):
        finish(sandbox, mine, stolen)
    with pytest.raises(entra.EntraError):  # our own state with a stolen code: nonce or verifier
        finish(sandbox, mine, {**stolen, "state": mine["state"]})
    for forged in ({}, {"code": "x"}, {"state": mine["state"]}):
        with pytest.raises(entra.EntraError):
            finish(sandbox, mine, forged)


def test_a_cancel_has_a_sentence(sandbox):
    flow = start(sandbox)
    answer = {
        "error": "access_denied",
        "error_description": "AADSTS65004: no",
        "state": flow["state"],
    }
    with pytest.raises(entra.SignInRefused) as caught:
        finish(sandbox, flow, answer)
    assert caught.value.number == 65004
    assert "nothing has been changed" in str(caught.value.sentence)


# --- what is wrong with a token ---------------------------------------------------------------


@pytest.fixture
def claims(cloud: CloudTenant) -> dict:
    user = cloud.objects_of.get(object_id=str(seed.user_id(seed.CONTOSO.id, "alice"))).body
    token = tokens.id_token(
        tenant=cloud,
        registration=CloudRegistration.objects.get(pk=APP.client_id),
        user=user,
        roles=[],
        groups=[],
        nonce="",
        now=timezone.now(),
    )
    return jwt.decode(token, options={"verify_signature": False})


def check(sandbox, token: str, **changed):
    return believed(
        sandbox, token, **{"audience": APP.client_id, "directories": [CONTOSO], **changed}
    )


HOUR = 3600


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": f"https://login.sandbox.invalid/{FABRIKAM}/v2.0"},
        {"iss": f"https://login.microsoftonline.com/{CONTOSO}/v2.0"},
        {"aud": SECRETS["connection"][0]},
        {"aud": None},
        {"exp": lambda now: now - HOUR},
        {"exp": None},
        {"nbf": lambda now: now + HOUR},
        {"nbf": None},
        {"iat": lambda now: now + HOUR},
        {"tid": FABRIKAM},
        {"tid": None},
        {"tid": "contoso"},
        {"oid": None},
        {"oid": "alice"},
        {"sub": None},
    ],
)
def test_a_token_with_one_thing_wrong_is_not_believed(sandbox, claims, wrong):
    assert check(sandbox, tokens.signed(claims))["oid"]
    now = int(timezone.now().timestamp())
    changed = {**claims, **{k: v(now) if callable(v) else v for k, v in wrong.items()}}
    with pytest.raises(entra.TokenInvalid):
        check(sandbox, tokens.signed({k: v for k, v in changed.items() if v is not None}))


def test_a_token_that_somebody_else_signed_is_not_believed(sandbox, claims):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    head = {"kid": "test-key"}
    good = tokens.signed(claims)
    for token in (
        jwt.encode(claims, other, "RS256", headers=head),
        jwt.encode(claims, other, "RS256", headers={"kid": "unknown"}),
        jwt.encode(claims, "a shared secret of more than 32 bytes", "HS256", headers=head),
        jwt.encode(claims, None, "none", headers=head),
        good[:-8] + "AAAAAAAA",
        "a.b.c",
        "",
    ):
        with pytest.raises(entra.TokenInvalid):
            check(sandbox, token)


def test_another_nonce_is_not_believed(sandbox, claims):
    with pytest.raises(entra.TokenInvalid):
        check(sandbox, tokens.signed({**claims, "nonce": "theirs"}), nonce="ours")


def test_keys_are_asked_for_again_when_they_change_and_not_for_every_forgery(
    sandbox, claims, inside, monkeypatch
):
    assert check(sandbox, tokens.signed(claims))
    tokens.add_key()
    monkeypatch.setattr(entra, "KEYS_ASKED_EVERY_SECONDS", 0)
    assert check(sandbox, tokens.signed(claims))  # by the new key
    monkeypatch.setattr(entra, "KEYS_ASKED_EVERY_SECONDS", 60)
    before = len(inside.sent)
    for number in range(5):
        forged = jwt.encode(claims, None, "none", headers={"kid": f"made-up-{number}"})
        with pytest.raises(entra.TokenInvalid):
            check(sandbox, forged)
    assert len(inside.sent) == before


# --- tenants and applications -----------------------------------------------------------------


def test_a_directory_is_found_by_id_and_domain(sandbox):
    assert entra.find_directory(sandbox, " Contoso.EXAMPLE ") == CONTOSO
    assert entra.find_directory(sandbox, CONTOSO.upper()) == CONTOSO
    with pytest.raises(entra.NoSuchDirectory) as caught:
        entra.find_directory(sandbox, "nowhere.example")
    assert caught.value.number == 90002
    assert caught.value.reference


@pytest.mark.parametrize(
    "text",
    ["", "contoso", "../common", "contoso.example/x", "a" * 300 + ".example", "c0170500",
     "contoso.example?x", "organizations", "http://contoso.example", "contoso..example",
     "-contoso.example", "contoso.example\n", "cõntoso.example"],
)  # fmt: skip
def test_what_is_no_tenant_name_never_reaches_an_address(sandbox, inside, text):
    if text.strip() != text and text.strip():
        assert entra.tenant_name(text) == text.strip()
        return
    with pytest.raises(entra.NotATenantName):
        entra.find_directory(sandbox, text)
    assert inside.sent == []


def test_an_outage_is_told_from_an_unknown_tenant(sandbox, inside, monkeypatch):
    app = EntraApp(*SECRETS["connection"])
    with pytest.raises(entra.NoSuchDirectory):
        entra.application_token(sandbox, tenant="nowhere.example", app=app)

    def down(request, **kwargs):
        raise entra.requests.ConnectionError("refused")

    monkeypatch.setattr(inside, "send", down)
    with pytest.raises(entra.EntraUnavailable):
        entra.application_token(sandbox, tenant=CONTOSO, app=app)
    with pytest.raises(entra.EntraUnavailable):
        entra.find_directory(sandbox, CONTOSO)


def test_a_certificate_does_in_place_of_a_secret(sandbox):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEM portal")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    seed.consent(seed.CONTOSO.id, "connection", now=timezone.now())
    app = EntraApp(client_id=SECRETS["connection"][0], certificate=private + certificate)
    with pytest.raises(entra.SecretRefused):
        entra.application_token(sandbox, tenant=CONTOSO, app=app)
    CloudRegistration.objects.filter(pk=app.client_id).update(certificates=[certificate])
    assert entra.application_token(sandbox, tenant=CONTOSO, app=app)
    assert "PRIVATE" not in repr(app)


def test_tokens_are_kept_while_they_are_good(sandbox, inside):
    seed.consent(seed.CONTOSO.id, "connection", now=timezone.now())
    app = EntraApp(*SECRETS["connection"])
    first = entra.application_token(sandbox, tenant=CONTOSO, app=app)
    before = len(inside.sent)
    assert entra.application_token(sandbox, tenant=CONTOSO, app=app) == first
    assert len(inside.sent) == before
    other = EntraApp(app.client_id, "another secret")
    with pytest.raises(entra.SecretRefused):
        entra.application_token(sandbox, tenant=CONTOSO, app=other)


def test_a_link_for_consent_leads_to_the_consent_page(sandbox):
    url = entra.admin_consent_url(
        sandbox,
        tenant="contoso.example",
        client_id=SECRETS["connection"][0],
        redirect_uri=BACK,
        state="abc",
        origin="http://testserver",
    )
    page = Client().get(url.removeprefix("http://testserver"))
    assert page.status_code == 200
    real = entra.admin_consent_url(
        addresses("global"), tenant=CONTOSO, client_id="x", redirect_uri=BACK, state="s", origin="x"
    )
    assert real.startswith(f"https://login.microsoftonline.com/{CONTOSO}/v2.0/adminconsent?")


def test_the_sandbox_is_no_cloud_where_it_is_not_set(settings):
    assert addresses("us_government").graph == "https://graph.microsoft.us"
    settings.SANDBOX = False
    for name in ("sandbox", "elsewhere"):
        with pytest.raises(UnknownCloud):
            addresses(name)
