"""Reading the inventory of a connected Microsoft tenant: page by page, from a checkpoint on.

1. Categories, users, groups, managed devices, in this order. Users and groups have lists of
   changes, which a delta sync asks for from where the last one ended; the others are read whole,
   and only what differs is written.
2. What the list of devices leaves out is asked for by id (connectors.workers.inventory_details).
   A page is one transaction: rows, devices and people of the portal, lines, counts and the
   checkpoint (connectors.workers.inventory_page). A worker that dies loses one page. Memory holds
   one page.
3. At the end of a whole reading, what was not seen is gone. A forgotten position in a list of
   changes makes that reading a whole one.
4. When Graph asks for patience or is away, the work is put off; what will not pass ends it with
   a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from common.entra import EntraError
from common.refusals import Refused
from common.sentences import sentence
from common.tenancy import current_tenant_id
from connectors.graph import GraphClient, GraphError, StartAgain, graph_client
from connectors.graph.client import Page
from connectors.inventory_sources import SOURCES, Source
from connectors.models import (
    Connector,
    InventoryCursor,
    InventoryItem,
    InventorySeen,
    ItemKind,
    Purpose,
)
from connectors.troubles import trouble_of
from connectors.workers import inventory_details, inventory_page
from jobs.actions import start
from jobs.kinds import JobFailed
from jobs.models import Job
from jobs.runs import Run

if TYPE_CHECKING:
    from tenants.models import User

KIND = "connectors.inventory"
PATIENCE = 20.0
PUT_OFF = timedelta(seconds=30)
COUNTED = ("added", "changed", "gone", "conflicts")
IN_PORTAL = ("devices_added", "sims_moved", "holders_given", "people_added")
AT_ONCE = 1_000
"""How many objects are marked as gone in one go."""


def begin(*, connector: Connector, mode: str, by: User | None, now: datetime) -> Job:
    """The job of a sync; `mode` is full or delta. Raises jobs.actions.AlreadyOpen."""
    there = InventoryItem.objects.filter(connector=connector, gone_at=None).count()
    return start(
        kind=KIND,
        key=str(connector.pk),
        parameters={"connector": connector.pk, "mode": mode},
        total=there,
        by=by,
        now=now,
    )


def sync(run: Run) -> dict[str, Any] | None:
    """The work of the job."""
    connector = Connector.objects.select_related("tenant").get(pk=run.job.parameters["connector"])
    try:
        client = graph_client(
            tenant=connector.tenant,
            directory_id=str(connector.directory_id),
            purpose=Purpose.CONNECTION,
            patience=PATIENCE,
        )
        return _Reading(run, connector, client).all()
    except (GraphError, EntraError, Refused) as error:
        trouble = trouble_of(error, right="DeviceManagementManagedDevices.Read.All")
        if not trouble.may_pass:
            raise JobFailed(sentence(trouble.reason, trouble.facts)) from error
        run.step(checkpoint=run.job.checkpoint)  # waiting is no failed try
        run.put_back(after=max(PUT_OFF, timedelta(seconds=trouble.retry_after)))
        return None


class _Reading:
    """One claim of the job: goes on from its checkpoint."""

    def __init__(self, run: Run, connector: Connector, client: GraphClient) -> None:
        self.run = run
        self.connector = connector
        self.client = client
        self.at: dict[str, Any] = run.job.checkpoint or {
            "source": 0, "link": "", "done": 0,
            "counts": {kind.value: dict.fromkeys(COUNTED, 0) for kind in ItemKind},
            "portal": dict.fromkeys(IN_PORTAL, 0),
        }  # fmt: skip

    def all(self) -> dict[str, Any]:
        while self.at["source"] < len(SOURCES):
            source = SOURCES[self.at["source"]]
            try:
                self._one(source)
            except StartAgain:
                InventoryCursor.objects.filter(connector=self.connector, kind=source.kind).delete()
                self._keep({**self.at, "link": "", "whole": True})
        return {
            "counts": self.at["counts"], "portal": self.at["portal"], "read": self.at["done"]
        }  # fmt: skip

    def _one(self, source: Source) -> None:
        """Read one kind from its checkpoint to its end."""
        start, whole = self.at["link"], bool(self.at.get("whole", True))
        if not start:
            start, whole = self._start(source)
        query: dict[str, str | int] = {"select": source.select}
        if source.size:
            query["top"] = source.size
        for page in self.client.pages(start, **query):
            bodies = {str(body["id"])[:80]: body for body in page.items if body.get("id")}
            if source.kind == ItemKind.DEVICE:
                everything = self.run.job.parameters["mode"] == "full"
                inventory_details.complete(self.client, self.connector, bodies, whole=everything)
            with transaction.atomic():
                self._take(source, bodies, whole=whole)
                if page.next_link:
                    self._keep({**self.at, "link": page.next_link, "whole": whole})
                else:
                    self._end(source, page, whole=whole)
            self.run.pause_if_long()

    def _start(self, source: Source) -> tuple[str, bool]:
        """Where to begin, and whether that is the whole list."""
        wants_changes = self.run.job.parameters["mode"] == "delta" and not self.at.get("whole")
        if source.has_delta and wants_changes:
            kept = InventoryCursor.objects.filter(
                connector=self.connector, kind=source.kind
            ).first()
            if kept is not None:
                return kept.delta_link, False
        return source.path, True

    def _keep(self, at: dict[str, Any]) -> None:
        self.at = at
        self.run.job.checkpoint = at
        self.run.step(checkpoint=at, done=at["done"])

    def _take(self, source: Source, bodies: dict[str, dict[str, Any]], *, whole: bool) -> None:
        """Write what the page tells, and remember which objects it named."""
        if whole:
            InventorySeen.objects.bulk_create(
                [
                    InventorySeen(tenant_id=current_tenant_id(), job_id=self.run.job.pk, key=key)
                    for key, body in bodies.items()
                    if "@removed" not in body
                ],
                ignore_conflicts=True,
            )
        self._count(source, inventory_page.take(
            connector=self.connector, source=source, bodies=bodies, now=timezone.now()
        ))  # fmt: skip
        self.at["done"] += len(bodies)

    def _count(self, source: Source, came_to: inventory_page.CameTo) -> None:
        counts, portal = self.at["counts"][source.kind], self.at["portal"]
        for name in COUNTED:
            counts[name] += getattr(came_to, name)
        for name in IN_PORTAL:
            portal[name] += getattr(came_to, name)

    def _end(self, source: Source, page: Page, *, whole: bool) -> None:
        if whole:
            for keys in self._not_seen(source):
                self._count(source, inventory_page.gone(
                    connector=self.connector, source=source, keys=keys, now=timezone.now()
                ))  # fmt: skip
        self._count(source, inventory_page.again(
            connector=self.connector, source=source, now=timezone.now()
        ))  # fmt: skip
        InventorySeen.objects.filter(job_id=self.run.job.pk).delete()
        if source.has_delta and page.delta_link:
            InventoryCursor.objects.update_or_create(
                connector=self.connector,
                kind=source.kind,
                defaults={"delta_link": page.delta_link},
            )
        self._keep({
            "source": self.at["source"] + 1, "link": "", "done": self.at["done"],
            "counts": self.at["counts"], "portal": self.at["portal"],
        })  # fmt: skip

    def _not_seen(self, source: Source) -> Iterator[list[str]]:
        """The keys of what this reading has not come across, some at a time."""
        while True:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT i.key FROM connectors_inventoryitem i WHERE i.tenant_id = %s "
                    "AND i.connector_id = %s AND i.kind = %s AND i.gone_at IS NULL AND NOT EXISTS ("
                    "SELECT 1 FROM connectors_inventoryseen s WHERE s.tenant_id = i.tenant_id "
                    "AND s.job_id = %s AND s.key = i.key) ORDER BY i.id LIMIT %s",
                    [
                        current_tenant_id(), self.connector.pk, source.kind, self.run.job.pk,
                        AT_ONCE,
                    ],
                )  # fmt: skip
                keys = [key for (key,) in cursor.fetchall()]
            if not keys:
                return
            yield keys
