"""Contoso with one carrier, a plan of 5 GB at home and 1 GB abroad, and files to upload."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from common.tenancy import tenant_scope
from jobs import workers
from tenants.models import Tenant
from tests.conftest import client_of
from tests.usage_factories import CarrierFactory, PlanFactory, make_line
from usage.models import Carrier, UsageImport

MB = 10**6
HEADER = "Telefoonnummer;Starttijd;Verbruik (MB);Land"


@pytest.fixture
def kpn(contoso: Tenant) -> Carrier:
    carrier = CarrierFactory(tenant=contoso, name="KPN")
    PlanFactory(tenant=contoso, carrier=carrier, name="5 GB", is_default=True)
    return carrier


@pytest.fixture
def numbers(contoso: Tenant, kpn: Carrier) -> list[str]:
    """Four lines of KPN, by their national numbers."""
    with tenant_scope(contoso.pk):
        plan = kpn.plans.get()
    found = [f"+3161234567{index}" for index in range(4)]
    for number in found:
        make_line(contoso, plan=plan, msisdn=number)
    return [f"0{number[3:]}" for number in found]


def when(*, days: float = 0.0) -> str:
    return f"{timezone.localtime(timezone.now()) - timedelta(days=days, hours=3):%d-%m-%Y %H:%M:%S}"


@pytest.fixture
def usual(numbers: list[str]) -> bytes:
    """A month of a row a day for each line: 100 MB, now and then in Belgium."""
    rows = [
        f"{number};{when(days=day + index / 100)};{100 + index},5;{'BE' if day % 9 == 0 else 'NL'}"
        for day in range(30)
        for index, number in enumerate(numbers)
    ]
    return "\n".join([HEADER, *rows, ""]).encode()


class Uploader:
    """A person at the pages of imports, without JavaScript."""

    def __init__(self, client: Client, carrier: Carrier) -> None:
        self.client, self.carrier = client, carrier

    def upload(self, content: bytes, name: str = "usage.csv") -> Any:
        file = SimpleUploadedFile(name, content, content_type="text/csv")
        data = {"carrier": self.carrier.pk, "file": file}
        return self.client.post("/t/contoso/imports/add/", data)

    def uploaded(self, content: bytes, name: str = "usage.csv") -> str:
        """The address of the import's page, after an upload that was taken."""
        response = self.upload(content, name)
        assert response.status_code == 302, response.content.decode()
        return response.headers["Location"].removesuffix("columns/")

    def guesses(self, page: str) -> dict[str, Any]:
        """What the form of the columns is filled in with."""
        form = self.client.get(f"{page}columns/").context["form"]
        return {name: form[name].value() or "" for name in form.fields}

    def choose(self, page: str, **answers: Any) -> Any:
        said = {name: text for name, text in (self.guesses(page) | answers).items() if text}
        return self.client.post(f"{page}columns/", said)

    def checked(self, content: bytes, **answers: Any) -> str:
        """An upload whose columns were said and which was checked."""
        page = self.uploaded(content)
        response = self.choose(page, **answers)
        assert response.status_code == 302, response.context["form"].errors
        work()
        return page

    def warnings(self, page: str) -> set[str]:
        outcome = self.client.get(page).context["outcome"]
        return {warning.code for warning in outcome.warnings}

    def start(self, page: str, **data: Any) -> Any:
        return self.client.post(f"{page}start/", data)

    def counts(self, page: str) -> dict[str, int]:
        return self.client.get(page).context["outcome"].counts


def work(*, now: datetime | None = None) -> None:
    """What the workers would do: every job that is due."""
    while workers.work_off(now=now or timezone.now()):
        pass


@pytest.fixture
def dana_at_imports(dana: Any, kpn: Carrier) -> Uploader:
    return Uploader(client_of(dana), kpn)


@pytest.fixture
def in_scope(contoso: Tenant) -> Iterator[Tenant]:
    with tenant_scope(contoso.pk):
        yield contoso


@pytest.fixture
def the_import(contoso: Tenant) -> Callable[[], UsageImport]:
    def newest() -> UsageImport:
        with tenant_scope(contoso.pk):
            rows = UsageImport.objects.select_related("run_job__output", "check_job", "file")
            return rows.order_by("-pk")[0]

    return newest
