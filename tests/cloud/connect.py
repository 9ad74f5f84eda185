"""From Connect to the thank-you page in the pretend cloud, as steps that tests are made of."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.actions import connecting
from connectors.models import Check, Connector
from connectors.workers import checks
from sandbox.cloud import seed
from sandbox.models import CloudObject, Kind
from tests.cloud.inside import ORIGIN

ADVENTURE = str(seed.ADVENTURE_WORKS.id)
LIST = "/t/contoso/connectors/"
SET_UP = f"{LIST}providers/datalert/"
GINA, IVAN = "gina@adventure-works.example", "ivan@adventure-works.example"


def press_connect(client: Any, page: str = SET_UP, **changed: str) -> Any:
    sent = {"mdm_server": "intune", "directory": "adventure-works.example", **changed}
    return client.post(page, sent)


def path_of(answer: Any) -> str:
    """Where an answer leads, as a path of the portal; nothing leads anywhere else."""
    assert answer.status_code == 302, re.sub(r"\s+", " ", answer.content.decode())[:2000]
    return answer["Location"].removeprefix(ORIGIN)


def at_microsoft(client: Any, url: str, account: str = GINA, answer: str = "accept") -> str:
    """Sign in there and answer the consent page; the address that comes back."""
    return path_of(client.post(url, {"account": account, "answer": answer}))


def all_the_way(client: Any, start: Any = None, account: str = GINA) -> Connector:
    """From Connect to the thank-you page."""
    consent_page = path_of(start or press_connect(client))
    assert "adminconsent" in consent_page
    consented = path_of(client.get(at_microsoft(client, consent_page, account)))
    sign_in = path_of(client.get(consented))
    assert "code_challenge_method=S256" in sign_in
    signed_in = path_of(client.get(path_of(client.get(sign_in))))
    thanks = path_of(client.get(signed_in))
    page = client.get(thanks)
    assert "closes by itself" in page.content.decode()
    assert re.match(r"2; url=/t/contoso/connectors/\d+/mdm/", page["Refresh"])
    return newest()


def newest() -> Connector:
    return Connector._base_manager.filter(directory_id=ADVENTURE).latest("pk")


def check(now: Any = None) -> int:
    return checks.check_due(now=now or timezone.now())


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(answer.content.decode())).split())


def rows(connector: Connector) -> list[str]:
    with tenant_scope(connector.tenant_id):
        states = dict(Check.objects.filter(connector=connector).values_list("name", "state"))
    return [states[name] for name in ("tenant_id", "authorization", "connection", "onboarding")]


def partners(organisation: str = ADVENTURE) -> list[dict[str, Any]]:
    found = CloudObject.objects.filter(
        cloud_tenant_id=organisation, kind=Kind.PARTNER, removed=False
    )
    return [row.body for row in found]


def connecting_again(connector: Connector) -> None:
    with tenant_scope(connector.tenant_id):
        connecting.check_now(connector=connector, now=timezone.now())
    check()
