"""Tokens of devices: given at enrolment (or by hand), recognised when a phone calls, revoked.

A device has one at a time: a new one ends the one before, so a phone that was enrolled again, or a
token that got into other hands, is cut off by the same act.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, record
from common.api import ApiRefused
from common.refusals import Refused
from common.sealed import seal
from common.tenancy import across_tenants
from devices.models import Device, DeviceState, DeviceToken, SimulatedDevice
from devices.models.device_token import WORD
from tenants.bearers import CHALLENGE, Caller
from tenants.token_secrets import is_secret, make_secret, prefix_of

AGENT = "agent"
"""The one scope of a device's token: the calls of the agent on the phone."""
_KIND = "devices.device_tokens"
_USE_IS_NOTED_EVERY = timedelta(minutes=1)


class TokenRefused(Refused):
    """The device cannot be given a token, or has none to revoke."""


@dataclass(frozen=True)
class DeviceCaller(Caller):
    """A phone that calls: it may speak for this device and the SIMs in it."""

    device_id: int


@transaction.atomic
def give_token(*, device: Device, now: datetime, by: Actor | None) -> str:
    """A new token of the device, never to be had again; the one before ends.

    Raises TokenRefused for a retired device.
    """
    device = Device.objects.select_for_update(no_key=True).get(pk=device.pk)
    if device.state == DeviceState.RETIRED:
        raise TokenRefused(_("This device is retired."))
    DeviceToken.objects.filter(device=device, revoked_at=None).update(revoked_at=now)
    made = make_secret(WORD, kind=_KIND)
    DeviceToken(device=device, prefix=made.prefix, digest=made.digest, created_at=now).save()
    if device.is_simulated and settings.ENCRYPTION_KEYS:  # it is in the phone from now on
        SimulatedDevice.objects.filter(device=device).update(agent_token=seal(made.secret))
    record(by=by, action="device.token_given", subject=device, after={"prefix": made.prefix})
    return made.secret


@transaction.atomic
def revoke_token(*, device: Device, now: datetime, by: Actor | None) -> None:
    """Let the device's token open nothing from now on. Raises TokenRefused where it has none."""
    token = DeviceToken.objects.select_for_update().filter(device=device, revoked_at=None).first()
    if token is None:
        raise TokenRefused(_("This device has no token."))
    DeviceToken.objects.filter(pk=token.pk).update(revoked_at=now)
    record(by=by, action="device.token_revoked", subject=device, before={"prefix": token.prefix})


def authenticate(secret: str, now: datetime) -> DeviceCaller | None:
    """The device whose token this is, or None. Raises ApiRefused for one that was revoked."""
    prefix = prefix_of(secret, word=WORD)
    with across_tenants("a bearer token tells which tenant it is for"):
        token = DeviceToken.objects.select_related("tenant").filter(prefix=prefix).first()
        if token is None or not is_secret(secret, digest=token.digest, kind=_KIND):
            return None
        if token.revoked_at is not None:
            message = "This token was revoked; enrol the device again."
            raise ApiRefused(401, "token_revoked", message, headers=CHALLENGE)
        _note_use(token, now)
    return DeviceCaller(
        key=f"device:{token.device_id}",
        tenant=token.tenant,
        scopes=frozenset({AGENT}),
        device_id=token.device_id,
    )


def _note_use(token: DeviceToken, now: datetime) -> None:
    """At most one write a minute, whatever a phone does."""
    stale = now - _USE_IS_NOTED_EVERY
    if token.last_used_at is not None and token.last_used_at > stale:
        return
    unnoted = models.Q(last_used_at__isnull=True) | models.Q(last_used_at__lte=stale)
    DeviceToken.objects.filter(unnoted, pk=token.pk).update(last_used_at=now)
