"""Ways to send a text message, behind one seam: adding one is a module and a line in apps.py.

A sender is asked outside any transaction, may be asked twice for one message after a fault, and
names the message by its `reference` so that the other side can tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from enrolment.models import EnrolmentSettings


class SmsNotSent(Exception):
    """The message did not go. The text is for the screen; `again`: a later try may help."""

    def __init__(self, sentence: str, *, again: bool) -> None:
        self.again = again
        super().__init__(sentence)


@dataclass(frozen=True)
class Outgoing:
    """A message as it goes: to an E.164 number, named for the other side."""

    to: str
    text: str
    reference: str


class SmsSender(Protocol):
    """One way to send text messages."""

    name: str
    label: Any
    keeps_text: bool
    """Whether the portal keeps the text after it was sent, because its own page shows it."""

    def what_is_missing(self, settings: EnrolmentSettings) -> Any:
        """A sentence about what the tenant has to set first; empty when nothing."""
        ...

    def send(self, message: Outgoing, *, settings: EnrolmentSettings) -> None:
        """Hand the message over. Raises SmsNotSent."""
        ...


_senders: dict[str, SmsSender] = {}


def register_sender(sender: SmsSender) -> None:
    """Called when the app that has it is ready."""
    _senders[sender.name] = sender


def senders() -> list[SmsSender]:
    """Every way there is in this installation."""
    return list(_senders.values())


def sender_of(settings: EnrolmentSettings | None) -> SmsSender | None:
    """The way a tenant chose; None when it chose none, or one that is not there any more."""
    return _senders.get(settings.sms_by) if settings else None
