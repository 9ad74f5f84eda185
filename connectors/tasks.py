"""Nudged and swept: the work itself is in connectors.workers."""

from celery import shared_task
from django.utils import timezone

from connectors.workers import checks


@shared_task
def check_due() -> None:
    checks.check_due(now=timezone.now())
