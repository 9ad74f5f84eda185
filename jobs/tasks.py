"""Long work, nudged and swept; and housekeeping, swept every minute."""

from celery import shared_task
from django.utils import timezone

from jobs import periodic, workers


@shared_task
def work_off() -> None:
    workers.work_off(now=timezone.now())


@shared_task
def run_periodic() -> None:
    periodic.run_due(now=timezone.now())
