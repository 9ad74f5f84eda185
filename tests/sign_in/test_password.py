"""Signing in with a password, changing it, and getting a new one by e-mail."""

import re

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client, override_settings
from django.utils.html import escape

from audit.models import AuditEvent
from common.tenancy import across_tenants
from tem_portal import settings as written
from tests.conftest import client_of
from tests.factories import PASSWORD, UserFactory

LOGIN = "/accounts/login/"
NEW = "a much longer secret 2026"


def sign_in(client, email, password=PASSWORD, **more):
    return client.post(LOGIN, {"login": email, "password": password, **more})


def on_record(person):
    with across_tenants("a test"):
        events = AuditEvent.objects.filter(actor_id=person.pk).order_by("id")
        return [event.action for event in events]


def test_a_person_signs_in_with_their_address_in_any_case(alice):
    client = Client()
    response = sign_in(client, " Alice@CONTOSO.example ")
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert client.get("/t/contoso/").status_code == 200
    assert on_record(alice) == ["person.signed_in"]


def test_the_session_is_renewed_at_sign_in_and_gone_after_sign_out(alice):
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["kept"] = 1
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = before = session.session_key
    sign_in(client, alice.email)
    after = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert after != before
    client.post("/accounts/logout/")
    client.cookies[settings.SESSION_COOKIE_NAME] = after
    assert client.get("/t/contoso/").status_code == 302
    assert on_record(alice) == ["person.signed_in", "person.signed_out"]


def test_signing_out_wants_a_post(alice):
    client = client_of(alice)
    client.get("/accounts/logout/")
    assert client.get("/t/contoso/").status_code == 200


def test_the_session_cookie_ends_with_the_browser(alice):
    client = Client()
    sign_in(client, alice.email)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert cookie["max-age"] == cookie["expires"] == ""
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(alice):
    texts = []
    for email in (alice.email, "nobody@contoso.example"):
        response = sign_in(Client(), email, "wrong wrong wrong")
        assert response.status_code == 422
        text = response.content.decode().replace(escape(email), "")
        texts.append(re.sub(r'value="[^"]{64}"', "", text))
    assert texts[0] == texts[1]


def test_somebody_switched_off_does_not_get_in(contoso):
    person = UserFactory(is_active=False)
    client = Client()
    sign_in(client, person.email)
    assert client.get("/tenants/").status_code == 302


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "https:evil.example",
    ],
)
def test_nobody_is_sent_to_another_host(alice, elsewhere):
    client = Client()
    assert sign_in(client, alice.email, next=elsewhere).headers["Location"] == "/"
    away = client.post("/accounts/logout/", {"next": elsewhere}).headers["Location"]
    assert away == "/"
    for target in (elsewhere, "/tenants/"):
        chosen = client.post("/accounts/language/", {"language": "nl", "next": target})
        assert chosen.headers["Location"] == ("/tenants/" if target == "/tenants/" else "/")


def test_one_goes_on_to_the_page_one_asked_for(alice):
    client = Client()
    asked = client.get("/t/contoso/audit/?q=1")
    assert asked.headers["Location"] == "/accounts/login/?next=/t/contoso/audit/%3Fq%3D1"
    page = client.get(asked.headers["Location"]).content.decode()
    assert '<input type="hidden" name="next" value="/t/contoso/audit/?q=1">' in page
    response = sign_in(client, alice.email, next="/t/contoso/audit/?q=1")
    assert response.headers["Location"] == "/t/contoso/audit/?q=1"


def test_five_failures_close_an_account_for_a_while_and_others_stay_open(alice, charlie):
    statuses = [sign_in(Client(), alice.email, "wrong").status_code for _ in range(5)]
    assert statuses == [422, 422, 422, 422, 429]
    refused = sign_in(Client(), alice.email)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "Too many failed" in refused.content.decode()
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert sign_in(elsewhere, charlie.email).status_code == 302


def test_one_address_cannot_try_many_accounts(db):
    statuses = [
        sign_in(Client(), f"nobody-{number}@contoso.example", "wrong").status_code
        for number in range(12)
    ]
    assert statuses == [422] * 10 + [429] * 2


