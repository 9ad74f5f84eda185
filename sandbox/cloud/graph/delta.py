"""`/users/delta` and `/groups/delta`: what is new since a token, and what is gone.

The token is the number of the last change seen. A token older than `delta_floor` is forgotten:
410, and the client starts again.
"""

from __future__ import annotations

from typing import Any

from sandbox.cloud.graph.collections import LISTS, Answer, Call, shown
from sandbox.cloud.graph.problems import GraphProblem, bad_request
from sandbox.models import CloudObject, Kind

PAGE = 200


def delta(call: Call, kind: Kind) -> Answer:
    """A page of changes, with `@odata.nextLink` or, at the end, `@odata.deltaLink`."""
    for option in ("$top", "$orderby", "$expand"):
        if option in call.query:
            raise bad_request(f"The query option {option} is not supported by delta.")
    how = LISTS[kind]
    keep = {"$select": call.query["$select"]} if "$select" in call.query else {}
    if call.query.get("$deltatoken") == "latest":
        return _end(call, [], call.tenant.version, keep)
    since, until, after = _place(call)
    rows = list(
        CloudObject.objects.filter(
            cloud_tenant=call.tenant, kind=kind, changed__gt=since, changed__lte=until, pk__gt=after
        ).order_by("pk")[: PAGE + 1]
    )
    fresh = since == 0
    value = [
        {"id": row.object_id, "@removed": {"reason": "deleted"}}
        if row.removed
        else shown(row.body, call, how)
        for row in rows[:PAGE]
        if not (fresh and row.removed)
    ]
    if len(rows) <= PAGE:
        return _end(call, value, until, keep)
    token = f"{since}.{until}.{rows[PAGE - 1].pk}"
    body = {"@odata.nextLink": call.link(**keep, **{"$skiptoken": token}), "value": value}
    return Answer(200, body)


def _end(call: Call, value: list[dict[str, Any]], until: int, keep: dict[str, str]) -> Answer:
    link = call.link(**keep, **{"$deltatoken": str(until)})
    return Answer(200, {"@odata.deltaLink": link, "value": value})


def _place(call: Call) -> tuple[int, int, int]:
    """(changes after, changes up to, rows after)."""
    text = call.query.get("$skiptoken") or call.query.get("$deltatoken")
    if text is None:
        return 0, call.tenant.version, 0
    parts = text.split(".")
    if len(parts) not in (1, 3) or not all(
        p.isascii() and p.isdigit() and len(p) < 16 for p in parts
    ):
        raise bad_request("The delta token is not valid.", "Directory_DeltaTokenInvalid")
    numbers = [int(part) for part in parts]
    if len(numbers) == 1:
        numbers += [call.tenant.version, 0]
        if numbers[0] < call.tenant.delta_floor:
            raise GraphProblem(
                410, "syncStateNotFound", "The sync state is no longer known; resync."
            )
    return numbers[0], numbers[1], numbers[2]
