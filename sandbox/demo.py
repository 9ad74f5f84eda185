"""The demo: two organisations with lines, people and ten weeks of usage that end now.

Reproducible: all choices come from a seeded generator, and only the clock moves. The usage goes
through ingest and is judged by the workers, like anybody's; nothing on the screen is painted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import transaction

from common.tenancy import current_tenant_id, tenant_scope
from devices.actions.devices import add_simulated_devices
from devices.models import Sim
from sandbox.world import (
    ABROAD,
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
from tenants.actions import add_member, create_tenant
from tenants.models import Person, Tenant, User
from tenants.models.tenant import Cloud
from usage.actions.lines import NewLine, add_lines
from usage.carrier_files import LocalDays
from usage.cycles import cycle_at, cycle_of_day
from usage.models import Carrier, Line, LinePerson, LineSim, Plan, Source
from usage.queries.due_lines import cycle_rule
from usage.workers.ingest import ingest

SEED = 20261120
HISTORY = timedelta(days=72)
ROLE_OF_OPERATOR = "operator"
SHARES = (1.08, 0.93, 0.41, 0.27, 0.86, 0.12, 0.55, 0.34, 0.18, 0.62, 0.07, 0.48)
"""How much of its cap a line has used in the running cycle, in turns: some over, some near."""


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
def create(*, now: datetime) -> None:
    """Make everything, or nothing."""
    password = make_password(PASSWORD)  # once: it is made to be slow
    for tenant in TENANTS:
        _create_tenant(tenant, password, now)
    User.objects.create(email=OPERATOR, password=password, name="Olga", is_operator=True)
    last = Tenant.objects.get(slug=TENANTS[-1].slug)
    add_member(tenant=last, email=BOTH, role=TENANTS[0].logins[0][1], by=None)


def _create_tenant(demo: DemoTenant, password: str, now: datetime) -> None:
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
    chance = random.Random(f"{SEED}-{demo.slug}")  # noqa: S311 - reproducible on purpose
    with tenant_scope(tenant.pk):
        people = _create_people(demo, chance)
        for carrier in demo.carriers:
            _create_carrier(carrier, people, chance, now)


def _create_people(demo: DemoTenant, chance: random.Random) -> Iterator[Person]:
    count = sum(carrier.lines for carrier in demo.carriers)
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    people = [
        Person(
            tenant_id=current_tenant_id(),
            name=name,
            email=f"{name.lower().replace(' ', '.')}@{demo.slug}.example",
            department=chance.choice(DEPARTMENTS),
            cost_centre=f"{chance.randrange(40, 60)}00",
        )
        for name in chance.sample(names, count)
    ]
    return iter(Person.objects.bulk_create(people))


def _create_carrier(
    demo: DemoCarrier, people: Iterator[Person], chance: random.Random, now: datetime
) -> None:
    carrier = Carrier.objects.create(
        name=demo.name,
        country=demo.country,
        time_zone=demo.time_zone,
        network_codes=demo.networks,
    )
    plans = [_create_plan(carrier, plan) for plan in demo.plans]
    started = now - HISTORY
    for number, plan in enumerate(plans):
        keys = [
            NewLine(msisdn=f"{demo.prefix}{index:04d}", iccid=_iccid(chance))
            for index in range(number, demo.lines, len(plans))
        ]
        lines = add_lines(carrier=carrier, keys=keys, plan=plan, now=started)
        _give_phones_and_people(lines, people, started)
        _use(lines, carrier, plan, chance, now)


def _create_plan(carrier: Carrier, demo: DemoPlan) -> Plan:
    return Plan.objects.create(
        carrier=carrier,
        name=demo.name,
        domestic_cap=demo.domestic_cap,
        roaming_cap=demo.roaming_cap,
        billing_day=demo.billing_day,
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


def _use(
    lines: Sequence[Line], carrier: Carrier, plan: Plan, chance: random.Random, now: datetime
) -> None:
    if not lines:
        return
    days = LocalDays(carrier.zone)
    rows = [
        f"{line.pk}\t{at.isoformat()}\t{UUID(int=chance.getrandbits(128))}\t{country}"
        f"\t{volume}\t{days.of(at.timestamp())}\n"
        for index, line in enumerate(lines)
        for at, country, volume in _sessions(index, carrier, plan, chance, now)
    ]
    ingest(rows=rows, source=Source.CARRIER, now=now)


def _sessions(
    index: int, carrier: Carrier, plan: Plan, chance: random.Random, now: datetime
) -> Iterator[tuple[datetime, str, int]]:
    """Start (UTC), country and bytes of every use of one line, cycle by cycle."""
    rule = cycle_rule(plan)
    running = cycle_at(rule, now, carrier.zone)
    day = (now - HISTORY).date()
    while day <= running.first_day:
        cycle = cycle_of_day(rule, day)
        is_running = cycle == running
        share = SHARES[index % len(SHARES)] if is_running else chance.uniform(0.1, 0.95)
        begin = max(cycle.starts_at(carrier.zone), now - HISTORY)
        end = min(cycle.ends_at(carrier.zone), now)
        yield from _spread(begin, end, int(plan.domestic_cap * share), carrier.country, chance)
        if index % 5 == 2:
            abroad = int(plan.roaming_cap * (1.1 if is_running and index % 10 == 2 else share))
            yield from _spread(begin, end, abroad, chance.choice(ABROAD), chance, parts=6)
        day = cycle.end_day


def _spread(
    begin: datetime,
    end: datetime,
    total: int,
    country: str,
    chance: random.Random,
    parts: int | None = None,
) -> Iterator[tuple[datetime, str, int]]:
    """`total` bytes in uneven parts at random moments from `begin` up to `end`."""
    parts = parts or max((end - begin).days * 2, 3)
    weights = [chance.uniform(0.2, 1.8) for _ in range(parts)]
    left = total
    for number, weight in enumerate(weights, start=1):
        at = begin + (end - begin) * chance.random()
        volume = left if number == parts else int(total * weight / sum(weights))
        left -= volume
        yield at.astimezone(UTC).replace(microsecond=0), country, max(volume, 0)


def _iccid(chance: random.Random) -> str:
    return f"8931{chance.randrange(10**15):015d}"
