"""Sends the text messages that are due.

1. A few are claimed with SKIP LOCKED and a lease, and the claim is committed.
2. Each is sent with no transaction open. One whose code has expired is given up instead.
3. The result is written only by whoever holds the claim. What a later try may mend is tried
   again, soon, since somebody waits with the phone in their hand.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from common.refusals import Refused
from common.sealed import unseal
from common.tenancy import across_tenants, tenant_scope
from enrolment.models import EnrolmentSettings, SmsMessage
from enrolment.sms import Outgoing, SmsNotSent, sender_of

log = structlog.get_logger(__name__)

BATCH = 50
LEASE = timedelta(minutes=2)
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 45, 120))
"""How long to wait after each failure but the last."""


def send_due(*, now: datetime) -> int:
    """Send what is due, of every tenant; returns how many went."""
    return sum(_send(message, now) for message in _claimed(now))


def _claimed(now: datetime) -> list[SmsMessage]:
    with transaction.atomic(), across_tenants("the post serves all tenants"):
        due = list(
            SmsMessage.objects.select_for_update(skip_locked=True)
            .filter(due_at__lte=now)
            .order_by("due_at", "pk")[:BATCH]
        )
        SmsMessage.objects.filter(pk__in=[message.pk for message in due]).update(
            due_at=now + LEASE, attempts=F("attempts") + 1
        )
    for message in due:
        message.attempts += 1
    return due


def _send(message: SmsMessage, now: datetime) -> bool:
    with tenant_scope(message.tenant_id):
        mine = SmsMessage.objects.filter(pk=message.pk, attempts=message.attempts, sent_at=None)
        if message.worthless_at <= now:
            mine.update(due_at=None, sealed="", error=_("Its code expired before it went."))
            return False
        settings = EnrolmentSettings.objects.first()
        sender = sender_of(settings)
        if settings is None or sender is None or sender.name != message.by:
            mine.update(
                due_at=None, sealed="", error=_("The way it should go is not set any more.")
            )
            return False
        try:
            outgoing = Outgoing(
                to=message.to, text=unseal(message.sealed), reference=f"sms-{message.pk}"
            )
            sender.send(outgoing, settings=settings)
        except SmsNotSent as failed:
            log.warning("sms_not_sent", by=sender.name, message=message.pk, error=str(failed))
            wait = WAITS[message.attempts - 1] if message.attempts <= len(WAITS) else None
            again = now + wait if wait and failed.again else None
            gone = {} if again else {"sealed": ""}
            mine.update(due_at=again, error=str(failed)[:200], **gone)
            return False
        except Refused as refused:  # the key that sealed it is gone
            mine.update(due_at=None, sealed="", error=str(refused.sentence)[:200])
            return False
        kept = {} if sender.keeps_text else {"sealed": ""}
        return bool(mine.update(due_at=None, sent_at=now, error="", **kept))
