"""Filling the pretend cloud: organisations with people of different rights, products, devices.

Everything follows from the organisation's id, so the same cloud is made every time. Contoso and
Fabrikam belong to the demo's tenants; Adventure Works and Wide World Importers belong to nobody
yet, for a visitor to connect.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from devices.simulated_models import identity
from sandbox.cloud import bodies, products
from sandbox.cloud.graph.changes import put_many
from sandbox.cloud.registrations import REGISTRATIONS
from sandbox.cloud.tokens import hashed, signing_key
from sandbox.models import CloudConsent, CloudObject, CloudRegistration, CloudTenant, Kind
from sandbox.world import DEPARTMENTS, FIRST_NAMES, LAST_NAMES

CATEGORIES = ("Corporate", "Personal")
CARRIERS = ("Northwind Mobile", "Tailspin Telecom")


@dataclass(frozen=True)
class Rights:
    """A pretend user whom the sign-in page offers. `app_roles` are roles in the TEM portal."""

    name: str
    full_name: str
    directory_roles: tuple[str, ...] = ()
    app_roles: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True)
class Organisation:
    id: uuid.UUID
    domain: str
    name: str
    country: str
    people: tuple[Rights, ...]
    prefix: str
    """Begins the phone numbers of its devices."""
    seats: dict[str, int] = field(default_factory=dict)


_SEATS = {
    "SPE_E3": 25,
    "TEAMS_EXPLORATORY": 10,
    "O365_BUSINESS_ESSENTIALS": 5,
    "POWERAPPS_PER_USER": 3,
    "FLOW_PER_USER": 2,
}
GLOBAL = "Global Administrator"
INTUNE = "Intune Administrator"


def _staff(*people: tuple[str, str, tuple[str, ...], tuple[str, ...]]) -> tuple[Rights, ...]:
    return tuple(Rights(*person) for person in people)


CONTOSO = Organisation(
    id=uuid.UUID("c0170500-0000-4000-8000-000000000001"),
    domain="contoso.example",
    name="Contoso",
    country="NL",
    prefix="+3161000",
    people=_staff(
        ("alice", "Alice Adams", (GLOBAL,), ("global_administrator",)),
        ("dana", "Dana Dekker", (INTUNE,), ("intune_administrator",)),
        ("bob", "Bob Brouwer", ("Helpdesk Administrator",), ("helpdesk",)),
        ("rita", "Rita Romero", ("Reports Reader",), ("report_reader",)),
        ("arthur", "Arthur Auer", (), ("auditor",)),
        ("ursula", "Ursula Uitslag", (), ()),
    ),
    seats=_SEATS,
)
FABRIKAM = Organisation(
    id=uuid.UUID("fab21ca0-0000-4000-8000-000000000002"),
    domain="fabrikam.example",
    name="Fabrikam",
    country="FR",
    prefix="+3363998",
    people=_staff(
        ("charlie", "Charlie Claes", (GLOBAL,), ("global_administrator",)),
        ("chloe", "Chloé Caron", ("Helpdesk Administrator",), ("helpdesk",)),
    ),
    seats={"SPE_F1": 12, "POWERAPPS_PER_USER": 2},
)
ADVENTURE_WORKS = Organisation(
    id=uuid.UUID("ad7e0000-0000-4000-8000-000000000003"),
    domain="adventure-works.example",
    name="Adventure Works",
    country="NL",
    prefix="+3163000",
    people=_staff(
        ("gina", "Gina Global", (GLOBAL,), ("global_administrator",)),
        ("ivan", "Ivan Intune", (INTUNE,), ("intune_administrator",)),
        ("uma", "Uma User", (), ()),
    ),
    seats=_SEATS,
)
WIDE_WORLD = Organisation(
    id=uuid.UUID("a1de0000-0000-4000-8000-000000000004"),
    domain="wideworldimporters.example",
    name="Wide World Importers",
    country="BE",
    prefix="+3246900",
    people=_staff(("wendy", "Wendy Wouters", (GLOBAL,), ("global_administrator",))),
    seats={"SPB": 8},
)
ORGANISATIONS = (CONTOSO, FABRIKAM, ADVENTURE_WORKS, WIDE_WORLD)


def exists() -> bool:
    return CloudTenant.objects.filter(pk=ORGANISATIONS[-1].id).exists()


@transaction.atomic
def make_cloud(*, now: datetime, people: int = 24, devices: int = 20) -> None:
    """All organisations, each with so many ordinary people and managed devices."""
    signing_key()
    make_registrations()
    for organisation in ORGANISATIONS:
        make_organisation(organisation, now=now, people=people, devices=devices)


def make_registrations() -> None:
    """The portal's own applications, as the pretend cloud knows them."""
    for known in REGISTRATIONS:
        CloudRegistration.objects.update_or_create(
            pk=known.client_id,
            defaults={
                "name": known.name,
                "secret_hashes": [hashed(known.secret)],
                "roles": list(known.roles),
                "app_roles": list(known.app_roles),
            },
        )


