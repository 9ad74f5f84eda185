"""A program with a token, calling as programs do: by HTTP, without cookies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.models import Connector, ConnectorState, Provider
from tenants.api_tokens import create_token
from tenants.models import Membership, Scope, Tenant, User
from tests.conftest import client_of


@dataclass
class Program:
    """A caller with a token; `send` gives the answer and `code` the code of its error."""

    secret: str

    def send(
        self, body: Any, path: str = "/api/v1/signals", method: str = "POST", **headers: str
    ) -> HttpResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Authorization": f"Bearer {self.secret}", **headers}
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        content_type = given.pop("Content-Type", "application/json")
        return client.generic(method, path, raw, content_type=content_type, headers=given)


def code(answer: HttpResponse) -> str:
    """The code of an error, after a look at the shape."""
    error = answer.json()["error"]
    assert set(error) <= {"code", "message", "details", "request_id"}, error
    assert error["message"].endswith("."), error
    assert error["request_id"] == answer["X-Request-ID"]
    return error["code"]


def token_for(person: User, tenant: Tenant, *scopes: str, **options: Any) -> Program:
    """A program that the person gave a token (all scopes unless said)."""
    with tenant_scope(tenant.pk):
        membership = Membership.objects.get(user=person)
        made = create_token(
            name="Carrier feed",
            scopes=scopes or [scope.value for scope in Scope],
            expires_at=options.get("expires_at"),
            membership=membership,
            by=person,
            now=timezone.now(),
        )
    return Program(made.secret)


@pytest.fixture
def program(contoso: Tenant, alice: User) -> Program:
    return token_for(alice, contoso)


@pytest.fixture
def provider(contoso: Tenant) -> Iterator[Connector]:
    """Contoso's connector of an external provider, active."""
    with tenant_scope(contoso.pk):
        yield Connector.objects.create(
            provider=Provider.EXTERNAL,
            display_name="Adatum",
            app_authorized=True,
            state=ConnectorState.ACTIVE,
        )


@pytest.fixture
def signed_in(alice: User) -> Client:
    return client_of(alice)
