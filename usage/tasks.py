"""Nudged and swept: the work itself is in usage.workers."""

from celery import shared_task
from django.utils import timezone

from usage.workers import evaluate


@shared_task
def evaluate_due() -> None:
    evaluate.evaluate_due(now=timezone.now())
