"""claims: seats given per second by 16 contenders on one pool, to a bare conditional UPDATE.

Ours: more sign-ins than there are seats; 16 contenders judge them until nothing is due, and exactly
the seats are given, nobody twice. Baseline: the same contenders take the same number of
seats one by one with `UPDATE ... SET free = free - 1 WHERE free > 0`, each committed, until none
is left.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.utils import timezone

from benchmarks.harness import Outcome, in_turns, seconds
from benchmarks.scene import EMAIL, make_tenant
from common.tenancy import tenant_scope
from licensing.actions import policies
from licensing.actions.switch import set_switch
from licensing.drafts import Draft, DraftProduct
from licensing.models import Account, App, AutoClaimPolicy, Claim, Product
from licensing.workers.catalogue import write_products
from licensing.workers.judge import judge_batch
from tenants.models import Tenant, User

CONTENDERS = 16
SKU = "18181a46-0d4e-45cd-891e-60aabd171b4e"
TEAMS = "57ff2da0-773e-42df-b2af-ffb7a2317929"
POOL = "CREATE TABLE bench_pool (id int PRIMARY KEY, free int NOT NULL)"
TAKE = "UPDATE bench_pool SET free = free - 1 WHERE id = 1 AND free > 0"


def run(*, small: bool) -> Outcome:
    seats = 400 if small else 2_000
    tenant = make_tenant()
    with connection.cursor() as cursor:
        cursor.execute(POOL)
        cursor.execute("INSERT INTO bench_pool VALUES (1, 0)")
    with tenant_scope(tenant.pk):
        policy = _make_policy(seats)
        _make_accounts(seats + CONTENDERS)

    def ours() -> float:
        with tenant_scope(tenant.pk):
            _sign_in(policy, seats + CONTENDERS)
        took = seconds(lambda: _contend(lambda: _judge(tenant)))
        with tenant_scope(tenant.pk):
            held = Claim.objects.filter(state="claimed")
            given, people = held.count(), held.values("entra_id").distinct().count()
        if not given == people == seats:
            raise AssertionError(f"{given} seats to {people} people, where {seats} were sold")
        return seats / took

    def base() -> float:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE bench_pool SET free = %s", [seats])
        return seats / seconds(lambda: _contend(_take))

    return in_turns(ours=ours, base=base, unit="/s")


def _contend(work: Callable[[], None]) -> None:
    def one(_number: int) -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(CONTENDERS) as pool:
        list(pool.map(one, range(CONTENDERS)))


def _judge(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        while judge_batch(now=timezone.now()):
            pass


def _take() -> None:
    with connection.cursor() as cursor:
        while True:
            cursor.execute(TAKE)
            if not cursor.rowcount:
                return


def _make_policy(seats: int) -> AutoClaimPolicy:
    plan = {"servicePlanId": TEAMS, "servicePlanName": "TEAMS1"}
    body = {
        "skuId": SKU,
        "skuPartNumber": "STANDARDPACK",
        "capabilityStatus": "Enabled",
        "consumedUnits": 0,
        "prepaidUnits": {"enabled": seats},
        "servicePlans": [plan],
    }
    write_products(bodies=[body], began=timezone.now())
    by = User.objects.get(email=EMAIL)
    set_switch(on=True, by=by)
    draft = Draft(
        name="Teams for all",
        app=App.objects.get(name="Microsoft Teams").pk,
        products=(DraftProduct(Product.objects.get().pk),),
    )
    return policies.add(draft=draft, now=timezone.now(), by=by)


def _make_accounts(count: int) -> None:
    later = timezone.now() + timedelta(days=1)  # they stay fresh, so that no directory is asked
    Account.objects.bulk_create(
        Account(
            tenant_id=_tenant_id(),
            entra_id=UUID(int=number + 1),
            upn=f"p{number}@bench.example",
            name=f"Person {number}",
            enabled=True,
            is_member=True,
            usage_location="NL",
            read_at=later,
        )
        for number in range(count)
    )


def _sign_in(policy: AutoClaimPolicy, count: int) -> None:
    now = timezone.now()
    Claim.objects.all().delete()
    Claim.objects.bulk_create(
        Claim(
            tenant_id=_tenant_id(),
            sign_in_key=f"s{number}",
            signed_in_at=now - timedelta(seconds=count - number),
            app_id=policy.app_id,
            entra_id=UUID(int=number + 1),
            upn=f"p{number}@bench.example",
            policy=policy,
            policy_name=policy.name,
            created_at=now,
            due_at=now,
        )
        for number in range(count)
    )


def _tenant_id() -> int:
    return Tenant.objects.values_list("pk", flat=True).get()
