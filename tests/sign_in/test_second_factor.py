"""Setting up an authenticator app, signing in with it, and what is kept of it."""

import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.test import Client, override_settings

from tests.conftest import client_of
from tests.factories import PASSWORD

SET_UP = "/accounts/2fa/totp/activate/"


def code_for(secret: str, *, ahead: int = 0) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def confirm(client: Client, page: str) -> None:
    """Give the password once more, as the portal asks before a factor is changed."""
    asked = client.get(page)
    assert asked.headers["Location"].startswith("/accounts/reauthenticate/")
    client.post(asked.headers["Location"], {"password": PASSWORD})


def set_up(client: Client) -> str:
    """Set an app up as a person does; its secret."""
    confirm(client, SET_UP)
    secret = client.get(SET_UP).context["form"].secret
    done = client.post(SET_UP, {"code": code_for(secret)})
    assert done.headers["Location"] == "/accounts/2fa/recovery-codes/"
    return secret


@pytest.fixture(autouse=True)
def early_in_a_period():
    """Codes change every 30 seconds; no test begins just before they do."""
    with time_machine.travel("2026-03-01T12:30:01Z", tick=True):
        yield


@pytest.fixture
def secret(alice):
    with time_machine.travel("2026-03-01T12:00:00Z", tick=False):
        return set_up(client_of(alice))


def begin(alice) -> Client:
    client = Client()
    asked = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert asked.headers["Location"] == "/accounts/2fa/authenticate/"
    return client


def test_every_page_of_it_has_our_look(alice):
    client = client_of(alice)
    set_up(client)
    for page in ("", "recovery-codes/", "recovery-codes/generate/", "totp/deactivate/"):
        response = client.get(f"/accounts/2fa/{page}")
        assert response.status_code == 200
        assert 'class="topbar"' in response.content.decode()
    assert client.get("/accounts/2fa/recovery-codes/download/").status_code == 200


def test_signing_in_asks_for_the_code_and_lets_nobody_pass_before_it(alice, secret):
    client = begin(alice)
    assert client.get("/t/contoso/").status_code == 302
    assert client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code == 422
    done = client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})
    assert done.status_code == 302
    assert client.get("/t/contoso/").status_code == 200


def test_a_code_works_once(alice, secret):
    code = code_for(secret)
    assert begin(alice).post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert begin(alice).post("/accounts/2fa/authenticate/", {"code": code}).status_code == 422


def test_a_recovery_code_works_once_too(alice, secret):
    codes = Authenticator.objects.get(user=alice, type="recovery_codes").wrap().get_unused_codes()
    given = {"code": codes[0]}
    assert begin(alice).post("/accounts/2fa/authenticate/", given).status_code == 302
    assert begin(alice).post("/accounts/2fa/authenticate/", given).status_code == 422


def test_guessing_codes_is_stopped(alice, secret):
    client = begin(alice)
    statuses = [
        client.post("/accounts/2fa/authenticate/", {"code": "000000"}).status_code for _ in range(7)
    ]
    assert statuses[-1] == 429


def test_the_secret_is_not_in_the_database(alice, secret):
    kept = str(list(Authenticator.objects.filter(user=alice).values_list("data", flat=True)))
    assert secret not in kept


def test_the_secret_outlives_a_change_of_the_key(alice, secret):
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="n" * 60, SECRET_KEY_FALLBACKS=[old]):
        client = begin(alice)
        done = client.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})
        assert done.status_code == 302


@override_settings(SANDBOX=False)
def test_an_administrator_is_kept_out_until_it_is_set_up_and_cannot_remove_it(alice):
    client = client_of(alice)
    assert client.get("/t/contoso/").headers["Location"] == SET_UP
    set_up(client)
    assert client.get("/t/contoso/").status_code == 200
    refused = client.post("/accounts/2fa/totp/deactivate/")
    assert refused.status_code == 422
    assert Authenticator.objects.filter(user=alice, type="totp").exists()


def test_who_does_not_need_it_may_remove_it(bob):
    client = client_of(bob)
    set_up(client)
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert not Authenticator.objects.filter(user=bob).exists()
