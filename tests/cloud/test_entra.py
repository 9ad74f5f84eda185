"""The pretend Entra: who may ask, who may consent, what a code is good for."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from django.test import Client
from django.utils import timezone

from sandbox.cloud import seed
from sandbox.cloud.registrations import REGISTRATIONS
from sandbox.models import CloudConsent, CloudTenant, Fault
from tests.cloud.conftest import SECRETS

pytestmark = pytest.mark.django_db
LOGIN = f"/sandbox/login/{seed.CONTOSO.id}"
BACK = "http://testserver/back/"
VERIFIER = "a-verifier-of-at-least-forty-three-characters-long"


def challenge() -> str:
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def authorize_url(key: str = "tem_app", login: str = LOGIN, **changed: str) -> str:
    query = {
        "client_id": SECRETS[key][0],
        "response_type": "code",
        "redirect_uri": BACK,
        "scope": "openid profile offline_access User.Read",
        "state": "my-state",
        "nonce": "my-nonce",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
        **changed,
    }
    return f"{login}/oauth2/v2.0/authorize?{urlencode({k: v for k, v in query.items() if v})}"


def answer_of(response) -> dict[str, str]:
    assert response.status_code == 302
    assert response["Location"].startswith(BACK)
    return {k: v[0] for k, v in parse_qs(urlsplit(response["Location"]).query).items()}


def token(grant_type: str, key: str = "tem_app", login: str = LOGIN, **form: str):
    client_id, secret = SECRETS[key]
    sent = {"client_id": client_id, "client_secret": secret, "grant_type": grant_type, **form}
    return Client().post(f"{login}/oauth2/v2.0/token", sent)


def a_code(account: str = "alice@contoso.example", **changed: str) -> str:
    url = authorize_url(**changed)
    return answer_of(Client().post(url, {"account": account, "answer": "accept"}))["code"]


def exchange(code: str, **changed: str):
    form = {"code": code, "code_verifier": VERIFIER, "redirect_uri": BACK, **changed}
    return token("authorization_code", **form)


def test_the_configuration_names_the_tenant_by_id_even_when_asked_by_domain(cloud):
    for name in (str(seed.CONTOSO.id), "contoso.example", "CONTOSO.example"):
        answer = Client().get(f"/sandbox/login/{name}/v2.0/.well-known/openid-configuration")
        assert answer.json()["issuer"] == f"https://login.sandbox.invalid/{seed.CONTOSO.id}/v2.0"
    unknown = Client().get("/sandbox/login/nowhere.example/v2.0/.well-known/openid-configuration")
    assert unknown.status_code == 400
    assert unknown.json()["error_codes"] == [90002]


def test_from_the_account_over_the_consent_to_tokens(cloud):
    client, url = Client(), authorize_url()
    picked = client.get(url).content.decode()
    assert "alice@contoso.example" in picked
    assert "charlie@fabrikam.example" not in picked
    asked = client.post(url, {"account": "alice@contoso.example"}).content.decode()
    assert "Accept" in asked
    answer = answer_of(client.post(url, {"account": "alice@contoso.example", "answer": "accept"}))
    assert answer["state"] == "my-state"
    got = exchange(answer["code"]).json()
    claims = jwt.decode(got["id_token"], options={"verify_signature": False})
    assert claims["aud"] == SECRETS["tem_app"][0]
    assert claims["tid"] == str(seed.CONTOSO.id)
    assert claims["oid"] == str(seed.user_id(seed.CONTOSO.id, "alice"))
    assert (claims["nonce"], claims["roles"]) == ("my-nonce", ["global_administrator"])
    renewed = token("refresh_token", refresh_token=got["refresh_token"])
    assert renewed.status_code == 200
    again = token("refresh_token", refresh_token=got["refresh_token"])
    assert again.json()["error"] == "invalid_grant"


def test_cancel_is_told_to_the_application(cloud):
    sent = {"account": "alice@contoso.example", "answer": "cancel"}
    answer = answer_of(Client().post(authorize_url(), sent))
    assert (answer["error"], answer["state"]) == ("access_denied", "my-state")


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"client_id": "00000000-0000-0000-0000-000000000000"}, 700016),
        ({"client_id": "x"}, 700016),
        ({"redirect_uri": "https://evil.example/"}, 50011),
        ({"redirect_uri": "javascript:alert(1)"}, 50011),
        ({"redirect_uri": "//testserver@evil.example/"}, 50011),
        ({"response_type": "token"}, 70005),
        ({"code_challenge": ""}, 9002325),
        ({"code_challenge_method": "plain"}, 9002325),
        ({"login": "/sandbox/login/nowhere.example"}, 90002),
    ],
)
def test_a_request_that_is_not_in_order_ends_on_a_page_and_never_redirects(cloud, changed, number):
    answer = Client().get(authorize_url(**changed))
    assert answer.status_code == 400
    assert f"AADSTS{number}" in answer.content.decode()


def test_a_code_is_good_once_and_for_whom_it_was_made(cloud):
    assert exchange(a_code()).status_code == 200
    code = a_code()
    assert exchange(code, code_verifier="another").json()["error"] == "invalid_grant"
    assert exchange(code).json()["error"] == "invalid_grant"  # spent by the attempt
    assert exchange(a_code(), redirect_uri=BACK + "x").status_code == 400
    assert exchange(a_code(), key="connection").status_code == 400
    fabrikam = f"/sandbox/login/{seed.FABRIKAM.id}"
    assert exchange(a_code(), login=fabrikam).status_code == 400
    assert exchange(a_code(), client_secret="wrong").json()["error_codes"] == [7000215]


def test_a_disabled_account_gets_nowhere(cloud):
    people = cloud.objects_of.filter(kind="user", body__accountEnabled=False)
    principal = people.first().body["userPrincipalName"]
    page = Client().post(authorize_url(), {"other": principal})
    assert "AADSTS50057" in page.content.decode()


# --- applications -----------------------------------------------------------------------------

SCOPE = "https://graph.microsoft.com/.default"


def consent_url(key: str = "connection", login: str = LOGIN, **changed: str) -> str:
    query = {"client_id": SECRETS[key][0], "redirect_uri": BACK, "state": "s", "scope": SCOPE}
    return f"{login}/v2.0/adminconsent?{urlencode({**query, **changed})}"


def test_without_consent_an_application_gets_no_token(cloud):
    refused = token("client_credentials", "connection", scope=SCOPE)
    assert refused.status_code == 400
    assert refused.json()["error_codes"] == [700016]
    client = Client()
    client.post(consent_url(), {"account": "alice@contoso.example", "answer": "accept"})
    granted = token("client_credentials", "connection", scope=SCOPE).json()
    claims = jwt.decode(granted["access_token"], options={"verify_signature": False})
    assert "DeviceManagementManagedDevices.Read.All" in claims["roles"]
    assert claims["tid"] == str(seed.CONTOSO.id)
    assert token("client_credentials", "mdm_profiles", scope=SCOPE).status_code == 400
    assert token("client_credentials", "connection", scope="openid").status_code == 400


def test_an_administrators_cancel_comes_back_with_admin_consent_true_and_an_error(cloud):
    page = Client().post(consent_url(), {"account": "alice@contoso.example"})
    for role in REGISTRATIONS[0].roles:
        assert f"<code>{role}</code>" in page.content.decode()
    sent = {"account": "alice@contoso.example", "answer": "cancel"}
    answer = answer_of(Client().post(consent_url(), sent))
    assert answer["admin_consent"] == "True"
    assert answer["error"] == "access_denied"
    assert not CloudConsent.objects.exists()


@pytest.mark.parametrize("name", ["dana", "bob", "ursula"])
def test_who_is_no_global_administrator_may_not_consent_for_all(cloud, name):
    sent = {"account": f"{name}@contoso.example"}
    page = Client().post(consent_url(), sent)
    assert page.status_code == 403
    assert "Need admin approval" in page.content.decode()
    assert Client().post(consent_url(), {**sent, "answer": "accept"}).status_code == 403
    answer = answer_of(Client().post(consent_url(), {**sent, "answer": "cancel"}))
    assert "AADSTS90094" in answer["error_description"]
    assert not CloudConsent.objects.exists()


def test_consent_at_organizations_is_for_the_organisation_of_the_account(cloud):
    url = consent_url(login="/sandbox/login/organizations")
    sent = {"account": "gina@adventure-works.example", "answer": "accept"}
    answer = answer_of(Client().post(url, sent))
    assert answer["tenant"] == str(seed.ADVENTURE_WORKS.id)
    assert CloudConsent.objects.get().cloud_tenant_id == seed.ADVENTURE_WORKS.id


def test_expired_secret_and_consent_are_told_by_their_numbers(cloud):
    seed.consent(cloud.pk, "connection", now=timezone.now())
    organisations = CloudTenant.objects.filter(pk=cloud.pk)
    for fault, number in ((Fault.EXPIRED_SECRET, 7000222), (Fault.EXPIRED_CONSENT, 700016)):
        organisations.update(fault=fault)
        answer = token("client_credentials", "connection", scope=SCOPE)
        assert answer.json()["error_codes"] == [number]