@transaction.atomic
def make_organisation(
    organisation: Organisation, *, now: datetime, people: int, devices: int
) -> CloudTenant:
    """One organisation with its directory, Intune, products and a week of sign-ins."""
    tenant = CloudTenant.objects.create(
        pk=organisation.id,
        domain=organisation.domain,
        name=organisation.name,
        country=organisation.country,
    )
    chance = random.Random(str(organisation.id))  # noqa: S311 - reproducible on purpose
    staff = [
        _row(_staff_body(tenant, rights), shown=number, rights=rights)
        for number, rights in enumerate(organisation.people)
    ]
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    ordinary = [
        _row(_person_body(tenant, number, name, chance))
        for number, name in enumerate(_many(chance.sample(names, min(people, len(names))), people))
    ]
    put_many(tenant, Kind.USER, staff + ordinary)
    account = organisation.domain.split(".")[0]
    put_many(
        tenant,
        Kind.SUBSCRIBED_SKU,
        [
            _row(products.subscribed(tenant.pk, part_number, seats=seats, account=account))
            for part_number, seats in organisation.seats.items()
        ],
    )
    put_many(tenant, Kind.DEVICE_CATEGORY, [_row(_category(tenant, name)) for name in CATEGORIES])
    owners = [row.body for row in ordinary or staff]
    add_devices(tenant, count=devices, owners=owners, prefix=organisation.prefix, now=now)
    _make_groups_and_profiles(tenant, [row.object_id for row in ordinary])
    add_sign_ins(tenant, _a_week(owners, chance, now))
    return tenant


def _category(tenant: CloudTenant, name: str) -> dict[str, Any]:
    key = uuid.uuid5(tenant.pk, f"category {name}")
    return bodies.category_body(key=key, name=name, description=f"{name} devices")


def _many(names: Sequence[str], count: int) -> Iterable[str]:
    """`count` names; beyond the list they are numbered."""
    for number in range(count):
        turn = number // len(names)
        yield names[number % len(names)] + (f" {turn + 1}" if turn else "")


def _row(
    body: dict[str, Any], *, shown: int | None = None, rights: Rights | None = None
) -> CloudObject:
    hidden: dict[str, Any] = {}
    if rights is not None:
        hidden = {
            "shown": shown,
            "directoryRoles": list(rights.directory_roles),
            "appRoles": list(rights.app_roles),
        }
    return CloudObject(object_id=body["id"], body=body, hidden=hidden)


def _staff_body(tenant: CloudTenant, rights: Rights) -> dict[str, Any]:
    return bodies.user_body(
        key=user_id(tenant.pk, rights.name),
        name=rights.full_name,
        principal=f"{rights.name}@{tenant.domain}",
        department="IT",
        location=tenant.country,
        enabled=rights.enabled,
    )


def user_id(tenant_id: uuid.UUID, name: str) -> uuid.UUID:
    """The object id of the pretend user `name`, as in `alice`."""
    return uuid.uuid5(tenant_id, f"user {name}")


def _person_body(
    tenant: CloudTenant, number: int, name: str, chance: random.Random
) -> dict[str, Any]:
    """Every ninth has no usage location, every fourteenth is a guest, every 23rd is disabled."""
    local = name.lower().replace(" ", ".")
    return bodies.user_body(
        key=user_id(tenant.pk, local),
        name=name,
        principal=f"{local}@{tenant.domain}",
        department=chance.choice(list(DEPARTMENTS)),
        location=None if number % 9 == 8 else tenant.country,
        guest=number % 14 == 13,
        enabled=number % 23 != 22,
    )


@transaction.atomic
def add_devices(
    tenant: CloudTenant,
    *,
    count: int,
    owners: Sequence[dict[str, Any]],
    prefix: str,
    now: datetime,
    first: int = 0,
) -> None:
    """`count` managed devices and the Entra devices behind them, numbered from `first`."""
    managed = [
        _managed(tenant, number, owners, prefix, now) for number in range(first, first + count)
    ]
    put_many(tenant, Kind.MANAGED_DEVICE, [_row(body) for body in managed])
    put_many(
        tenant,
        Kind.DEVICE,
        [
            _row(bodies.device_body(key=uuid.uuid5(uuid.UUID(body["id"]), "device"), managed=body))
            for body in managed
        ],
    )


