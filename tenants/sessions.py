"""A person's own sessions: which there are, and ending them.

1. A session is named on pages by an HMAC of its key, because the key opens it.
2. One that is idle or old is over although its row may still be there: see `common.http`.
3. Ending a session deletes its row; the next request with its cookie is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from audit.actions import record
from common.refusals import Refused
from tenants.browsers import browser_and_system
from tenants.models import SignInSession, User


class SessionGone(Refused):
    """The session has ended already, or never was this person's."""


@dataclass(frozen=True)
class OpenSession:
    """One session as its person sees it; `name` stands for it in addresses."""

    name: str
    browser: str
    address: str | None
    signed_in_at: datetime | None
    last_seen_at: datetime | None
    is_current: bool


def name_of(key: str) -> str:
    """What a session is called where people can read it."""
    return salted_hmac("tenants.sessions", key, algorithm="sha256").hexdigest()[:32]


def sessions_of(*, user: User, current_key: str | None, now: datetime) -> list[OpenSession]:
    """The person's sessions that still open the portal, this one first, then by last use."""
    found = [
        OpenSession(
            name=name_of(row.session_key),
            browser=browser_of(row.agent),
            address=row.address,
            signed_in_at=row.signed_in_at,
            last_seen_at=row.last_seen_at,
            is_current=row.session_key == current_key,
        )
        for row in _open(user, now).order_by("-last_seen_at", "session_key")
    ]
    return sorted(found, key=lambda session: not session.is_current)


def browser_of(agent: str) -> str:
    """The browser and its system in words."""
    browser, system = browser_and_system(agent)
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")


def end(*, name: str, user: User, now: datetime) -> None:
    """End one session of the person. Raises SessionGone."""
    with transaction.atomic():
        for row in _open(user, now):
            if constant_time_compare(name_of(row.session_key), name):
                ended, _rows = SignInSession.objects.filter(pk=row.pk).delete()
                if ended:
                    record(
                        by=user,
                        action="person.session_ended",
                        subject=user,
                        after={"browser": browser_of(row.agent), "address": row.address},
                    )
                    return
        raise SessionGone(_("This session has ended already."))


def end_others(*, current_key: str | None, user: User, now: datetime) -> int:
    """End every session of the person but the current one; returns how many."""
    with transaction.atomic():
        count, _rows = _open(user, now).exclude(pk=current_key).delete()
        if count:
            record(
                by=user, action="person.other_sessions_ended", subject=user, after={"count": count}
            )
    return count


def forget_old(*, now: datetime) -> int:
    """Delete the rows of sessions that are over; returns how many."""
    return SignInSession.objects.filter(expire_date__lt=now).delete()[0]


def _open(user: User, now: datetime):  # type: ignore[no-untyped-def] - a query set
    return SignInSession.objects.filter(
        user_id=user.pk,
        expire_date__gt=now,
        last_seen_at__gte=now - timedelta(seconds=settings.SESSION_IDLE_SECONDS),
        signed_in_at__gte=now - timedelta(seconds=settings.SESSION_COOKIE_AGE),
    )
