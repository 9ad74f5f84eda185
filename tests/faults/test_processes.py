"""From usage to blocked phones by real workers, whatever is killed on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.conftest import Broker, Processes
from tests.faults.scene import Scene

pytestmark = pytest.mark.django_db(transaction=True)


def test_usage_becomes_blocked_phones(
    processes: Processes, eventually: Callable[..., None]
) -> None:
    scene = Scene()
    processes.worker()
    processes.beat()
    scene.use()
    eventually(scene.assert_enforced_once)


def test_two_workers_and_two_schedulers_do_everything_once(
    processes: Processes, eventually: Callable[..., None]
) -> None:
    scene, other = Scene(count=200), Scene(slug="tailspin")
    for name in ("one", "two"):
        processes.worker(f"worker-{name}")
        processes.beat(f"beat-{name}")
    scene.use()
    other.use()
    eventually(scene.assert_enforced_once)
    eventually(other.assert_enforced_once)


def test_a_broker_that_stops_in_the_middle_loses_nothing(
    processes: Processes, broker: Broker, eventually: Callable[..., None]
) -> None:
    scene = Scene(count=400)
    processes.worker()
    processes.beat()

    def something_is_under_way() -> None:
        assert scene.handed_over() > 0

    scene.use()
    eventually(something_is_under_way)
    broker.stop()
    scene.use(volume=1)  # the web does not need the broker to take usage
    broker.start()
    eventually(scene.assert_enforced_once, limit=180)


def test_a_worker_killed_in_the_middle_is_replaced_and_nothing_is_lost_or_done_twice(
    processes: Processes, eventually: Callable[..., None]
) -> None:
    scene = Scene(count=400)
    processes.worker("first")
    processes.beat()

    def something_is_under_way() -> None:
        assert scene.handed_over() > 0

    scene.use()
    eventually(something_is_under_way)
    processes.kill("first")
    processes.worker("second")
    eventually(scene.assert_enforced_once, limit=90)
