"""`$batch`: up to twenty calls in one, answered in any order, each with a status of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from connectors.graph.errors import BadAnswer, GraphError, error_of
from connectors.graph_waits import asked_for

MOST = 20


@dataclass(frozen=True)
class BatchRequest:
    """`url` is relative, as in `/users/1?$select=id`; `body` is sent as JSON."""

    id: str
    url: str
    method: str = "GET"
    body: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        item: dict[str, Any] = {"id": self.id, "method": self.method, "url": self.url}
        if self.body is not None:
            item |= {"body": dict(self.body), "headers": {"Content-Type": "application/json"}}
        return item


@dataclass(frozen=True)
class BatchAnswer:
    """One answer: its body, or the error it stands for."""

    id: str
    status: int
    body: Any
    error: GraphError | None


def in_twenties(requests: Iterable[BatchRequest]) -> Iterator[list[BatchRequest]]:
    rest = iter(requests)
    while some := list(islice(rest, MOST)):
        yield some


def answers_of(
    body: Any, requests: Sequence[BatchRequest], *, now: datetime
) -> dict[str, BatchAnswer]:
    """The answers by id, one for every request. Raises BadAnswer when the batch is not that."""
    responses = body.get("responses") if isinstance(body, dict) else None
    if not isinstance(responses, list):
        raise BadAnswer(code="batch")
    found: dict[str, BatchAnswer] = {}
    for item in responses:
        if not isinstance(item, dict) or not isinstance(item.get("status"), int):
            raise BadAnswer(code="batch")
        found[str(item.get("id"))] = _answer(item, now)
    if found.keys() != {request.id for request in requests}:
        raise BadAnswer(code="batch")
    return found


def _answer(item: dict[str, Any], now: datetime) -> BatchAnswer:
    given = item.get("headers")
    headers = {str(k).lower(): str(v) for k, v in given.items()} if isinstance(given, dict) else {}
    error = None
    if item["status"] >= 400:
        error = error_of(
            item["status"],
            item.get("body"),
            headers,
            retry_after=asked_for(headers.get("retry-after"), now=now),
        )
    return BatchAnswer(str(item["id"]), item["status"], item.get("body"), error)
