"""The links of invitations: signed, so that nobody makes one up, and good for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core import signing

from enrolment.models import Invitation

VALID_FOR = timedelta(days=14)
_SALT = "enrolment.invitations"


def key_of(invitation: Invitation) -> str:
    """What stands in the link."""
    return signing.dumps([invitation.pk, invitation.invited_at.isoformat()], salt=_SALT)


def read_key(key: str) -> tuple[int, datetime] | None:
    """The invitation's id and when its link was made; None for what we did not sign."""
    try:
        pk, moment = signing.loads(key, salt=_SALT)
        return int(pk), datetime.fromisoformat(moment)
    except (signing.BadSignature, ValueError, TypeError):
        return None
