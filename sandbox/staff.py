"""The people of the pretend organisations: they sign in by themselves, some join, some leave.

What happens in a period follows from the organisation and the period, so that two schedulers make
one and the same thing of it. Who joins signs in on the first day; who leaves is disabled and gives
the licences back, and somebody who waited for a seat has it.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import transaction

from sandbox.cloud import bodies, products
from sandbox.cloud.graph.changes import put, save
from sandbox.cloud.seed import add_sign_ins, user_id
from sandbox.direct_cloud import DirectCloud
from sandbox.feed import SEED
from sandbox.models import CloudObject, CloudTenant, Kind
from sandbox.world import DEPARTMENTS, FIRST_NAMES, LAST_NAMES

EVERY = timedelta(minutes=2)
SIGN_INS = (5, 3, 2)
"""How likely none, one and two sign-ins are in a period, in proportion."""
JOINS, LEAVES = 0.02, 0.015
FEWEST, MOST = 16, 60
KEEP_SIGN_INS = timedelta(days=30)
"""As long as Entra keeps them with P1 or P2."""
APPS = (products.TEAMS_DESKTOP, products.TEAMS_WEB, products.POWER_APPS)
APP_WEIGHTS = (6, 2, 1)


def live(*, now: datetime) -> None:
    """Let every pretend organisation live through the period that begins now."""
    for organisation in CloudTenant.objects.order_by("pk"):
        _live(organisation, now)


@transaction.atomic
def _live(organisation: CloudTenant, now: datetime) -> None:
    period = int(now.timestamp() // EVERY.total_seconds())
    chance = Random(f"{SEED} {organisation.pk} {period}")  # noqa: S311 - reproducible on purpose
    people = list(_ordinary(organisation))
    at_the_door = [chance.choice(people) for _ in range(chance.choices((0, 1, 2), SIGN_INS)[0])]
    if len(people) < MOST and chance.random() < JOINS:
        at_the_door.append(_join(organisation, chance, now))
    if len(people) > FEWEST and chance.random() < LEAVES:
        leaver = chance.choice(people)
        at_the_door = [one for one in at_the_door if one.pk != leaver.pk]
        _leave(organisation, leaver)
    known = CloudObject.objects.filter(cloud_tenant=organisation, kind=Kind.SIGN_IN)
    signed_in = [
        body
        for number, person in enumerate(at_the_door)
        if not known.filter(
            object_id=(body := sign_in(person.body, chance, now, number))["id"]
        ).exists()
    ]
    add_sign_ins(organisation, signed_in)


def _ordinary(organisation: CloudTenant):
    """Those who are enabled and none of the people that the sign-in page offers."""
    return CloudObject.objects.filter(
        cloud_tenant=organisation,
        kind=Kind.USER,
        removed=False,
        hidden={},
        body__accountEnabled=True,
    ).order_by("object_id")


def sign_in(
    person: dict[str, Any], chance: Random, at: datetime, number: int = 0
) -> dict[str, Any]:
    """A sign-in of this person at that time, to one of the apps."""
    return bodies.sign_in_body(
        key=uuid.uuid5(uuid.UUID(person["id"]), f"{at.isoformat()} {number}"),
        at=at - timedelta(seconds=chance.randrange(5, 100)),
        user=person,
        app=chance.choices(APPS, APP_WEIGHTS)[0],
        country=person["usageLocation"] or "NL",
    )


def _join(organisation: CloudTenant, chance: Random, now: datetime) -> CloudObject:
    name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"
    local = f"{name.lower().replace(' ', '.')}.{now:%y%m%d%H%M}"
    body = bodies.user_body(
        key=user_id(organisation.pk, local),
        name=name,
        principal=f"{local}@{organisation.domain}",
        department=chance.choice(list(DEPARTMENTS)),
        location=organisation.country if chance.random() < 0.9 else None,
        created=bodies.stamp(now),
    )
    return put(organisation, Kind.USER, body)


def _leave(organisation: CloudTenant, person: CloudObject) -> None:
    held = [licence["skuId"] for licence in person.body["assignedLicenses"]]
    if held:
        DirectCloud(organisation).assign(person.object_id, add=[], remove=held)
        person.refresh_from_db()
    person.body["accountEnabled"] = False
    save(person)


def forget_sign_ins(*, now: datetime) -> None:
    """Entra keeps sign-ins for a month."""
    CloudObject.objects.filter(kind=Kind.SIGN_IN, at__lt=now - KEEP_SIGN_INS).delete()
