"""A tenant that lets people enrol, and somebody who walks its pages with a phone."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from common.sealed import unseal
from common.tenancy import tenant_scope
from devices.actions.categories import create_defaults
from enrolment.models import EnrolmentSettings, SmsMessage
from enrolment.workers.post import send_due
from tenants.models import Tenant

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.1 Mobile/15E148 Safari/604.1"
)
SAMSUNG = (
    "Mozilla/5.0 (Linux; Android 14; SM-S921B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36"
)


def open_enrolment(tenant: Tenant, **chosen: Any) -> EnrolmentSettings:
    """The tenant lets people enrol, with the sandbox's inbox for SMS, and has two categories."""
    with tenant_scope(tenant.pk):
        create_defaults(tenant=tenant, by=None)
        return EnrolmentSettings.objects.create(
            **{"is_open": True, "sms_by": "sandbox", "adds_lines": False, **chosen}
        )


def messages_to(tenant: Tenant, number: str) -> list[str]:
    """The texts that the number got, the newest last."""
    send_due(now=timezone.now())
    with tenant_scope(tenant.pk):
        found = SmsMessage.objects.filter(to=number, sent_at__isnull=False).order_by("pk")
        return [unseal(message.sealed) for message in found]


def code_in(text: str) -> str:
    """The six digits of a message."""
    found = re.search(r"\b\d{6}\b", text)
    assert found is not None, text
    return found[0]


class Walker:
    """A phone's browser on the pages of one tenant."""

    def __init__(self, tenant: Tenant, *, agent: str = IPHONE) -> None:
        self.tenant = tenant
        self.client = Client(headers={"user-agent": agent})
        self.base = f"/enrol/{tenant.slug}/"

    def get(self, page: str = "") -> HttpResponse:
        return self.client.get(self.base + page)

    def post(self, page: str, **data: Any) -> HttpResponse:
        return self.client.post(self.base + page, data)

    def say_number(self, number: str, country: str = "NL") -> HttpResponse:
        return self.post("number/", country=country, number=number)

    def prove(self, number: str) -> HttpResponse:
        """Number and code; the answer to the code."""
        assert self.say_number(number).status_code == 302
        return self.post("code/", code=code_in(messages_to(self.tenant, number)[-1]))

    def finish(
        self, number: str, *, category: int | str = "", platform: str = "ios"
    ) -> HttpResponse:
        """All the way; the last page."""
        self.prove(number)
        self.post("category/", category=category, platform=platform)
        self.post("finish/")
        return self.get("done/")
