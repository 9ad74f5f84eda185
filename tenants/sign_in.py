"""How people sign in: local accounts by django-allauth, with sign-up closed.

Every sign-in, sign-out and change of a password or second factor is put on record, with the
tenant left open: an account belongs to a person, not to a tenant.
"""

from __future__ import annotations

import time
from smtplib import SMTPException
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.actions import record, request_address
from common.http import LAST_SEEN, SIGNED_IN_AT
from tenants import sessions
from tenants.models import User
from tenants.session_store import ADDRESS, AGENT, MOST

log = structlog.get_logger(__name__)


class ClosedSignUpAdapter(DefaultAccountAdapter):
    """Nobody makes an account for themselves; administrators invite."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """As allauth does, but a mail server that is down fails no page.

        The answer to "forgot your password?" must not depend on whether a mail could be sent:
        that would tell who has an account.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            log.error("mail_not_sent", template=template_prefix, error=str(error))


class SignInForm(LoginForm):
    """allauth's form with this portal's labels and without its placeholders."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail")
        self.fields["password"].help_text = ""
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


def _put_on_record(action: str, user: User | None) -> None:
    if user is not None and user.pk:
        record(by=user, action=action, subject=user)


@receiver(user_logged_in)
def signed_in(sender: Any, user: User, request: HttpRequest, **kwargs: Any) -> None:
    request.session[SIGNED_IN_AT] = request.session[LAST_SEEN] = int(time.time())
    request.session[ADDRESS] = request_address.get()
    request.session[AGENT] = request.headers.get("User-Agent", "").replace("\0", "")[:MOST]
    _put_on_record("person.signed_in", user)


@receiver(user_logged_out)
def signed_out(sender: Any, user: User | None, **kwargs: Any) -> None:
    _put_on_record("person.signed_out", user)


@receiver([password_changed, password_set, password_reset])
def password_was_changed(sender: Any, user: User, request: HttpRequest, **kwargs: Any) -> None:
    _put_on_record("person.password_changed", user)
    sessions.end_others(current_key=request.session.session_key, user=user, now=timezone.now())


@receiver(authenticator_added)
def factor_added(sender: Any, user: User, **kwargs: Any) -> None:
    _put_on_record("person.second_factor_added", user)


@receiver([authenticator_removed, authenticator_reset])
def factor_removed(sender: Any, user: User, **kwargs: Any) -> None:
    _put_on_record("person.second_factor_removed", user)
