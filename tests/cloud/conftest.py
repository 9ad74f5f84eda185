"""The pretend Microsoft cloud for tests: small organisations, and a hand that calls Graph."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from common import entra
from common.tenancy import tenant_scope
from connectors.graph import GraphClient, graph_client
from sandbox.cloud import seed, tokens
from sandbox.cloud.registrations import REGISTRATIONS
from sandbox.models import CloudConsent, CloudKey, CloudRegistration, CloudTenant
from tenants.models import Tenant, User
from tests.cloud.inside import ORIGIN, Inside

SECRETS = {known.key: (known.client_id, known.secret) for known in REGISTRATIONS}
GRAPH = "/sandbox/graph/v1.0/"


@pytest.fixture(scope="session")
def key_pem(django_db_setup: None) -> str:
    """One key for all tests: making one takes a while."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def cloud(db: None, key_pem: str) -> CloudTenant:
    """Contoso, Fabrikam and the others in the pretend cloud; nobody has consented."""
    CloudKey.objects.create(kid="test-key", private_pem=key_pem)
    seed.make_cloud(now=timezone.now(), people=30, devices=12)
    return CloudTenant.objects.get(pk=seed.CONTOSO.id)


@pytest.fixture
def token_for(cloud: CloudTenant) -> Callable[..., str]:
    """`token_for("connection")`: an access token of that application in Contoso, consented."""

    def make(key: str = "connection", *, tenant: CloudTenant = cloud) -> str:
        seed.consent(tenant.pk, key, now=timezone.now())
        registration = CloudRegistration.objects.get(pk=SECRETS[key][0])
        roles = CloudConsent.objects.get(cloud_tenant=tenant, registration=registration).roles
        return tokens.application_token(
            tenant=tenant, registration=registration, roles=roles, now=timezone.now()
        )

    return make


@pytest.fixture
def graph(token_for: Callable[..., str]) -> Callable[..., Any]:
    """`graph("GET", "users")` as the connection application; the response, `.json()` and all."""
    token = token_for()
    client = Client()

    def call(method: str, path: str, body: Any = None, *, bearer: str = token) -> Any:
        url = path if path.startswith("http") else GRAPH + path
        return client.generic(
            method,
            url.removeprefix("http://testserver"),
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers={"authorization": f"Bearer {bearer}"},
        )

    return call


@pytest.fixture
def inside(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Inside]:
    """The portal's own requests to the pretend cloud, without a socket."""
    adapter = Inside()
    settings.SANDBOX_ORIGIN = ORIGIN
    monkeypatch.setattr("common.outgoing.BoundedSession.get_adapter", lambda self, url: adapter)
    entra.forget_everything()
    yield adapter
    entra.forget_everything()


@pytest.fixture
def connected(cloud: CloudTenant, contoso: Tenant) -> Tenant:
    """Portal's Contoso in the sandbox's cloud, where it consented to all three applications."""
    Tenant.objects.filter(pk=contoso.pk).update(cloud="sandbox")
    contoso.refresh_from_db()
    for key in SECRETS:
        seed.consent(cloud.pk, key, now=timezone.now())
    return contoso


@pytest.fixture
def client_of_graph(connected: Tenant, inside: Inside) -> Callable[..., GraphClient]:
    """`client_of_graph()`: Contoso's client. It never sleeps; `client.slept` tells for how long."""

    def make(purpose: str = "connection", **changed: Any) -> GraphClient:
        with tenant_scope(connected.pk):
            client = graph_client(
                tenant=connected, directory_id=str(seed.CONTOSO.id), purpose=purpose, patience=20
            )
        slept: list[float] = []
        client = dataclasses.replace(client, sleep=slept.append, **changed)
        client.slept = slept  # type: ignore[attr-defined]
        return client

    return make


@pytest.fixture
def portal(cloud: CloudTenant, inside: Inside, contoso: Tenant) -> Tenant:
    Tenant.objects.filter(pk=contoso.pk).update(cloud="sandbox")
    contoso.refresh_from_db()
    return contoso


@pytest.fixture
def client(portal: Tenant, alice: User, client_for: Callable[..., Any]) -> Any:
    return client_for(alice)
