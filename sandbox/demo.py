"""The demo: two organisations with lines, people and three months of usage that end now.

Reproducible: what is random follows from a seed, and only the clock moves. The usage goes through
ingest, is judged by the evaluator and enforced by the reconciler like anybody's, each piece at its
own time (sandbox.replay); nothing on the screen is painted. The last weeks are lived through at
once; the calm months before them come in behind as a job (sandbox.past), so that nobody waits.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import connection, transaction

from common.tenancy import current_tenant_id, tenant_scope
from devices.actions.devices import add_simulated_devices
from devices.models import Sim
from sandbox import feed, incidents, past, replay
from sandbox.feed import HISTORY, SEED
from sandbox.world import (
    BOTH,
    DEPARTMENTS,
    FIRST_NAMES,
    LAST_NAMES,
    OPERATOR,
    PASSWORD,
    TENANTS,
    DemoCarrier,
    DemoPlan,
    DemoTenant,
)
from tenants import people_groups
from tenants.actions import add_member, create_tenant
from tenants.models import Person, Tenant, User
from tenants.models.tenant import Cloud
from usage.actions.lines import NewLine, add_lines
from usage.models import Carrier, CycleKind, Line, LinePerson, LineSim, Plan

LIVED = timedelta(days=33)
"""How much of the past is lived through before the demo is shown: every running cycle, whole."""
ON_THE_ROAD = ("Sales", "Field service")
ROLE_OF_OPERATOR = "operator"
ANALYZE = (
    "ANALYZE usage_line, usage_linewatch, usage_linesim, usage_lineplan, devices_sim, "
    "devices_devicesim, devices_devicecontrol, usage_usagecounter"
)


def log_ins() -> list[tuple[str, str, str]]:
    """(role, e-mail, password) of every demo log-in, administrators first."""
    people = [
        (f"{role.value.replace('_', ' ')} of {tenant.name}", f"{name}@{tenant.slug}.example")
        for tenant in TENANTS
        for name, role in tenant.logins
    ]
    people.append((ROLE_OF_OPERATOR, OPERATOR))
    return [(role, email, PASSWORD) for role, email in people]


def exists() -> bool:
    """Whether the demo has been made in this database."""
    return Tenant.objects.filter(slug=TENANTS[-1].slug).exists()


@transaction.atomic
def create(*, now: datetime, tenants: Sequence[DemoTenant] = TENANTS) -> None:
    """Make everything, or nothing."""
    password = make_password(PASSWORD)  # once: it is made to be slow
    for demo in tenants:
        tenant = _create_tenant(demo, password)
        with tenant_scope(tenant.pk):
            _create_company(demo, now)
            _live_until(demo, now)
            past.ask(until=now - LIVED, now=now)
    User.objects.create(email=OPERATOR, password=password, name="Olga", is_operator=True)
    for demo in tenants[1:]:
        other = Tenant.objects.get(slug=demo.slug)
        add_member(tenant=other, email=BOTH, role=tenants[0].logins[0][1], by=None)


def _create_tenant(demo: DemoTenant, password: str) -> Tenant:
    (first, _role), *others = demo.logins
    tenant = create_tenant(
        slug=demo.slug,
        name=demo.name,
        admin_email=f"{first}@{demo.slug}.example",
        by=None,
        time_zone=demo.time_zone,
        home_country=demo.country,
        cloud=Cloud.SANDBOX,
    )
    for name, role in others:
        add_member(tenant=tenant, email=f"{name}@{demo.slug}.example", role=role, by=None)
    for name, _role in demo.logins:
        user = User.objects.get(email=f"{name}@{demo.slug}.example")
        user.name = name.title()
        user.password = password
        user.save()
    return tenant


def _create_company(demo: DemoTenant, now: datetime) -> None:
    chance = random.Random(f"{SEED} {demo.slug}")  # noqa: S311 - reproducible on purpose
    staff = _create_people(demo, chance)
    _group(staff)
    people = iter(staff)
    for carrier in demo.carriers:
        _create_carrier(carrier, people, chance, now - HISTORY)
    incidents.equip(demo=demo, now=now)


def _live_until(demo: DemoTenant, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ANALYZE)
    begin = now - LIVED
    lively = replay.lively(begin=begin, end=now)
    for number, until in enumerate(
        replay.moments(begin=begin, end=now, zone=ZoneInfo(demo.time_zone))
    ):
        replay.live(demo=demo, begin=begin, until=until, lively=lively)
        begin = until
        if number == 0:
            with connection.cursor() as cursor:
                cursor.execute(ANALYZE)
    incidents.happen(demo=demo, now=now)
    replay.settle(now=now)
    transaction.on_commit(lambda: feed.remember(demo=demo, until=now), robust=True)


def _create_people(demo: DemoTenant, chance: random.Random) -> list[Person]:
    """The holders of the lines; the first of each department heads it, one of them the company."""
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    departments = list(DEPARTMENTS)
    people = [
        Person(
            tenant_id=current_tenant_id(),
            name=name,
            email=f"{name.lower().replace(' ', '.')}@{demo.slug}.example",
            department=(department := _department(index, departments, chance)),
            cost_centre=DEPARTMENTS[department],
        )
        for index, name in enumerate(chance.sample(names, demo.lines))
    ]
    Person.objects.bulk_create(people)
    heads = {person.department: person for person in reversed(people[: len(departments)])}
    for person in people:
        head = heads[person.department]
        person.manager = head if person is not head else people[0]
    people[0].manager = None
    Person.objects.bulk_update(people, ["manager"])
    return people


def _group(people: list[Person]) -> None:
    """Who leads comes before everybody else; travellers before the department they are in."""
    leading = {person.manager for person in people if person.manager}
    on_the_road = [person for person in people if person.department in ON_THE_ROAD]
    for name, note, members in (
        ("Management", "Heads of departments", leading),
        ("Travellers", "Often abroad for the company", on_the_road[::3]),
        ("Field staff", "Work by phone all day", on_the_road),
    ):
        group = people_groups.add(name=name, note=note, by=None)
        keys = [person.pk for person in members]
        people_groups.add_people(group=group, people=Person.objects.filter(pk__in=keys), by=None)


def _department(index: int, departments: list[str], chance: random.Random) -> str:
    return departments[index] if index < len(departments) else chance.choice(departments)


def _create_carrier(
    demo: DemoCarrier, people: Iterator[Person], chance: random.Random, started: datetime
) -> None:
    carrier = Carrier.objects.create(
        name=demo.name,
        country=demo.country,
        time_zone=demo.time_zone,
        network_codes=demo.networks,
    )
    for plan in demo.plans:
        keys = [
            NewLine(msisdn=number, iccid=_iccid(chance), imsi=_imsi(demo, number))
            for number in demo.numbers(plan)
        ]
        lines = add_lines(carrier=carrier, keys=keys, plan=_create_plan(carrier, plan), now=started)
        _give_phones_and_people(lines, people, started)


def _create_plan(carrier: Carrier, demo: DemoPlan) -> Plan:
    return Plan.objects.create(
        carrier=carrier,
        name=demo.name,
        domestic_cap=demo.domestic_cap,
        roaming_cap=demo.roaming_cap,
        cycle_kind=CycleKind(demo.cycle.kind),
        billing_day=demo.cycle.billing_day,
        cycle_days=demo.cycle.days,
        first_day=demo.cycle.first_day,
        overage_price=demo.price,
        is_default=demo.is_default,
    )


def _give_phones_and_people(
    lines: Sequence[Line], people: Iterator[Person], started: datetime
) -> None:
    links = LineSim.objects.open().filter(line__in=lines).values_list("sim_id", flat=True)
    add_simulated_devices(sims=list(Sim.objects.filter(pk__in=links).order_by("pk")), now=started)
    LinePerson.objects.bulk_create(
        [
            LinePerson(
                tenant_id=current_tenant_id(), line=line, person=next(people), linked_at=started
            )
            for line in lines
        ]
    )


def _iccid(chance: random.Random) -> str:
    return f"8931{chance.randrange(10**15):015d}"


def _imsi(demo: DemoCarrier, number: str) -> str:
    return f"{demo.networks.replace('-', '')}{number[-8:].rjust(10, '0')}"
