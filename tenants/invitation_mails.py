"""Sends the e-mails of invitations that are due.

1. A few due ones are claimed with SKIP LOCKED and a lease, and the claim is committed.
2. Each is sent with no transaction open. One whose link holds no more is dropped instead.
3. The result is written only by whoever holds the claim. A mail server that is down is tried
   again, later and later; after the last try the e-mail counts as failed and the page says so.
"""

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
from tenants.invitations import VALID_FOR, key_of
from tenants.models import InvitationMail

log = structlog.get_logger(__name__)

BATCH = 20
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
    return sum(_send(mail, now) for mail in _claimed(now))


def _claimed(now: datetime) -> list[InvitationMail]:
    with transaction.atomic(), across_tenants("the post serves all tenants"):
        due = list(
            InvitationMail.objects.select_related("membership__user", "membership__tenant")
            .select_related("invited_by")
            .select_for_update(skip_locked=True, of=("self",))
            .filter(due_at__lte=now)
            .order_by("due_at", "pk")[:BATCH]
        )
        InvitationMail.objects.filter(pk__in=[mail.pk for mail in due]).update(
            due_at=now + LEASE, attempts=F("attempts") + 1
        )
    for mail in due:
        mail.attempts += 1
    return due


def _send(mail: InvitationMail, now: datetime) -> bool:
    with tenant_scope(mail.tenant_id):
        mine = InvitationMail.objects.filter(pk=mail.pk, attempts=mail.attempts, sent_at=None)
        if mail.membership.invited_at != mail.invited_at:
            mine.delete()
            return False
        try:
            _hand_over(mail)
        except (OSError, SMTPException) as error:
            log.error("mail_not_sent", template="tenants/email/invitation", error=str(error))
            wait = WAITS[mail.attempts - 1] if mail.attempts <= len(WAITS) else None
            mine.update(due_at=now + wait if wait else None)
            return False
        return bool(mine.update(due_at=None, sent_at=now))


def _hand_over(mail: InvitationMail) -> None:
    user, tenant = mail.membership.user, mail.membership.tenant
    context = {
        "tenant": tenant.name,
        "by": str(mail.invited_by or tenant.name),
        "link": f"{mail.origin}{reverse('account_invitation', args=[key_of(mail.membership)])}",
        "days": VALID_FOR.days,
    }
    with translation.override(user.language or mail.language):
        context["role"] = mail.membership.get_role_display()
        subject = render_to_string("tenants/email/invitation_subject.txt", context)
        body = render_to_string("tenants/email/invitation_message.txt", context)
    send_mail(" ".join(subject.split()), body, None, [user.email])
