"""The pretend way for text messages: they stay in the portal, where the inbox shows them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from enrolment.models import EnrolmentSettings
from enrolment.sms import Outgoing


class SandboxInbox:
    """enrolment.sms.SmsSender of the sandbox."""

    name = "sandbox"
    label = _("The sandbox's inbox")
    keeps_text = True

    def what_is_missing(self, settings: EnrolmentSettings) -> Any:
        return ""

    def send(self, message: Outgoing, *, settings: EnrolmentSettings) -> None:
        """Nothing leaves the portal; the row of the message is what the inbox shows."""
