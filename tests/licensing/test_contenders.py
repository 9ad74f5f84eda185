"""Fifty sign-ins for ten seats at once: exactly the seats, nobody twice, the order kept.

The negative control takes the lock away and must oversell: else this would prove nothing.
`CONTENDER_ROUNDS=200` in the environment repeats the first test two hundred times.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from common.tenancy import tenant_scope
from licensing.models import AutoClaimPolicy, Claim, Product
from licensing.workers import judge
from licensing.workers.accounts import read_accounts
from licensing.workers.judge import judge_batch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
PEOPLE = [f"p{number:02d}" for number in range(50)]
CONTENDERS = 5
ROUNDS = int(os.environ.get("CONTENDER_ROUNDS", "10"))


@pytest.fixture
def crowd(two_products, monkeypatch):
    """Seats for ten in two products; each contender judges a fifth of the sign-ins at a time."""
    office = two_products(e3=6, spb=4)
    office.policy("SPE_E3", "SPB")
    keys = [office.cloud.employ(name) for name in PEOPLE]
    with tenant_scope(office.tenant.pk):
        read_accounts(cloud=office.cloud, entra_ids=keys, now=timezone.now())
    monkeypatch.setattr(judge, "BATCH", len(PEOPLE) // CONTENDERS)
    real = judge.decide

    def slowly(**facts):
        verdict = real(**facts)
        time.sleep(0.0005)  # between the check and the act
        return verdict

    monkeypatch.setattr(judge, "decide", slowly)
    return office


def pause_longer(monkeypatch):
    """Long enough after the check for all contenders to have checked."""
    quick = judge.decide

    def slowly(**facts):
        verdict = quick(**facts)
        time.sleep(0.01)
        return verdict

    monkeypatch.setattr(judge, "decide", slowly)


def contend(office, pool):
    """All sign in at once; contenders judge until nothing is due."""
    office.sign_in(*PEOPLE)
    barrier = threading.Barrier(CONTENDERS)

    def work(_number):
        with tenant_scope(office.tenant.pk):
            barrier.wait(timeout=10)
            while judge_batch(now=timezone.now()):
                pass

    list(pool.map(work, range(CONTENDERS)))


@pytest.fixture
def pool():
    with ThreadPoolExecutor(CONTENDERS) as pool:
        yield pool
        list(pool.map(lambda _number: (time.sleep(0.05), connection.close()), range(CONTENDERS)))


def seats_given(office):
    held = office.claims(state="claimed")
    return Counter(row.product_name for row in held), [row.upn for row in held]


def forget(office):
    with tenant_scope(office.tenant.pk):
        Claim.objects.all().delete()


def test_fifty_sign_ins_for_ten_seats_time_and_again(crowd, pool):
    for _round in range(ROUNDS):
        contend(crowd, pool)
        given, people = seats_given(crowd)
        assert given == {"Microsoft 365 E3": 6, "Microsoft 365 Business Premium": 4}
        assert people == sorted(people) and len(set(people)) == 10
        assert people == [f"p{number:02d}@contoso.example" for number in range(10)]
        forget(crowd)


def test_without_the_guard_it_oversells(crowd, pool, monkeypatch):
    def unlocked(policy):
        return list(Product.objects.filter(policies__policy=policy).order_by("pk"))

    monkeypatch.setattr(judge, "_lock_products", unlocked)
    monkeypatch.setattr(judge, "_lock_policy", lambda pk: AutoClaimPolicy.objects.get(pk=pk))
    real = judge._to_judge
    monkeypatch.setattr(
        judge, "_to_judge",
        lambda policy, now, free: real(policy, now, False).select_for_update(skip_locked=True),
    )  # fmt: skip
    pause_longer(monkeypatch)
    oversold = 0
    for _round in range(5):
        contend(crowd, pool)
        oversold = max(oversold, sum(seats_given(crowd)[0].values()))
        forget(crowd)
    assert oversold > 10
