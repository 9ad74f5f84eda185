"""Enrolment with a work account: who signed in at Microsoft, and which of their lines it is for.

Whoever the directory vouches for is one of the tenant's people. They are found by the directory's
own id where the inventory knows it, else by their address; else they become one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from common.refusals import Refused
from connectors.models import InventoryItem
from connectors.models.inventory import ItemKind
from enrolment.models import Enrolment, How, Invitation
from enrolment.queries.lines_of_person import lines_of_person
from tenants import directory_people
from tenants.directory_people import ToldPerson
from tenants.models import Person
from usage.models import Line


class AccountRefused(Refused):
    """The account is nobody's here, or the line is not theirs."""


@transaction.atomic
def begin(
    *, claims: Mapping[str, Any], now: datetime, invitation: Invitation | None = None
) -> Enrolment:
    """Begin an enrolment for whoever these believed claims are about. Raises AccountRefused.

    Who holds a single line enrols that one; its holder needs no code.
    """
    person = _person(claims, now)
    if person.removed_at is not None:
        raise AccountRefused(_("You are no longer in your organisation's list of people."))
    enrolment = Enrolment(how=How.WORK_ACCOUNT, person=person, started_at=now)
    lines = lines_of_person(person_id=person.pk)
    if invitation is not None and invitation.person_id in {None, person.pk}:
        enrolment.invitation = invitation
    if len(lines) == 1:
        _give(enrolment, lines[0], now)
    enrolment.save()
    record(by=None, action="enrolment.signed_in", subject=enrolment, after={"person": str(person)})
    return enrolment


@transaction.atomic
def choose_line(*, enrolment: Enrolment, line: Line, now: datetime) -> None:
    """Enrol that one of the person's lines. Raises AccountRefused for one that is not theirs."""
    current = Enrolment.objects.select_for_update(of=("self",)).get(pk=enrolment.pk)
    if current.proven_at is not None:
        return
    if current.person_id is None or line not in lines_of_person(person_id=current.person_id):
        raise AccountRefused(_("This line is not yours any more."), field="line")
    _give(current, line, now)
    current.save()


def _give(enrolment: Enrolment, line: Line, now: datetime) -> None:
    enrolment.line, enrolment.number, enrolment.proven_at = line, line.msisdn, now
    enrolment.code_digest = ""


def _person(claims: Mapping[str, Any], now: datetime) -> Person:
    known = InventoryItem.objects.filter(
        kind=ItemKind.USER, key=str(claims["oid"]), person__isnull=False
    ).select_related("person")
    item = known.order_by("pk").first()
    if item is not None and item.person is not None:
        return item.person
    address = str(claims.get("preferred_username") or "").strip().lower()
    if "@" not in address or len(address) > 254:
        raise AccountRefused(_("Your account has no address. Ask your helpdesk."))
    found = directory_people.by_address(addresses=[address]).get(address)
    if found is not None:
        return Person.objects.get(pk=found)
    name = str(claims.get("name") or address)[:120]
    [person] = directory_people.add_many(told=[ToldPerson(name=name, email=address)], now=now)
    return person
