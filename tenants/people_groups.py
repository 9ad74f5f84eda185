"""People groups: made, named, put in order, filled, retired.

1. Whatever changes the order holds the tenant's row, so that two people cannot give two groups
   the same place; the database's own constraint is the second lock.
2. Who is in a group changes under the group's row, so that nobody joins a retired group.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import Case, Max, QuerySet, When
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, changes, record
from common.refusals import Refused, refusing
from common.tenancy import current_tenant_id
from tenants.models import PeopleGroup, PeopleGroupMember, Person, Tenant

MOST = 10_000
"""People that join or leave in one act."""
_NAMED = 50
"""People whose names stand in the log's entry; the others are counted there."""


class GroupRefused(Refused):
    """The group cannot be made, named, filled or retired like this."""


TAKEN = {"people_group_name_once": ("name", _("Another group already has this name."))}


@transaction.atomic
def add(*, name: str, note: str, by: Actor) -> PeopleGroup:
    """A new group, the last in the order. Raises GroupRefused when the name is taken."""
    _hold_the_order()
    last = PeopleGroup.objects.aggregate(last=Max("position"))["last"] or 0
    group = PeopleGroup(name=name, note=note, position=last + 1)
    with refusing(GroupRefused, TAKEN):
        group.save()
    after = changes(before={}, after={"name": name, "note": note, "priority": last + 1})[1]
    record(by=by, action="people_group.added", subject=group, after=after)
    return group


@transaction.atomic
def edit(*, group: PeopleGroup, name: str, note: str, by: Actor) -> None:
    """Another name or note. Raises GroupRefused."""
    current = _locked(group)
    before, after = changes(
        before={"name": current.name, "note": current.note}, after={"name": name, "note": note}
    )
    if not after:
        return
    current.name, current.note = name, note
    with refusing(GroupRefused, TAKEN):
        current.save(update_fields=["name", "note"])
    record(by=by, action="people_group.edited", subject=current, before=before, after=after)


@transaction.atomic
def move_up(*, group: PeopleGroup, by: Actor) -> None:
    """Change places with the group before it; the first one stays. Raises GroupRefused."""
    _hold_the_order()
    current = _locked(group)
    before = PeopleGroup.objects.filter(position__lt=current.position)
    _change_places(current, before.order_by("-position").first(), by=by)


@transaction.atomic
def move_down(*, group: PeopleGroup, by: Actor) -> None:
    """Change places with the group after it; the last one stays. Raises GroupRefused."""
    _hold_the_order()
    current = _locked(group)
    after = PeopleGroup.objects.filter(position__gt=current.position)
    _change_places(current, after.order_by("position").first(), by=by)


@transaction.atomic
def retire(*, group: PeopleGroup, now: datetime, by: Actor) -> None:
    """Take the group out of the order; who was in it stays on record. Raises GroupRefused."""
    _hold_the_order()
    current = _locked(group)
    place = current.position
    current.position, current.retired_at = None, now
    current.save(update_fields=["position", "retired_at"])
    record(by=by, action="people_group.retired", subject=current, before={"priority": place})


@transaction.atomic
def add_people(*, group: PeopleGroup, people: QuerySet[Person], by: Actor) -> int:
    """Put people into the group; who is in it already is left. Returns how many joined."""
    current = _locked(group)
    known = PeopleGroupMember.objects.filter(group=current).values("person_id")
    joining = _some(people.filter(removed_at=None).exclude(pk__in=known))
    PeopleGroupMember.objects.bulk_create(
        [
            PeopleGroupMember(tenant_id=current_tenant_id(), group=current, person=person)
            for person in joining
        ],
        batch_size=1_000,
    )
    if joining:
        after = _in_words(joining)
        record(by=by, action="people_group.people_added", subject=current, after=after)
    return len(joining)


@transaction.atomic
def remove_people(*, group: PeopleGroup, people: QuerySet[Person], by: Actor) -> int:
    """Take people out of the group. Returns how many left."""
    current = _locked(group)
    members = PeopleGroupMember.objects.filter(group=current)
    leaving = _some(people.filter(pk__in=members.values("person_id")))
    members.filter(person__in=leaving).delete()
    if leaving:
        before = _in_words(leaving)
        record(by=by, action="people_group.people_removed", subject=current, before=before)
    return len(leaving)


def _change_places(current: PeopleGroup, other: PeopleGroup | None, *, by: Actor) -> None:
    if other is None:
        return
    PeopleGroup.objects.filter(pk__in=[current.pk, other.pk]).update(
        position=Case(When(pk=current.pk, then=other.position), default=current.position)
    )
    record(
        by=by,
        action="people_group.moved",
        subject=current,
        before={"priority": current.position},
        after={"priority": other.position},
    )


def _hold_the_order() -> None:
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())


def _locked(group: PeopleGroup) -> PeopleGroup:
    current = PeopleGroup.objects.select_for_update(no_key=True).get(pk=group.pk)
    if current.retired_at is not None:
        raise GroupRefused(_("This group is retired."))
    return current


def _some(people: QuerySet[Person]) -> list[Person]:
    found = list(people.order_by("name", "pk")[: MOST + 1])
    if len(found) > MOST:
        raise GroupRefused(_("That is more than 10,000 people. Choose fewer with the filters."))
    return found


def _in_words(people: list[Person]) -> dict[str, object]:
    return {"people": [person.name for person in people[:_NAMED]], "count": len(people)}
