"""Application registrations of a tenant's own: entered, replaced, removed, and never shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.management import CommandError, call_command

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from connectors.graph import app_for
from connectors.models import AppRegistration
from tenants.models import Tenant, User

PAGE = "/t/contoso/connectors/registrations/"
CLIENT = "11111111-2222-4333-8444-555555555555"
SECRET = "7Qx8Q~the-value-of-a-secret"


def pem_pair(*, days: int = 90, foreign: bool = False) -> str:
    """A private key and a certificate (of another key, if `foreign`), as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    signed = ec.generate_private_key(ec.SECP256R1()) if foreign else key
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEM portal")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(signed.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=days))
        .sign(signed, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return (private + certificate.public_bytes(serialization.Encoding.PEM)).decode()


def enter(client: Any, **changed: Any) -> Any:
    sent = {"client_id": CLIENT, "kind": "secret", "secret": SECRET, **changed}
    return client.post(f"{PAGE}connection/", sent, follow=True)


def test_a_secret_goes_in_and_never_comes_out(
    contoso: Tenant, alice: User, client_for: Callable[..., Any]
) -> None:
    client = client_for(alice)
    pages = [
        enter(client, expires_on="2040-01-31"),
        client.get(PAGE),
        client.get(f"{PAGE}connection/"),
        enter(client, client_id="nonsense"),  # an error shows the form again, without it
    ]
    assert pages[-1].status_code == 422
    assert all(SECRET not in page.content.decode() for page in pages)
    with tenant_scope(contoso.pk):
        kept = AppRegistration.objects.get()
        assert SECRET not in kept.sealed
        assert app_for(tenant=contoso, purpose="connection").secret == SECRET
        event = AuditEvent.objects.get(action="app_registration.added")
        assert SECRET not in repr((event.before, event.after))
        assert event.after["client_id"] == CLIENT
        assert SECRET not in repr(list(kept.history.values()))


def test_replacing_and_removing_are_on_record(
    contoso: Tenant, alice: User, client_for: Callable[..., Any]
) -> None:
    client = client_for(alice)
    enter(client)
    enter(client, secret="another one")
    with tenant_scope(contoso.pk):
        kept = AppRegistration.objects.get()
        assert app_for(tenant=contoso, purpose="connection").secret == "another one"
    assert "Remove" in client.get(f"{PAGE}{kept.pk}/remove/").content.decode()
    client.post(f"{PAGE}{kept.pk}/remove/")
    with tenant_scope(contoso.pk):
        assert not AppRegistration.objects.exists()
        acts = AuditEvent.objects.filter(action__startswith="app_registration.")
        assert {act.action for act in acts} == {
            "app_registration.added",
            "app_registration.replaced",
            "app_registration.removed",
        }


def test_a_certificate_tells_its_own_last_day(
    contoso: Tenant, alice: User, client_for: Callable[..., Any]
) -> None:
    pair = pem_pair()
    answer = enter(client_for(alice), kind="certificate", secret="", certificate=pair)
    assert answer.status_code == 200
    with tenant_scope(contoso.pk):
        kept = AppRegistration.objects.get()
        assert kept.expires_on == (datetime.now(UTC) + timedelta(days=90)).date()
        assert app_for(tenant=contoso, purpose="connection").certificate == pair.strip()


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"secret": ""}, "Give the value of the secret"),
        ({"client_id": ""}, "Application (client) ID is missing"),
        ({"expires_on": "2020-01-01"}, "It has expired already"),
        ({"kind": "certificate"}, "one after the other, as PEM"),
        ({"kind": "certificate", "certificate": "-----BEGIN CERTIFICATE-----"}, "as PEM"),
        ({"kind": "certificate", "certificate": "foreign"}, "as PEM"),
        ({"kind": "certificate", "certificate": "expired"}, "It has expired already"),
        ({"kind": "password"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_a_credential_is_refused_in_words(
    contoso: Tenant, alice: User, client_for: Callable[..., Any], sent: dict, sentence: str
) -> None:
    made = {"foreign": lambda: pem_pair(foreign=True), "expired": lambda: pem_pair(days=-1)}
    if sent.get("certificate") in made:
        sent = {**sent, "certificate": made[sent["certificate"]]()}
    answer = enter(client_for(alice), **sent)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    with tenant_scope(contoso.pk):
        assert not AppRegistration.objects.exists()


def test_without_a_key_of_the_installation_nothing_is_kept(
    contoso: Tenant, alice: User, client_for: Callable[..., Any], settings: Any
) -> None:
    settings.ENCRYPTION_KEYS = []
    answer = enter(client_for(alice))
    assert answer.status_code == 422
    assert "ENCRYPTION_KEYS" in answer.content.decode()


def test_secrets_are_sealed_anew_and_the_old_key_may_go(
    contoso: Tenant, alice: User, client_for: Callable[..., Any], settings: Any
) -> None:
    old, new = "o" * 40, "n" * 40
    settings.ENCRYPTION_KEYS = [old]
    enter(client_for(alice))
    settings.ENCRYPTION_KEYS = [new]
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("rotate_secrets", stdout=StringIO())
    settings.ENCRYPTION_KEYS = [new, old]
    call_command("rotate_secrets", stdout=StringIO())
    settings.ENCRYPTION_KEYS = [new]
    with tenant_scope(contoso.pk):
        assert app_for(tenant=contoso, purpose="connection").secret == SECRET


def test_an_auditor_sees_which_application_speaks_and_no_button(
    contoso: Tenant, arthur: User, client_for: Callable[..., Any]
) -> None:
    page = client_for(arthur).get(PAGE).content.decode()
    assert "MDM profile management" in page
    assert "Enter your own" not in page


@pytest.mark.django_db(transaction=True)
def test_the_pages_in_the_browser(
    contoso: Tenant,
    alice: User,
    browser_page: Any,
    sign_in: Callable[..., None],
    assert_accessible: Callable[..., None],
) -> None:
    sign_in(browser_page, alice)
    browser_page.goto(PAGE)
    assert_accessible(browser_page)
    browser_page.get_by_role("link", name="Enter your own").first.click()
    assert_accessible(browser_page)
    browser_page.get_by_label("Application (client) ID").fill(CLIENT)
    browser_page.get_by_label("Client secret", exact=False).last.fill(SECRET)
    browser_page.get_by_role("button", name="Save").click()
    browser_page.get_by_text("is not shown again").wait_for()
    browser_page.get_by_role("link", name="Replace").click()
    assert SECRET not in browser_page.content()
