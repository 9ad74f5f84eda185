"""Nudged and swept: the work itself is in devices.workers and in the simulator."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from devices.gateways.simulator import fleet, polling
from devices.workers import enforce, grouping


@shared_task
def enforce_due() -> None:
    enforce.enforce_due(now=timezone.now())


@shared_task
def regroup_due() -> None:
    grouping.regroup_due(now=timezone.now())


@shared_task
def answer_simulated() -> None:
    now = timezone.now()
    fleet.let_users_act(now=now)
    if settings.SIMULATOR_ORIGIN:
        polling.poll_due(origin=settings.SIMULATOR_ORIGIN)
    else:
        fleet.answer_due(now=now)
