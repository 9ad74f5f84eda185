"""How far invitations are, and the condition of each state for the list's filter."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from enrolment.links import VALID_FOR
from enrolment.models import Invitation


def state_of(invitation: Invitation, *, now: datetime) -> str:
    """One of enrolment.statuses.INVITATION_STATES."""
    if invitation.used_at:
        return "used"
    if invitation.revoked_at:
        return "revoked"
    if now > invitation.invited_at + VALID_FOR:
        return "expired"
    if invitation.opened_at:
        return "opened"
    if invitation.sent_at:
        return "sent"
    return "waiting" if invitation.due_at else "failed"


def in_state(state: str, *, now: datetime) -> Q:
    """The same, as a condition."""
    is_open = Q(used_at=None, revoked_at=None)
    fresh = is_open & Q(invited_at__gte=now - VALID_FOR)
    closed = fresh & Q(opened_at=None)
    return {
        "used": Q(used_at__isnull=False),
        "revoked": Q(revoked_at__isnull=False),
        "expired": is_open & Q(invited_at__lt=now - VALID_FOR),
        "opened": fresh & Q(opened_at__isnull=False),
        "sent": closed & Q(sent_at__isnull=False),
        "waiting": closed & Q(sent_at=None, due_at__isnull=False),
        "failed": closed & Q(sent_at=None, due_at=None),
    }[state]