def _managed(
    tenant: CloudTenant,
    number: int,
    owners: Sequence[dict[str, Any]],
    prefix: str,
    now: datetime,
) -> dict[str, Any]:
    phone = identity(tenant.pk.int % 5_000_000 + number)
    apple = phone.kind.platform != "knox"
    return bodies.managed_device_body(
        key=uuid.uuid5(tenant.pk, f"managed {number}"),
        name=phone.name,
        system={"ios": "iOS", "ipados": "iPadOS"}.get(phone.kind.platform, "Android"),
        version=phone.kind.os_version,
        model=phone.kind.model,
        manufacturer="Apple" if apple else "samsung",
        serial=phone.serial,
        imei=phone.imei,
        udid=phone.udid,
        iccid=f"8931{tenant.pk.int % 10**6:06d}{number:09d}",
        phone=f"{prefix}{number:04d}",
        carrier=CARRIERS[number % len(CARRIERS)],
        category=CATEGORIES[number % 5 == 4],
        user=owners[number % len(owners)] if owners else None,
        synced=now - timedelta(minutes=7 * (number % 40)),
    )


def _make_groups_and_profiles(tenant: CloudTenant, members: list[str]) -> None:
    groups: list[CloudObject] = []

    def group(name: str, description: str, inside: list[str], rule: str = "") -> str:
        key = uuid.uuid5(tenant.pk, f"group {name}")
        body = bodies.group_body(key=key, name=name, description=description, rule=rule)
        groups.append(CloudObject(object_id=str(key), body=body, hidden={"members": inside}))
        return str(key)

    staff = group("Mobile staff", "People with a company phone", members[: len(members) // 2])
    group("Sales", "Everybody in Sales", members[len(members) // 2 :])
    corporate = group(
        "Corporate phones",
        "Devices of the category Corporate",
        [],
        rule='device.deviceCategory -eq "Corporate"',
    )
    no_roaming = group("No data roaming", "Devices that get the profile against roaming", [])
    put_many(tenant, Kind.GROUP, groups)
    put_many(
        tenant,
        Kind.DEVICE_CONFIGURATION,
        [
            _configuration(tenant, "No data roaming (iOS)", no_roaming, apple=True),
            _configuration(tenant, "No data roaming (Android)", no_roaming, apple=False),
        ],
    )
    intents = ((staff, "available"), (corporate, "required"))
    put_many(
        tenant,
        Kind.MOBILE_APP,
        [
            _app(tenant, "771029268", intents, apple=True),
            _app(tenant, "fr.memobox.databox", intents, apple=False),
        ],
    )


def _configuration(tenant: CloudTenant, name: str, group: str, *, apple: bool) -> CloudObject:
    key = uuid.uuid5(tenant.pk, f"configuration {name}")
    assigned = bodies.assignment_body(
        key=uuid.uuid5(key, group), group=group, intent=None, odata="deviceConfigurationAssignment"
    )
    body = bodies.configuration_body(key=key, name=name, apple=apple)
    return CloudObject(object_id=str(key), body=body, hidden={"assignments": [assigned]})


def _app(
    tenant: CloudTenant, bundle: str, intents: Iterable[tuple[str, str]], *, apple: bool
) -> CloudObject:
    key = uuid.uuid5(tenant.pk, f"app {bundle}")
    assignments = [
        bodies.assignment_body(
            key=uuid.uuid5(key, to), group=to, intent=intent, odata="mobileAppAssignment"
        )
        for to, intent in intents
    ]
    body = bodies.app_body(
        key=key, name="Datalert", publisher="Saaswedo", bundle=bundle, apple=apple
    )
    return CloudObject(object_id=str(key), body=body, hidden={"assignments": assignments})


def _a_week(
    people: Sequence[dict[str, Any]], chance: random.Random, now: datetime
) -> Iterable[dict[str, Any]]:
    apps = (products.TEAMS_DESKTOP, products.TEAMS_WEB, products.POWER_APPS)
    for number in range(len(people) * 5):
        person = chance.choice(people)
        yield bodies.sign_in_body(
            key=uuid.uuid5(uuid.UUID(person["id"]), f"sign-in {number}"),
            at=now - timedelta(minutes=chance.randrange(10, 7 * 24 * 60)),
            user=person,
            app=chance.choice(apps),
            error=50126 if number % 11 == 10 else 0,
            interactive=number % 6 != 5,
        )


def add_sign_ins(tenant: CloudTenant, found: Iterable[dict[str, Any]]) -> None:
    """Store sign-ins; the time of each is also where it is looked for."""
    rows = [_row(body) for body in found]
    for row in rows:
        row.at = datetime.fromisoformat(row.body["createdDateTime"])
    put_many(tenant, Kind.SIGN_IN, rows)


def consent(tenant_id: uuid.UUID, key: str, *, now: datetime) -> None:
    """As if an administrator had accepted what the registration `key` asks for."""
    known = next(each for each in REGISTRATIONS if each.key == key)
    CloudConsent.objects.update_or_create(
        cloud_tenant_id=tenant_id,
        registration_id=known.client_id,
        defaults={"roles": list(known.roles), "granted_at": now, "granted_by": "seed"},
    )
