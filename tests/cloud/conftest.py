"""The pretend Microsoft cloud for tests: small organisations, and a hand that calls Graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from sandbox.cloud import seed, tokens
from sandbox.cloud.registrations import REGISTRATIONS
from sandbox.models import CloudConsent, CloudKey, CloudRegistration, CloudTenant

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
