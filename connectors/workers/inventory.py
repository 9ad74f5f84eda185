"""Reading the inventory of a connected Microsoft tenant: page by page, from a checkpoint on.

1. Categories, users, groups, managed devices, in this order. Users and groups have lists of
   changes, which a delta sync asks for from where the last one ended; the others are read whole,
   and only what differs is written.
2. A page is one transaction: rows, matches, counts and the checkpoint. A worker that dies loses
   one page. Memory holds one page.
3. At the end of a whole reading, what was not seen is gone. A forgotten position in a list of
   changes makes that reading a whole one.
4. When Graph asks for patience or is away, the work is put off; what will not pass ends it with
   a sentence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from common.entra import EntraError
from common.refusals import Refused
from common.sentences import sentence
from common.tenancy import current_tenant_id
from connectors.graph import GraphClient, GraphError, StartAgain, graph_client
from connectors.graph.client import Page
from connectors.matching import Match, judge
from connectors.models import (
    Connector,
    InventoryCursor,
    InventoryItem,
    InventorySeen,
    ItemKind,
    MatchState,
    Purpose,
)
from connectors.ports import LineMatches, lines
from connectors.troubles import trouble_of
from jobs.kinds import JobFailed
from jobs.runs import Run

KIND = "connectors.inventory"
PATIENCE = 20.0
PUT_OFF = timedelta(seconds=30)
NUMBERS = {"phone": "phoneNumber", "iccid": "iccid", "imei": "imei"}
_COUNTED = ("added", "changed", "gone", "conflicts")


@dataclass(frozen=True)
class _Source:
    """Where a kind is read: the whole list, or the list of changes if there is one."""

    kind: ItemKind
    path: str
    select: str
    name: str = "displayName"
    size: int | None = None
    has_delta: bool = False


SOURCES = (
    _Source(ItemKind.CATEGORY, "deviceManagement/deviceCategories", "id,displayName,description"),
    _Source(
        ItemKind.USER,
        "users/delta",
        "displayName,userPrincipalName,mail,department,accountEnabled",
        has_delta=True,
    ),
    _Source(ItemKind.GROUP, "groups/delta", "displayName,description", has_delta=True),
    _Source(
        ItemKind.DEVICE,
        "deviceManagement/managedDevices",
        "id,deviceName,operatingSystem,osVersion,model,manufacturer,serialNumber,imei,iccid,"
        "phoneNumber,subscriberCarrier,userPrincipalName,userDisplayName,"
        "deviceCategoryDisplayName,managedDeviceOwnerType,complianceState",
        name="deviceName",
        size=500,
    ),
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
            "counts": {kind.value: dict.fromkeys(_COUNTED, 0) for kind in ItemKind},
        }  # fmt: skip

    def all(self) -> dict[str, Any]:
        while self.at["source"] < len(SOURCES):
            source = SOURCES[self.at["source"]]
            try:
                self._one(source)
            except StartAgain:
                InventoryCursor.objects.filter(connector=self.connector, kind=source.kind).delete()
                self._keep({**self.at, "link": "", "whole": True})
        return {"counts": self.at["counts"], "read": self.at["done"]}

    def _one(self, source: _Source) -> None:
        """Read one kind from its checkpoint to its end."""
        start, whole = self.at["link"], bool(self.at.get("whole", True))
        if not start:
            start, whole = self._start(source)
        query: dict[str, str | int] = {"select": source.select}
        if source.size:
            query["top"] = source.size
        for page in self.client.pages(start, **query):
            with transaction.atomic():
                self._take(source, page, whole=whole)
                if page.next_link:
                    self._keep({**self.at, "link": page.next_link, "whole": whole})
                else:
                    self._end(source, page, whole=whole)
            self.run.pause_if_long()

    def _start(self, source: _Source) -> tuple[str, bool]:
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

    def _end(self, source: _Source, page: Page, *, whole: bool) -> None:
        counts = self.at["counts"][source.kind]
        if whole:
            counts["gone"] += self._gone(source)
        InventorySeen.objects.filter(job_id=self.run.job.pk).delete()
        if source.has_delta and page.delta_link:
            InventoryCursor.objects.update_or_create(
                connector=self.connector,
                kind=source.kind,
                defaults={"delta_link": page.delta_link},
            )
        self._keep({
            "source": self.at["source"] + 1, "link": "", "done": self.at["done"],
            "counts": self.at["counts"],
        })  # fmt: skip

    def _gone(self, source: _Source) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE connectors_inventoryitem i SET gone_at = %s WHERE i.tenant_id = %s "
                "AND i.connector_id = %s AND i.kind = %s AND i.gone_at IS NULL AND NOT EXISTS ("
                "SELECT 1 FROM connectors_inventoryseen s WHERE s.tenant_id = i.tenant_id "
                "AND s.job_id = %s AND s.key = i.key)",
                [
                    timezone.now(), current_tenant_id(), self.connector.pk, source.kind.value,
                    self.run.job.pk,
                ],
            )  # fmt: skip
            return int(cursor.rowcount)

    # --- one page -----------------------------------------------------------------------------

    def _take(self, source: _Source, page: Page, *, whole: bool) -> None:
        now = timezone.now()
        bodies = {str(body["id"]): body for body in page.items if body.get("id")}
        there = {
            item.key: item
            for item in InventoryItem.objects.filter(
                connector=self.connector, kind=source.kind, key__in=list(bodies)
            )
        }
        removed = [key for key, body in bodies.items() if "@removed" in body]
        counts = self.at["counts"][source.kind]
        counts["gone"] += InventoryItem.objects.filter(
            pk__in=[there[key].pk for key in removed if key in there], gone_at=None
        ).update(gone_at=now)
        kept = {key: body for key, body in bodies.items() if key not in set(removed)}
        if whole:
            InventorySeen.objects.bulk_create(
                [
                    InventorySeen(tenant_id=current_tenant_id(), job_id=self.run.job.pk, key=key)
                    for key in kept
                ],
                ignore_conflicts=True,
            )
        new, changed = [], []
        for key, body in kept.items():
            item = self._item(source, key, body, there.get(key), now)
            if item.pk is None:
                new.append(item)
            elif item.changed_at == now:
                changed.append(item)
        if source.kind == ItemKind.DEVICE:
            rematched = self._match([*new, *(there[key] for key in kept if key in there)])
            counts["conflicts"] += sum(
                item.match_state == MatchState.DOUBTFUL for item in rematched
            )
            known = {id(item) for item in (*new, *changed)}
            changed += [item for item in rematched if id(item) not in known]
        InventoryItem.objects.bulk_create(new)
        InventoryItem.objects.bulk_update(
            changed,
            [
                "name", "facts", "digest", "changed_at", "gone_at", "match_state", "match_by",
                "line_id", "candidates",
            ],
        )  # fmt: skip
        counts["added"] += len(new)
        counts["changed"] += sum(item.changed_at == now for item in changed)
        self.at["done"] += len(bodies)

    def _item(
        self,
        source: _Source,
        key: str,
        body: dict[str, Any],
        item: InventoryItem | None,
        now: datetime,
    ) -> InventoryItem:
        names = [name for name in source.select.split(",") if name != "id"]
        facts = dict(item.facts) if item and not item.gone_at and source.has_delta else {}
        facts |= {name: body[name] for name in names if body.get(name) not in (None, "")}
        digest = sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
        if item is None:
            item = InventoryItem(
                tenant_id=current_tenant_id(), connector=self.connector, kind=source.kind,
                key=key[:80], added_at=now, changed_at=now,
            )  # fmt: skip
        elif item.digest == digest and item.gone_at is None:
            return item
        elif _numbers(item.facts) != _numbers(facts) and item.match_state == MatchState.DECIDED:
            item.match_state, item.match_by = MatchState.NONE, ""  # it speaks of another SIM now
            item.line_id, item.candidates = None, []
        item.name = str(facts.get(source.name) or key)[:200]
        item.facts, item.digest = facts, digest
        item.changed_at, item.gone_at = now, None
        return item

    # --- lines --------------------------------------------------------------------------------

    def _match(self, items: list[InventoryItem]) -> list[InventoryItem]:
        """Find the line of each device; returns those whose match is another one now."""
        open_items = [item for item in items if item.match_state != MatchState.DECIDED]
        found = lines().matches(
            phones=_values(open_items, "phone"),
            iccids=_values(open_items, "iccid"),
            imeis=_values(open_items, "imei"),
        )
        named = {item.key: _named(item, found) for item in open_items}
        holders = self._holders({line for each in named.values() for line in each.values()})
        rematched = []
        for item in open_items:
            others = {line for line, key in holders.items() if key != item.key}
            match = judge(found=named[item.key], taken=frozenset(others))
            if match.line_id is not None:
                holders.setdefault(match.line_id, item.key)
            if _apply(item, match):
                rematched.append(item)
        return rematched

    def _holders(self, line_ids: set[int]) -> dict[int, str]:
        """Which device has each of these lines already."""
        held = InventoryItem.objects.filter(line_id__in=line_ids, gone_at=None)
        return dict(held.order_by("-pk").values_list("line_id", "key"))


def _numbers(facts: dict[str, Any]) -> list[Any]:
    return [facts.get(name) for name in NUMBERS.values()]


def _values(items: Iterable[InventoryItem], number: str) -> set[str]:
    return {str(item.facts[NUMBERS[number]]) for item in items if NUMBERS[number] in item.facts}


def _named(item: InventoryItem, found: LineMatches) -> dict[str, int]:
    maps = {"phone": found.by_phone, "iccid": found.by_iccid, "imei": found.by_imei}
    named = {}
    for key, lines_of in maps.items():
        line = lines_of.get(str(item.facts.get(NUMBERS[key], "")))
        if line is not None:
            named[key] = line
    return named


def _apply(item: InventoryItem, match: Match) -> bool:
    before = (item.match_state, item.match_by, item.line_id, list(item.candidates))
    after = (match.state, match.by, match.line_id, list(match.candidates))
    item.match_state, item.match_by, item.line_id, item.candidates = after
    return before != after
