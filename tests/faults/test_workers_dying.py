"""A worker that dies between two of its steps, at every seam: the next one takes over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from devices.gateways import gateway
from devices.gateways.simulator import fleet
from devices.models import Command
from devices.workers import enforce
from tests.faults.scene import Scene
from usage.workers.evaluate import evaluate_due

pytestmark = pytest.mark.django_db(transaction=True)


class Died(BaseException):
    """As if the process were gone: nothing after it runs, not even error handling."""


def _die(*args: object, **kwargs: object) -> None:
    raise Died


def _finish(scene: Scene, *, after: timedelta) -> None:
    for step in range(6):
        moment = timezone.now() + after + step * timedelta(seconds=1)
        enforce.enforce_due(now=moment)
        fleet.answer_due(now=moment)
    scene.assert_enforced_once()


@pytest.fixture
def scene() -> Scene:
    scene = Scene(count=20)
    scene.use()
    evaluate_due(now=timezone.now())
    return scene


def test_after_the_commands_were_written_and_before_they_were_handed_over(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(gateway("simulator"), "hand_over", _die)
        with pytest.raises(Died):
            enforce.enforce_due(now=timezone.now())
    with tenant_scope(scene.tenant.pk):
        assert set(Command.objects.values_list("status", flat=True)) == {"queued"}
    enforce.enforce_due(now=timezone.now() + timedelta(seconds=1))
    assert scene.handed_over() == 0  # the lease of the dead worker still holds
    _finish(scene, after=enforce.LEASE + timedelta(seconds=1))


def test_after_handing_over_and_before_writing_that_down(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(enforce, "_record", _die)
        with pytest.raises(Died):
            enforce.enforce_due(now=timezone.now())
    _finish(scene, after=enforce.LEASE + timedelta(seconds=1))


def test_while_the_phones_answer(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    enforce.enforce_due(now=timezone.now())
    with monkeypatch.context() as patch:
        patch.setattr(fleet, "record_answers", _die)
        with pytest.raises(Died):
            fleet.answer_due(now=timezone.now() + timedelta(seconds=1))
    _finish(scene, after=timedelta(seconds=2))


def test_a_gateway_that_fails_leaves_its_error_and_is_tried_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**kwargs: object) -> None:
        raise ConnectionError("no route to the push service")

    with monkeypatch.context() as patch:
        patch.setattr(gateway("simulator"), "hand_over", fail)
        enforce.enforce_due(now=timezone.now())
    with tenant_scope(scene.tenant.pk):
        control = Command.objects.first().device.control
        assert "no route" in control.last_error
        assert control.leased_until is None
    _finish(scene, after=timedelta(minutes=2))
