"""Nudged and swept: the work itself is in licensing.workers."""

from celery import shared_task
from django.utils import timezone

from licensing.workers import assign, judge, readings


@shared_task
def judge_due() -> None:
    judge.judge_due(now=timezone.now())


@shared_task
def assign_due() -> None:
    assign.assign_due(now=timezone.now())


@shared_task
def read_due() -> None:
    readings.read_due(now=timezone.now())
