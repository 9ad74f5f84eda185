"""licensing.ports.Cloud by Microsoft Graph.

It decides nothing: it asks, translates, and says in the port's words what went wrong. Sign-ins
come newest first from Graph and without a way to turn that round, so they are read an hour at a
time, the oldest hour first: order is kept, and a reading that breaks off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from django.utils import timezone

from common.entra import ConsentMissing, EntraError, SecretRefused
from common.refusals import Refused
from connectors.graph import (
    BadAnswer,
    BatchRequest,
    GraphClient,
    GraphError,
    GraphRefused,
    GraphThrottled,
    GraphUnavailable,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    OutcomeUnknown,
    connected_client,
)
from licensing.graph_bodies import USER_SELECT, BadBody, account_of, sign_in_of
from licensing.ports import (
    AccountFacts,
    CloudBusy,
    CloudDown,
    CloudError,
    CloudForbidden,
    CloudGone,
    CloudRefused,
    CloudUncertain,
    SignInFacts,
)
from tenants.models import Tenant

log = structlog.get_logger(__name__)

SLICE = timedelta(hours=1)
NO_TIME_GIVEN = 30.0
"""Seconds to wait where Graph asks for patience and does not say how much."""


class GraphCloud:
    """One tenant's directory, through the client of its connection."""

    def __init__(self, client: GraphClient, *, now: Callable[[], datetime] = timezone.now) -> None:
        self.client = client
        self.now = now

    def products(self) -> list[dict[str, Any]]:
        with _told():
            return list(self.client.items("subscribedSkus"))

    def accounts(self, ids: Collection[str]) -> list[AccountFacts]:
        """Two calls for each, twenty calls at a time."""
        wanted = [request for key in ids for request in _about(key)]
        found: list[AccountFacts] = []
        with _told():
            answers = self.client.batch(wanted)
            for key in ids:
                user, groups = answers[f"{key} user"], answers[f"{key} groups"]
                if isinstance(user.error, NotFound):
                    continue
                for answer in (user, groups):
                    if answer.error is not None:
                        raise answer.error
                found.append(account_of(user.body, groups=self._ids(groups.body)))
        return found

    def _ids(self, body: dict[str, Any]) -> Iterator[str]:
        yield from (str(group["id"]) for group in body.get("value") or ())
        if link := body.get("@odata.nextLink"):
            for page in self.client.pages(str(link)):
                yield from (str(group["id"]) for group in page.items)

    def groups(self) -> list[tuple[str, str]]:
        with _told():
            rows = self.client.items("groups", select="id,displayName", top=999)
            return [(str(row["id"]), str(row.get("displayName") or row["id"])) for row in rows]

    def sign_ins(self, *, since: datetime) -> Iterator[list[SignInFacts]]:
        """Slice by slice; within one in the order of their times."""
        begin, end = since, self.now()
        while begin < end:
            until = min(begin + SLICE, end + timedelta(seconds=1))
            yield sorted(self._between(begin, until), key=lambda one: (one.at, one.key))
            begin = until

    def _between(self, begin: datetime, until: datetime) -> Iterable[SignInFacts]:
        wanted = (
            f"createdDateTime ge {_stamp(begin)} and createdDateTime lt {_stamp(until)} "
            "and status/errorCode eq 0"
        )
        found: list[SignInFacts] = []
        with _told():
            for body in self.client.items("auditLogs/signIns", filter=wanted, top=1000):
                try:
                    if (one := sign_in_of(body)) is not None:
                        found.append(one)
                except BadBody:  # one poisoned row does not keep the others out
                    log.warning("sign_in_unreadable", key=str(body.get("id"))[:80])
        return found

    def set_usage_location(self, entra_id: str, country: str) -> None:
        with _told():
            self.client.patch(f"users/{entra_id}", {"usageLocation": country})

    def assign(
        self, entra_id: str, *, add: Collection[tuple[str, list[str]]], remove: Collection[str]
    ) -> None:
        body = {
            "addLicenses": [{"skuId": sku, "disabledPlans": list(off)} for sku, off in add],
            "removeLicenses": list(remove),
        }
        with _told():
            try:
                self.client.post(f"users/{entra_id}/assignLicense", body)
            except BadAnswer as odd:  # it may have been done before it answered nonsense
                raise CloudUncertain(str(odd)) from odd


def graph_cloud(tenant_id: int) -> GraphCloud | None:
    """The cloud of the tenant in scope; None while it is not connected or has no application."""
    try:
        return GraphCloud(connected_client(tenant=Tenant.objects.get(pk=tenant_id)))
    except Refused as refused:
        log.info("licences_not_connected", tenant=tenant_id, why=str(refused.sentence))
        return None


def _about(key: str) -> Iterator[BatchRequest]:
    """The account, and the groups it is in, also by way of another group."""
    yield BatchRequest(f"{key} user", f"/users/{key}?$select={USER_SELECT}")
    yield BatchRequest(f"{key} groups", f"/users/{key}/transitiveMemberOf?$select=id&$top=999")


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def _told() -> Iterator[None]:
    """Graph's and Entra's errors in the words of the port."""
    try:
        yield
    except GraphThrottled as error:
        raise CloudBusy(error.retry_after or NO_TIME_GIVEN) from error
    except (NotAuthenticated, NotAllowed, ConsentMissing, SecretRefused) as error:
        raise CloudForbidden(str(error)) from error
    except NotFound as error:
        raise CloudGone(str(error)) from error
    except OutcomeUnknown as error:
        raise CloudUncertain(str(error)) from error
    except GraphRefused as error:
        raise CloudRefused(str(error)) from error
    except (GraphUnavailable, EntraError) as error:
        raise CloudDown(str(error)) from error
    except (GraphError, BadBody, KeyError) as error:
        raise CloudError(str(error)) from error
