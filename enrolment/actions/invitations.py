"""Invitations to enrol: many at once, sent again, withdrawn, and what their link is good for.

The link is signed and names the moment it was made; sending again makes a new moment. The e-mails
are rows of the same transaction: enrolment.workers.invitation_mails sends them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from audit.actions import Act, Actor, record, record_many
from common.refusals import Refused
from common.tenancy import current_tenant_id
from enrolment.invitation_rows import Row
from enrolment.links import VALID_FOR, read_key
from enrolment.models import Invitation
from jobs.nudges import nudge
from tenants import directory_people
from tenants.directory_people import ToldPerson
from tenants.models import Person, User
from usage.models import Line, LinePerson, LineState

BATCH = 500
MAILS = "enrolment.tasks.send_invitations"


class InvitationGone(Refused):
    """The invitation was used, withdrawn, sent anew, or is too old."""


@transaction.atomic
def invite(
    *, rows: Sequence[Row], language: str, origin: str, now: datetime, by: User
) -> tuple[list[Invitation], list[Row]]:
    """An invitation for each row, and the rows left out because such an invitation is open.

    `origin` is what links begin with (https://host). Whose address or line is known here is
    taken along. Five statements, whatever the number of rows.
    """
    lines = _lines(rows)
    holders = _holders(lines)
    people = directory_people.by_address(addresses=[row.email for row in rows])
    is_open = set(
        Invitation.objects.filter(used_at=None, revoked_at=None)
        .annotate(address=Lower("email"))
        .values_list("address", "number")
    )
    left_out = [row for row in rows if (row.email.lower(), row.number) in is_open]
    new = [row for row in rows if (row.email.lower(), row.number) not in is_open]
    made = Invitation.objects.bulk_create(
        [
            Invitation(
                tenant_id=current_tenant_id(),
                email=row.email,
                name=row.name,
                number=row.number,
                line_id=lines.get(row.number),
                person_id=people.get(row.email.lower()) or holders.get(lines.get(row.number, 0)),
                invited_by=by,
                language=language,
                origin=origin,
                created_at=now,
                invited_at=now,
                due_at=now,
            )
            for row in new
        ],
        batch_size=BATCH,
    )
    record_many(
        by=by,
        acts=[
            Act(
                action="enrol_invitation.sent",
                subject=invitation,
                after={"person": invitation.email, "msisdn": invitation.number},
            )
            for invitation in made
        ],
    )
    nudge(MAILS)
    return made, left_out


def _lines(rows: Sequence[Row]) -> dict[str, int]:
    numbers = {row.number for row in rows if row.number}
    active = Line.objects.filter(msisdn__in=numbers, state=LineState.ACTIVE)
    return dict(active.values_list("msisdn", "pk"))


def _holders(lines: dict[str, int]) -> dict[int, int]:
    held = LinePerson.objects.open().filter(line_id__in=lines.values())
    return dict(held.values_list("line_id", "person_id"))


@transaction.atomic
def send_again(*, invitation: Invitation, origin: str, now: datetime, by: Actor) -> None:
    """A new link, with the time it has anew; the older one is dead. Raises InvitationGone."""
    current = _open(invitation)
    current.invited_at = current.due_at = now
    current.sent_at, current.attempts, current.origin = None, 0, origin
    current.save(update_fields=["invited_at", "due_at", "sent_at", "attempts", "origin"])
    record(by=by, action="enrol_invitation.sent_again", subject=current)
    nudge(MAILS)


@transaction.atomic
def revoke(*, invitation: Invitation, now: datetime, by: Actor) -> None:
    """Its link opens nothing from now on. Raises InvitationGone."""
    current = _open(invitation)
    current.revoked_at, current.due_at = now, None
    current.save(update_fields=["revoked_at", "due_at"])
    record(by=by, action="enrol_invitation.withdrawn", subject=current)


def _open(invitation: Invitation) -> Invitation:
    found = Invitation.objects.select_for_update().filter(used_at=None, revoked_at=None)
    current = found.filter(pk=invitation.pk).first()
    if current is None:
        raise InvitationGone(_("This invitation was used or withdrawn before."))
    return current


def invitation_of(*, key: str, now: datetime) -> Invitation:
    """The invitation of the tenant in scope that a link belongs to. Raises InvitationGone."""
    read = read_key(key)
    if read is None:
        raise InvitationGone(_("This link is not whole. Open it from the e-mail."))
    pk, made = read
    found = Invitation.objects.select_related("person").filter(pk=pk).first()
    if found is None:
        raise InvitationGone(_("This link is not one of this organisation."))
    if found.used_at is not None:
        raise InvitationGone(_("A phone was enrolled with this invitation already."))
    if found.revoked_at is not None:
        raise InvitationGone(_("This invitation was withdrawn."))
    if found.invited_at != made:
        raise InvitationGone(_("A newer invitation was sent to you. Use its link."))
    if now > made + VALID_FOR:
        raise InvitationGone(_("This invitation has expired. Ask for a new one."))
    return found


def open_link(*, invitation: Invitation, now: datetime) -> None:
    """Note that somebody pressed the link's button for the first time."""
    Invitation.objects.filter(pk=invitation.pk, opened_at=None).update(opened_at=now)


def person_of(*, invitation: Invitation, now: datetime) -> Person:
    """The person with the invitation's address; a new one when there is none."""
    if invitation.person is not None:
        return invitation.person
    found = directory_people.by_address(addresses=[invitation.email])
    if found:
        return Person.objects.get(pk=found[invitation.email.lower()])
    told = ToldPerson(name=invitation.name or invitation.email[:120], email=invitation.email)
    [person] = directory_people.add_many(told=[told], now=now)
    return person
