"""The pretend cloud without the way over HTTP, for the past that the demo has lived through.

The same rules and the same bodies as the pretend Graph's, asked inside the process: the demo is
made before there is a web server to ask.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from licensing.graph_bodies import account_of, sign_in_of
from licensing.ports import AccountFacts, CloudGone, CloudRefused, SignInFacts
from sandbox.cloud.graph import licences
from sandbox.cloud.graph.changes import save
from sandbox.cloud.graph.collections import Call
from sandbox.cloud.graph.problems import GraphProblem
from sandbox.cloud.sign_in import groups_of
from sandbox.models import CloudObject, CloudTenant, Kind
from tenants.models import Tenant

PAGE = 1000


class DirectCloud:
    """licensing.ports.Cloud of one pretend organisation."""

    def __init__(self, organisation: CloudTenant) -> None:
        self.organisation = organisation

    def _there(self, kind: Kind):
        return CloudObject.objects.filter(
            cloud_tenant=self.organisation, kind=kind, removed=False
        ).order_by("object_id")

    def products(self) -> list[dict[str, Any]]:
        return [row.body for row in self._there(Kind.SUBSCRIBED_SKU)]

    def accounts(self, ids: Collection[str]) -> list[AccountFacts]:
        found = self._there(Kind.USER).filter(object_id__in=ids)
        return [account_of(row.body, groups=groups_of(row)) for row in found]

    def groups(self) -> list[tuple[str, str]]:
        return [(row.object_id, row.body["displayName"]) for row in self._there(Kind.GROUP)]

    def sign_ins(self, *, since: datetime) -> Iterator[list[SignInFacts]]:
        rows = self._there(Kind.SIGN_IN).filter(at__gte=since).order_by("at", "object_id")
        read = [one for row in rows.iterator(PAGE) if (one := sign_in_of(row.body)) is not None]
        for start in range(0, len(read), PAGE):
            yield read[start : start + PAGE]

    @transaction.atomic
    def set_usage_location(self, entra_id: str, country: str) -> None:
        user = self._there(Kind.USER).select_for_update().filter(object_id=entra_id).first()
        if user is None:
            raise CloudGone
        user.body["usageLocation"] = country
        save(user)

    def assign(
        self, entra_id: str, *, add: Collection[tuple[str, list[str]]], remove: Collection[str]
    ) -> None:
        body = {
            "addLicenses": [{"skuId": sku, "disabledPlans": list(off)} for sku, off in add],
            "removeLicenses": list(remove),
        }
        call = Call(
            tenant=self.organisation, method="POST", path="", query={}, body=body, base="",
            now=timezone.now(), claims={},
        )  # fmt: skip
        try:
            licences.assign(call, entra_id)
        except GraphProblem as problem:
            raise (CloudGone if problem.status == 404 else CloudRefused)(str(problem)) from None


def direct_cloud(tenant_id: int) -> DirectCloud | None:
    """The pretend organisation of a demo tenant: its domain begins with the tenant's slug."""
    slug = Tenant.objects.values_list("slug", flat=True).get(pk=tenant_id)
    found = CloudTenant.objects.filter(domain=f"{slug}.example").first()
    return DirectCloud(found) if found else None
