"""The inbox of the sandbox: every text message that went nowhere else."""

from __future__ import annotations

import django_filters
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.sealed import unseal
from common.tables import Column, Search, Table
from enrolment.models import SmsMessage
from sandbox.inbox import SandboxInbox


class MessageFilters(django_filters.FilterSet):
    q = Search("to__icontains", label=gettext_lazy("Phone number"))

    class Meta:
        model = SmsMessage
        fields = ()


MESSAGES = Table(
    name="messages",
    columns=(
        Column("to", gettext_lazy("To"), order=("to",)),
        Column("text", gettext_lazy("Text")),
        Column("state", gettext_lazy("State")),
        Column("when", gettext_lazy("When"), order=("created_at",)),
    ),
    sort="-when",
    filters=MessageFilters,
)


@require(Permission.MANAGE_DEVICES)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The messages of the tenant, the newest first."""
    view = MESSAGES.view(request, SmsMessage.objects.filter(by=SandboxInbox.name))
    for row in view.rows:
        row.text = _text(row)
        row.state = "sent" if row.sent_at else "waiting" if row.due_at else "failed"
    return render_page(request, "sandbox/messages.html", {"sms": view}, parts=(MESSAGES.part,))


def _text(message: SmsMessage) -> str:
    try:
        return unseal(message.sealed) if message.sealed else message.error
    except Refused as refused:
        return str(refused.sentence)
