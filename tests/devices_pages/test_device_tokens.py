"""Tokens of devices: given, recognised, and worth nothing once revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from common.api import ApiRefused
from common.tenancy import tenant_scope
from devices.actions import devices
from devices.actions.device_tokens import AGENT, TokenRefused, give_token, revoke_token
from devices.models import DeviceToken
from tenants.bearers import caller_of
from tests.usage_factories import make_device

pytestmark = pytest.mark.django_db


def caller(secret: str, now=None):
    return caller_of(authorization=f"Bearer {secret}", now=now or timezone.now())


def test_a_token_speaks_for_its_device_and_is_kept_as_a_hash(contoso):
    device = make_device(contoso)
    with tenant_scope(contoso.pk):
        secret = give_token(device=device, now=timezone.now(), by=None)
        row = DeviceToken.objects.get()
    known = caller(secret)
    assert (known.device_id, known.tenant, known.scopes) == (device.pk, contoso, {AGENT})
    assert secret not in {row.prefix, row.digest}
    for wrong in (f"{secret}x", secret[:-1], "temd_", f"temd_{row.prefix}_{row.digest}"):
        with pytest.raises(ApiRefused) as refused:
            caller(wrong)
        assert refused.value.code == "unauthorized"


def test_a_new_token_ends_the_one_before_and_retiring_ends_the_last(in_contoso, alice):
    device = make_device(in_contoso)
    now = timezone.now()
    first = give_token(device=device, now=now, by=alice)
    second = give_token(device=device, now=now, by=alice)
    with pytest.raises(ApiRefused) as refused:
        caller(first)
    assert refused.value.code == "token_revoked"
    assert caller(second).device_id == device.pk
    devices.retire(device=device, now=now, by=alice)
    with pytest.raises(ApiRefused):
        caller(second)
    with pytest.raises(TokenRefused):
        give_token(device=device, now=now, by=alice)
    with pytest.raises(TokenRefused):
        revoke_token(device=device, now=now, by=alice)


def test_the_last_use_is_noted_once_a_minute(in_contoso):
    now = timezone.now()
    secret = give_token(device=make_device(in_contoso), now=now, by=None)
    for seconds, noted in ((0, 0), (59, 0), (60, 60)):
        caller(secret, now + timedelta(seconds=seconds))
        assert DeviceToken.objects.get().last_used_at == now + timedelta(seconds=noted)


def test_an_administrator_gives_a_token_once_and_revokes_it(contoso, alice, client_for):
    device = make_device(contoso)
    client = client_for(alice)
    url = f"/t/contoso/devices/{device.pk}/"
    page = client.post(f"{url}token/").content.decode()
    with tenant_scope(contoso.pk):
        row = DeviceToken.objects.get(revoked_at=None)
    assert f"Bearer temd_{row.prefix}_" in page
    assert row.beginning in client.get(url).content.decode()
    client.post(f"{url}token/revoke/")
    page = client.get(url).content.decode()
    assert "The token was revoked." in page
    assert row.beginning not in page
    assert (
        "This device has no token."
        in client.post(f"{url}token/revoke/", follow=True).content.decode()
    )
