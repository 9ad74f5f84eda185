"""People as the connected directory tells of them, many at once: added, followed, gone, back.

A person is told by their address, so that people who were there before are not doubled. One who
is gone from the directory keeps every line and entry they had, and is offered for nothing new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models.functions import Lower

from audit.actions import Act, changes, record_many
from common.tenancy import current_tenant_id
from tenants.models import Person

BATCH = 1_000


@dataclass(frozen=True)
class ToldPerson:
    """What the directory tells of somebody; unknown is empty."""

    name: str
    email: str
    department: str = ""


def by_address(*, addresses: Iterable[str]) -> dict[str, int]:
    """Ids of people by their addresses in small letters; the oldest of two with one address."""
    wanted = {address.lower() for address in addresses if address}
    if not wanted:
        return {}
    people = Person.objects.annotate(address=Lower("email")).filter(address__in=wanted)
    return dict(people.order_by("-pk").values_list("address", "pk"))


def add_many(*, told: Sequence[ToldPerson], now: datetime) -> list[Person]:
    """A person for each, in their order, each with an audit event."""
    if not told:
        return []
    people = [
        Person(tenant_id=current_tenant_id(), created_at=now, **asdict(each)) for each in told
    ]
    Person.objects.bulk_create(people, batch_size=BATCH)
    acts = [Act(action="person.added", subject=each, after={"name": each.name}) for each in people]
    record_many(by=None, acts=acts)
    return people


def follow_many(*, told: Mapping[int, Mapping[str, str]]) -> int:
    """Write what the directory tells otherwise than before, by person id; how many differed."""
    if not told:
        return 0
    people = list(Person.objects.filter(pk__in=list(told)).order_by("pk").select_for_update())
    acts, changed = [], []
    for person in people:
        new = told[person.pk]
        before, after = changes(
            before={name: getattr(person, name) for name in new}, after=dict(new)
        )
        if not after:
            continue
        for name, value in new.items():
            setattr(person, name, value)
        changed.append(person)
        acts.append(Act(action="person.edited", subject=person, before=before, after=after))
    Person.objects.bulk_update(changed, ["name", "email", "department"], batch_size=BATCH)
    record_many(by=None, acts=acts)
    return len(changed)


def mark_gone(*, person_ids: Collection[int], now: datetime) -> int:
    """They have left the directory; returns how many had not left before."""
    return _turn(person_ids, was_there=True, removed_at=now, action="person.gone")


def mark_back(*, person_ids: Collection[int]) -> int:
    """They are in the directory again; returns how many had left."""
    return _turn(person_ids, was_there=False, removed_at=None, action="person.back")


def _turn(
    person_ids: Collection[int], *, was_there: bool, removed_at: datetime | None, action: str
) -> int:
    if not person_ids:
        return 0
    those = Person.objects.filter(pk__in=person_ids, removed_at__isnull=was_there)
    people = list(those.order_by("pk").select_for_update())
    Person.objects.filter(pk__in=[person.pk for person in people]).update(removed_at=removed_at)
    record_many(by=None, acts=[Act(action=action, subject=person) for person in people])
    return len(people)