def test_a_flood_of_sign_ins_gets_the_page_of_too_many_attempts(db):
    with override_settings(ACCOUNT_RATE_LIMITS={"login": "1/m/ip"}):
        Client().post(LOGIN, {})
        refused = Client().post(LOGIN, {})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "Too many attempts" in refused.content.decode()


@pytest.mark.parametrize(
    "path", ["signup/", "email/", "confirm-email/", "login/code/", "3rdparty/"]
)
def test_what_the_portal_does_not_use_does_not_exist(db, path):
    assert Client().get(f"/accounts/{path}").status_code in {302, 404}
    assert client_of(UserFactory()).get(f"/accounts/{path}").status_code == 404


# --- choosing a password ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password", ["short", "password1234", "123456789012", "alice@contoso.example", ""]
)
def test_weak_passwords_are_refused(alice, password):
    client = client_of(alice)
    filled = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    response = client.post("/accounts/password/change/", filled)
    assert response.status_code == 422
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_a_new_password_ends_the_persons_other_sessions(alice):
    here, elsewhere = client_of(alice), client_of(alice)
    filled = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post("/accounts/password/change/", filled).status_code == 302
    assert here.get("/t/contoso/").status_code == 200
    assert elsewhere.get("/t/contoso/").status_code == 302
    assert "person.password_changed" in on_record(alice)


def test_passwords_are_kept_with_argon2():
    assert settings.AUTH_PASSWORD_VALIDATORS[0]["OPTIONS"] == {"min_length": 12}
    assert written.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(alice):
    client = Client()
    asked = client.post("/accounts/password/reset/", {"email": alice.email})
    assert asked.headers["Location"] == "/accounts/password/reset/done/"
    (message,) = mail.outbox
    assert message.to == [alice.email]
    link = re.search(r"http://testserver(/\S+)", message.body).group(1)
    form = client.get(link, follow=True)
    assert form.status_code == 200
    assert link not in form.content.decode()
    done = client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    assert done.headers["Location"] == "/accounts/password/reset/key/done/"
    assert sign_in(Client(), alice.email, NEW).status_code == 302
    again = Client().get(link, follow=True)
    assert "This link no longer works" in again.content.decode()


def test_an_account_without_a_password_gets_its_first_one_the_same_way(contoso):
    person = UserFactory(email="new@contoso.example")
    person.set_unusable_password()
    person.save()
    client = Client()
    client.post("/accounts/password/reset/", {"email": person.email})
    link = re.search(r"http://testserver(/\S+)", mail.outbox[0].body).group(1)
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW})
    assert sign_in(Client(), person.email, NEW).status_code == 302


def test_asking_for_a_link_does_not_tell_whether_the_account_exists(alice):
    answers = [
        Client().post("/accounts/password/reset/", {"email": email}, follow=True)
        for email in (alice.email, "nobody@contoso.example")
    ]
    texts = [re.sub(r'value="[^"]{64}"', "", answer.content.decode()) for answer in answers]
    assert texts[0] == texts[1]
    assert [message.to for message in mail.outbox] == [[alice.email]]


def test_a_mail_server_that_is_down_changes_no_answer(alice, monkeypatch):
    def down(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr(mail.EmailMessage, "send", down)
    asked = Client().post("/accounts/password/reset/", {"email": alice.email})
    assert asked.headers["Location"] == "/accounts/password/reset/done/"


def test_a_form_without_its_token_is_refused_in_our_look(alice):
    response = Client(enforce_csrf_checks=True).post(LOGIN, {"login": alice.email})
    assert response.status_code == 403
    assert "This form is out of date" in response.content.decode()
    assert "TEM portal" in response.content.decode()


@pytest.mark.parametrize("text", ["\x00", "a" * 100_000, "'--", "😀", "<b>", "%s%n"])
def test_any_text_in_any_field_is_refused_and_never_fails(alice, text):
    assert sign_in(Client(), text, text).status_code in {422, 429}
    reset = Client().post("/accounts/password/reset/", {"email": text})
    assert reset.status_code in {422, 429}
    filled = {"oldpassword": text, "password1": text, "password2": text}
    assert client_of(alice).post("/accounts/password/change/", filled).status_code == 422
