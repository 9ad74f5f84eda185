"""Swept: the work itself is in tenants.invitation_mails and tenants.sessions."""

from celery import shared_task
from django.utils import timezone

from tenants import invitation_mails, sessions


@shared_task
def send_invitations() -> None:
    invitation_mails.send_due(now=timezone.now())


@shared_task
def forget_sessions() -> None:
    sessions.forget_old(now=timezone.now())
