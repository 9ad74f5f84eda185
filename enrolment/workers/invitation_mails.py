"""Sends the e-mails of invitations that are due; works as enrolment.workers.post does."""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPException

import structlog
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from common.tenancy import across_tenants, tenant_scope
from enrolment.links import VALID_FOR, key_of
from enrolment.models import Invitation

log = structlog.get_logger(__name__)

BATCH = 50
LEASE = timedelta(minutes=5)
WAITS = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
"""How long to wait after each failure but the last."""


def send_due(*, now: datetime) -> int:
    """Send what is due, of every tenant; returns how many e-mails went."""
    return sum(_send(invitation, now) for invitation in _claimed(now))


def _claimed(now: datetime) -> list[Invitation]:
    with transaction.atomic(), across_tenants("the post serves all tenants"):
        due = list(
            Invitation.objects.select_related("tenant", "invited_by")
            .select_for_update(skip_locked=True, of=("self",))
            .filter(due_at__lte=now)
            .order_by("due_at", "pk")[:BATCH]
        )
        Invitation.objects.filter(pk__in=[each.pk for each in due]).update(
            due_at=now + LEASE, attempts=F("attempts") + 1
        )
    for invitation in due:
        invitation.attempts += 1
    return due


def _send(invitation: Invitation, now: datetime) -> bool:
    with tenant_scope(invitation.tenant_id):
        mine = Invitation.objects.filter(
            pk=invitation.pk,
            attempts=invitation.attempts,
            invited_at=invitation.invited_at,
            sent_at=None,
        )
        try:
            _hand_over(invitation)
        except (OSError, SMTPException) as error:
            log.error("mail_not_sent", template="enrolment/email/invitation", error=str(error))
            wait = WAITS[invitation.attempts - 1] if invitation.attempts <= len(WAITS) else None
            mine.update(due_at=now + wait if wait else None)
            return False
        return bool(mine.update(due_at=None, sent_at=now))


def _hand_over(invitation: Invitation) -> None:
    tenant = invitation.tenant
    page = reverse(
        "enrol:invitation", kwargs={"organisation": tenant.slug, "key": key_of(invitation)}
    )
    context = {
        "tenant": tenant.name,
        "name": invitation.name,
        "link": f"{invitation.origin}{page}",
        "days": VALID_FOR.days,
    }
    with translation.override(invitation.language):
        subject = render_to_string("enrolment/email/invitation_subject.txt", context)
        body = render_to_string("enrolment/email/invitation_message.txt", context)
    send_mail(" ".join(subject.split()), body, None, [invitation.email])
