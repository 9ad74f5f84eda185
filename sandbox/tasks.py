"""The carriers of the demo report every few seconds, in a sandbox only (settings.SANDBOX)."""

from celery import shared_task
from django.utils import timezone

from sandbox import feed


@shared_task
def report_usage() -> None:
    feed.report_all(now=timezone.now())
