"""Restrictions set and lifted by hand: reasons like any other, with a person's name on them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import record
from common import refusals
from common.sentences import sentence
from devices.actions.reasons import Reason, change_reasons
from devices.models import MANUAL, Device, DeviceCategory, RestrictionReason
from devices.queries.targets import target_of
from devices.refusals import refusal

if TYPE_CHECKING:
    from tenants.models import User


class Refused(refusals.Refused):
    """The restriction cannot be set or lifted; the message is a sentence for the screen."""


def block_by_hand(
    *, device: Device, restriction: str, by: User, reason: str, now: datetime | None = None
) -> None:
    """Restrict a device by hand until somebody lifts it. Raises Refused."""
    if device.state == "retired":
        raise Refused(_("The device is retired."))
    if DeviceCategory.objects.filter(devices=device.pk, is_personal=True).exists():
        raise Refused(_("The device is personal, so nothing can be restricted on it."))
    refused = refusal(target=target_of(device), restrictions=[restriction])
    if refused:
        raise Refused(sentence(refused.code, dict(refused.facts)))
    now = now or timezone.now()
    with transaction.atomic():
        change_reasons(
            origin=MANUAL,
            add=[Reason(device_id=device.pk, restriction=restriction, sentence=reason)],
            now=now,
            by=by,
        )
        record(
            by=by,
            action="device.blocked_by_hand",
            subject=device,
            after={"restriction": restriction},
            reason=reason,
        )


def release_by_hand(
    *, device: Device, restriction: str, by: User, reason: str = "", now: datetime | None = None
) -> None:
    """Lift what was set by hand; what a signal asks for stays. Raises Refused if nothing was."""
    now = now or timezone.now()
    with transaction.atomic():
        if not RestrictionReason.objects.filter(
            device=device, origin=MANUAL, restriction=restriction
        ).exists():
            raise Refused(_("Nobody has set this restriction by hand."))
        change_reasons(
            origin=MANUAL, remove=[Reason(device_id=device.pk, restriction=restriction)], now=now
        )
        record(
            by=by,
            action="device.released_by_hand",
            subject=device,
            before={"restriction": restriction},
            reason=reason,
        )
