"""Codes by SMS: asked for, sent, tried.

1. A number that may not enrol here gets the same answer and a row like any other, but no message
   and no code that could be right: whoever types somebody else's number learns nothing.
2. A try is taken before the code is compared, by conditional update, so that many requests at
   once have no more tries than one after the other.
3. The message is a row of the same transaction; enrolment.workers.post sends it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.actions import record
from common.refusals import Refused
from common.sealed import seal
from enrolment.actions.taken import refuse_if_taken
from enrolment.models import Enrolment, How, Invitation, SmsMessage
from enrolment.queries.numbers import line_of, may_be_added
from enrolment.queries.places import Place
from enrolment.sms import sender_of
from enrolment.steps import CODE_DIGITS, CODE_LASTS, TRIES
from jobs.nudges import nudge

POST = "enrolment.tasks.send_messages"


class CodeRefused(Refused):
    """The code is wrong, too old, or was tried too often."""


@transaction.atomic
def ask(
    *,
    place: Place,
    number: str,
    now: datetime,
    signed_in: Enrolment | None = None,
    invitation: Invitation | None = None,
) -> Enrolment:
    """Send a code to this number (E.164) if it may enrol here.

    It begins an enrolment, or goes on with that of a person who has `signed_in`. An invitation
    counts for the number it names, or for any if it names none.
    """
    if signed_in is not None:
        waiting = Enrolment.objects.select_for_update(of=("self",)).filter(proven_at=None)
        enrolment = waiting.filter(pk=signed_in.pk).first() or signed_in
        if enrolment.proven_at is not None:
            return enrolment
        enrolment.number = number
    else:
        enrolment = Enrolment(how=How.PHONE, number=number, started_at=now)
    accepted = invitation if invitation and invitation.number in {"", number} else None
    enrolment.invitation = accepted or enrolment.invitation
    if accepted is not None and enrolment.person_id is None:
        enrolment.person_id = accepted.person_id
    enrolment.code_expires_at = now + CODE_LASTS
    enrolment.save()
    _send_code(enrolment, place=place, now=now)
    return enrolment


@transaction.atomic
def send_again(*, enrolment: Enrolment, place: Place, now: datetime) -> None:
    """Another code; the one before is worth nothing any more. Nothing once it was proven."""
    current = Enrolment.objects.select_for_update().get(pk=enrolment.pk)
    if current.proven_at is None:
        _send_code(current, place=place, now=now)


def _send_code(enrolment: Enrolment, *, place: Place, now: datetime) -> None:
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    admitted = _is_admitted(enrolment, place)
    enrolment.code_digest = _digest(enrolment, code) if admitted else ""
    enrolment.code_expires_at = now + CODE_LASTS
    enrolment.tries_left = TRIES
    enrolment.save(update_fields=["code_digest", "code_expires_at", "tries_left"])
    sender = sender_of(place.settings)
    if not admitted or sender is None:
        return
    text = _("%(code)s is your code for %(organisation)s. It is good for %(minutes)s minutes.") % {
        "code": code,
        "organisation": place.tenant.name,
        "minutes": int(CODE_LASTS.total_seconds() // 60),
    }
    SmsMessage(
        to=enrolment.number,
        sealed=seal(text),
        by=sender.name,
        created_at=now,
        worthless_at=now + CODE_LASTS,
        due_at=now,
    ).save()
    record(by=None, action="enrolment.code_sent", subject=enrolment)
    nudge(POST)


def _is_admitted(enrolment: Enrolment, place: Place) -> bool:
    number = enrolment.number
    if line_of(number) is not None:
        return True
    if enrolment.invitation is not None and enrolment.invitation.number == number:
        return True
    return place.settings.adds_lines and may_be_added(number, home=place.tenant.home_country)


def prove(*, enrolment: Enrolment, code: str, now: datetime) -> None:
    """The number is the person's if the code is right. Raises CodeRefused.

    An enrolment that was proven stays so: a second press is no second try.
    """
    current = Enrolment.objects.get(pk=enrolment.pk)
    if current.proven_at is not None:
        return
    waiting = Enrolment.objects.filter(pk=current.pk, proven_at=None)
    if current.code_expires_at is None or current.code_expires_at <= now:
        raise CodeRefused(_("This code has expired. Ask for a new one."), field="code")
    if not waiting.filter(tries_left__gt=0).update(tries_left=F("tries_left") - 1):
        raise _used_up()
    right = bool(current.code_digest) and hmac.compare_digest(
        current.code_digest, _digest(current, code)
    )
    if not right:
        current.refresh_from_db()
        if not current.tries_left:
            record(by=None, action="enrolment.tries_used_up", subject=current)
            raise _used_up()
        said = ngettext(
            "That is not the code we sent. You have %(count)s try left.",
            "That is not the code we sent. You have %(count)s tries left.",
            current.tries_left,
        )
        raise CodeRefused(said % {"count": current.tries_left}, field="code")
    line = line_of(current.number)
    refuse_if_taken(line=line, person_id=current.person_id)
    waiting.filter(code_digest=current.code_digest).update(proven_at=now, code_digest="", line=line)


def _used_up() -> CodeRefused:
    return CodeRefused(
        _("The code was wrong too often and is worth nothing any more. Ask for a new one."),
        field="code",
    )


def _digest(enrolment: Enrolment, code: str) -> str:
    pepper = hashlib.sha256(f"enrolment.code:{settings.SECRET_KEY}".encode()).digest()
    return hmac.new(pepper, f"{enrolment.key}:{code}".encode(), hashlib.sha256).hexdigest()
