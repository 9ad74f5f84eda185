"""Nudged and swept: the work itself is in enrolment.workers."""

from celery import shared_task
from django.utils import timezone

from enrolment.workers import invitation_mails, post


@shared_task
def send_messages() -> None:
    post.send_due(now=timezone.now())


@shared_task
def send_invitations() -> None:
    invitation_mails.send_due(now=timezone.now())
