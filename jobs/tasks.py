"""Housekeeping, swept every minute."""

from celery import shared_task
from django.utils import timezone

from jobs import periodic


@shared_task
def run_periodic() -> None:
    periodic.run_due(now=timezone.now())
