"""Several workers at once, each on a connection of its own: everything happens, and once."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alerts.models import Alert
from common.tenancy import tenant_scope
from connectors.actions.switch import set_enabled
from connectors.models import Connector, Signal
from devices.actions import devices as devices_
from devices.gateways.simulator import fleet
from devices.gateways.simulator.gateway import SimulatorGateway
from devices.models import Command, RestrictionReason
from devices.workers import enforce
from tenants.actions import create_tenant
from tenants.models import Tenant
from tests.engine.scene import GB, MB, blocked, lines, phone_for, record, settle, take
from tests.factories import UserFactory
from usage.actions import lines as lines_
from usage.actions import policies
from usage.actions.policies import ThresholdTerms
from usage.models import Decision, Line, LineWatch, Plan, Policy, UsageCounter
from usage.queries import judging as judgement
from usage.workers import evaluate
from usage.workers.counters import differences
from usage.workers.due import make_due
from usage.workers.ingest import NEW_RECORDS

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 24
BLOCK_AT_100 = [ThresholdTerms("domestic", "percent", Decimal(100), block_cellular=True)]


@pytest.fixture
def busy(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenant]:
    """A tenant with COUNT lines and phones; nudges go nowhere, so only our threads work."""
    monkeypatch.setattr("jobs.nudges._send", lambda task: None)
    tenant = create_tenant(slug="busy", name="Busy", admin_email="b@example.com", by=None)
    with tenant_scope(tenant.pk):
        made = lines(*(f"l{number}" for number in range(COUNT)))
        for number, line in enumerate(made):
            phone_for(line, ("ios", "knox", "ipados")[number % 3])
        settle()
        yield tenant


def at_once(tenant: Tenant, *works: Callable[[], Any]) -> list[Any]:
    """Run these in threads that start together; returns what they returned, or raises."""
    barrier = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        try:
            with tenant_scope(tenant.pk):
                barrier.wait(timeout=10)
                return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def devices() -> dict[Line, Any]:
    found = Line.objects.order_by("pk")
    return {line: line.sim_links.get().sim.device_links.get().device for line in found}


def test_two_enforcers_at_once_hand_nothing_over_twice(busy, monkeypatch):
    monkeypatch.setattr(enforce, "BATCH", 5)
    handed: list[Any] = []
    real = SimulatorGateway.hand_over

    def counting(self, *, commands, now):
        handed.extend(command.command_id for command in commands)
        return real(self, commands=commands, now=now)

    monkeypatch.setattr(SimulatorGateway, "hand_over", counting)
    phones = devices()
    take(record(line, GB) for line in phones)
    evaluate.evaluate_due(now=timezone.now())
    now = timezone.now()
    done = at_once(busy, *[lambda: enforce.enforce_due(now=now)] * 3)
    assert sum(done) == COUNT
    assert len(handed) == len(set(handed)) == COUNT
    assert Command.objects.count() == COUNT
    settle()
    assert all(blocked(device) == {"cellular_data"} for device in phones.values())


def test_two_evaluators_at_once_judge_each_line_once(busy, monkeypatch):
    monkeypatch.setattr(evaluate, "BATCH", 5)
    phones = devices()
    take(record(line, GB) for line in phones)
    before, now = Decision.objects.count(), timezone.now()
    done = at_once(busy, *[lambda: evaluate.evaluate_due(now=now)] * 3)
    assert sum(done) == COUNT
    assert Decision.objects.count() == before + COUNT
    assert Alert.objects.count() == 2 * COUNT
    assert Signal.objects.count() == RestrictionReason.objects.count() == COUNT


def test_all_workers_at_once_while_usage_comes_in(busy, monkeypatch):
    """Batches overlap in rows and lines, and run into evaluators, enforcers and phones."""
    monkeypatch.setattr(evaluate, "BATCH", 7)
    monkeypatch.setattr(enforce, "BATCH", 7)
    phones = devices()
    rows = [
        record(line, 26 * MB if number % 2 else 24 * MB)
        for number, line in enumerate(phones)
        for _ in range(40)
    ]

    def bring(some: list[str], *, hopeful: bool = False) -> Callable[[], int]:
        def work() -> int:
            batches = [some[at : at + 60] for at in range(0, len(some), 60)]
            return sum(take(batch, hopeful=hopeful).accepted for batch in batches)

        return work

    def toil() -> None:
        for _ in range(12):
            now = timezone.now()
            evaluate.evaluate_due(now=now)
            enforce.enforce_due(now=now)
            fleet.answer_due(now=now)

    bringers = [
        bring(rows),
        bring(rows[::-1]),
        bring(rows[::2], hopeful=True),
        bring(rows[::-3], hopeful=True),
    ]
    done = at_once(busy, *bringers, toil, toil)
    assert sum(done[: len(bringers)]) == len(rows)
    settle()
    assert differences() == []
    assert set(UsageCounter.objects.values_list("records", flat=True)) == {40}
    over = {line for number, line in enumerate(phones) if number % 2}
    for line, device in phones.items():
        assert blocked(device) == ({"cellular_data"} if line in over else set())
    changes = Command.objects.exclude(kind__in=["ProfileList", "knox.query"])
    assert Counter(changes.values_list("device_id", flat=True)) == Counter(
        phones[line].pk for line in over
    )
    crossed = Counter(Alert.objects.values_list("subject_id", flat=True))
    assert crossed == {line.pk: 2 if line in over else 1 for line in phones}


def test_new_rows_are_not_looked_at_one_by_one_and_a_known_one_makes_them_be(busy, monkeypatch):
    line = Line.objects.order_by("pk").first()
    rows = [record(line, 2 * MB), record(line, MB), record(line, MB, country="DE")]
    with CaptureQueriesContext(connection) as queries:
        assert take(rows, hopeful=True).accepted == 3
    assert not any(NEW_RECORDS[:20] in query["sql"] for query in queries)
    more = [rows[1], record(line, 5 * MB)]
    with CaptureQueriesContext(connection) as queries:
        done = take(more, hopeful=True)
    assert any(NEW_RECORDS[:20] in query["sql"] for query in queries)
    assert (done.accepted, done.volume) == (1, 5 * MB)
    assert differences() == []


def test_an_edit_while_a_worker_judges_by_the_old_rules_is_not_lost(busy, monkeypatch):
    line, device = next(iter(devices().items()))
    take([record(line, 500 * MB)])
    LineWatch.objects.filter(line=line).update(evaluate_at=timezone.now())
    judging, edited = threading.Event(), threading.Event()
    real = judgement.decide

    def slowly(**facts: Any) -> Any:
        judging.set()
        edited.wait(timeout=1)  # the edit has to wait for this worker, so it is not done by then
        return real(**facts)

    def edit() -> None:
        judging.wait(timeout=5)
        with transaction.atomic():
            Plan.objects.update(domestic_cap=400 * MB)
            make_due()
        edited.set()

    with monkeypatch.context() as patch:
        patch.setattr(judgement, "decide", slowly)
        at_once(busy, lambda: evaluate.evaluate_batch(now=timezone.now()), edit)
    settle()
    assert blocked(device) == {"cellular_data"}


def test_people_and_workers_at_once_never_wait_for_each_other_in_a_ring(busy, monkeypatch):
    """Edits, retirements and the switch lock rows that evaluators and enforcers lock as well."""
    monkeypatch.setattr(evaluate, "BATCH", 6)
    monkeypatch.setattr(enforce, "BATCH", 6)
    phones = devices()
    by = UserFactory()
    everyone = list(phones)
    connector = Connector.objects.get()
    rows = [record(line, 20 * MB) for line in everyone for _ in range(60)]

    def bring() -> None:
        for at in range(0, len(rows), 48):
            take(rows[at : at + 48])

    def toil() -> None:
        for _ in range(15):
            now = timezone.now()
            evaluate.evaluate_due(now=now)
            enforce.enforce_due(now=now)
            fleet.answer_due(now=now)

    def edit() -> None:
        for cap in (GB, 300 * MB, 2 * GB, 500 * MB, GB):
            policies.edit(
                policy=Policy.objects.get(), name=f"Cap {cap}", thresholds=BLOCK_AT_100, by=by
            )
            with transaction.atomic():
                make_due()
                Plan.objects.update(domestic_cap=cap)

    def retire() -> None:
        for line in everyone[:6]:
            lines_.retire(line=line, now=timezone.now(), by=by)
        for line in everyone[6:12]:
            devices_.retire(device=phones[line], now=timezone.now(), by=by)

    def switch() -> None:
        for enabled in (False, True) * 4:
            set_enabled(connector=connector, enabled=enabled, by=by, now=timezone.now())

    at_once(busy, bring, toil, toil, edit, retire, switch)
    settle()
    assert differences() == []
    for line, device in phones.items():
        if line in everyone[12:]:
            assert blocked(device) == {"cellular_data"}
        elif line in everyone[:6]:
            assert blocked(device) == set()
