"""One tenant's Graph: calls, pages, batches; the only place where its token is put on the wire.

1. Wait for a token of the tenant's bucket; give up at once while the circuit is open.
2. Send with a bearer token to the cloud's own base, never to an address from an answer that lies
   elsewhere: a foreign `@odata.nextLink` is refused before anything is sent.
3. 429, server errors and lost connections are tried again while `patience` lasts, never earlier
   than Retry-After says. A change whose answer was lost is not sent again: OutcomeUnknown.
4. 401 is tried once with a new token.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

import requests
import structlog
from django.utils import timezone

from common import entra
from common.clouds import CloudAddresses, session_for
from common.entra import EntraApp
from common.outgoing import AddressRefused, AnswerTooLarge
from connectors.graph.batches import BatchAnswer, BatchRequest, answers_of, in_twenties
from connectors.graph.errors import (
    BadAnswer,
    CircuitOpen,
    GraphError,
    GraphThrottled,
    GraphUnavailable,
    NotAuthenticated,
    OutcomeUnknown,
    error_of,
)
from connectors.graph_limits import Limits
from connectors.graph_waits import asked_for, back_off

log = structlog.get_logger(__name__)
VERSION = "v1.0"
MOST_TRIES = 6
MOST_PAGES = 100_000
NOT_DONE = 503
"""The one server error after which a change has certainly not been made."""
_SAFE = {"GET", "HEAD"}


@dataclass
class GraphClient:
    """Calls as `app` in the directory `directory_id`; waits `patience` seconds at most in one."""

    cloud: CloudAddresses
    directory_id: str
    app: EntraApp
    limits: Limits
    patience: float = 10.0
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = timezone.now
    _session: requests.Session = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._session = session_for(self.cloud)

    @property
    def base(self) -> str:
        return f"{self.cloud.graph}/{VERSION}/"

    # --- calls --------------------------------------------------------------------------------

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """One object or page, as JSON. Query names without their $: `select="id", top=5`.

        Raises GraphError and EntraError, here and below.
        """
        return self._object(self._call("GET", self._url(path, query)))

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._object(self._call("POST", self._url(path, {}), body))

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._object(self._call("PATCH", self._url(path, {}), body))

    def delete(self, path: str) -> None:
        self._call("DELETE", self._url(path, {}))

    def pages(self, path: str, **query: str | int) -> Iterator[Page]:
        """Every page of a collection, or from a link kept from an earlier page (a checkpoint)."""
        url = path if path.startswith(self.base) else self._url(path, query)
        for _number in range(MOST_PAGES):
            page = self._page(self._object(self._call("GET", url)))
            yield page
            if not page.next_link:
                return
            url = page.next_link
        raise BadAnswer(code="endless")

    def items(self, path: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """Every object of a collection, page by page."""
        for page in self.pages(path, **query):
            yield from page.items

    def batch(self, wanted: Iterable[BatchRequest]) -> dict[str, BatchAnswer]:
        """Many calls in twenties; each answer carries its own error. Nothing is tried again."""
        found: dict[str, BatchAnswer] = {}
        for some in in_twenties(wanted):
            body = {"requests": [request.as_json() for request in some]}
            answer = self.post("$batch", body)
            found |= answers_of(answer, some, now=self.now())
        return found

    # --- on the wire --------------------------------------------------------------------------

    def _url(self, path: str, query: Mapping[str, str | int]) -> str:
        address = self.base + quote(path.strip("/"), safe="/$'()@=,")
        if not query:
            return address
        named = {f"${name}": str(value) for name, value in query.items()}
        return f"{address}?{urlencode(named, safe='$', quote_via=quote)}"

    def _call(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Any:
        if not url.startswith(self.base) or "/../" in url:
            log.error("graph_foreign_link", directory=self.directory_id)
            raise BadAnswer(code="foreignLink")
        patience, fresh = self.patience, False
        for attempt in range(1, MOST_TRIES + 1):
            patience = self._admitted(patience)
            try:
                answer = self._sent(method, url, body)
                self.limits.succeeded()
                return answer
            except NotAuthenticated:
                self.limits.succeeded()
                if fresh:
                    raise
                fresh = True
                entra.forget_token(self.cloud, tenant=self.directory_id, app=self.app)
            except (GraphThrottled, GraphUnavailable) as error:
                patience = self._wait_after(error, attempt, patience)
            except BadAnswer:
                self.limits.failed()
                raise
            except GraphError as error:
                if error.status:  # it answered, so it is there
                    self.limits.succeeded()
                raise
        raise GraphUnavailable(code="tries")

    def _admitted(self, patience: float) -> float:
        """Step 1; the patience that is left. Raises CircuitOpen, GraphThrottled."""
        if self.limits.is_open():
            raise CircuitOpen(code="circuitOpen")
        while (wait := self.limits.wait()) > 0:
            if wait > patience:
                raise GraphThrottled(code="ownLimit", retry_after=wait)
            self.sleep(wait)
            patience -= wait
        return patience

    def _wait_after(self, error: GraphError, attempt: int, patience: float) -> float:
        """Sleep before the next try; the patience that is left. Raises when it is not enough."""
        wait = error.retry_after
        if wait is None:
            wait = back_off(attempt, jitter=random.random())  # noqa: S311 - spreads clients
        if isinstance(error, GraphThrottled):
            self.limits.pause(wait)
        else:
            self.limits.failed()
        if wait > patience or attempt == MOST_TRIES:
            error.retry_after = wait
            raise error
        self.sleep(wait)
        return patience - wait

    def _sent(self, method: str, url: str, body: Mapping[str, Any] | None) -> Any:
        token = entra.application_token(self.cloud, tenant=self.directory_id, app=self.app)
        asked = str(uuid4())
        headers = {
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
            "client-request-id": asked,
        }
        began = time.monotonic()
        try:
            response = self._session.request(method, url, headers=headers, json=body)
        except (AnswerTooLarge, AddressRefused) as error:
            raise BadAnswer(status=200, code=type(error).__name__, reference=asked) from None
        except requests.ConnectTimeout:
            raise GraphUnavailable(code="connectTimeout", reference=asked) from None
        except requests.RequestException as error:
            if method not in _SAFE:
                raise OutcomeUnknown(code=type(error).__name__, reference=asked) from None
            raise GraphUnavailable(code=type(error).__name__, reference=asked) from None
        log.info(
            "graph_call",
            method=method,
            path=url.removeprefix(self.base).partition("?")[0],
            status=response.status_code,
            milliseconds=int((time.monotonic() - began) * 1000),
            directory=self.directory_id,
            reference=response.headers.get("request-id", asked)[:64],
        )
        return self._read(method, response, asked)

    def _read(self, method: str, response: requests.Response, asked: str) -> Any:
        status = response.status_code
        try:
            body = response.json() if response.content else None
        except (ValueError, RecursionError):
            body = None
            if status < 400:
                raise BadAnswer(status=status, code="notJson", reference=asked) from None
        if 300 <= status < 400:
            raise BadAnswer(status=status, code="redirect", reference=asked)
        if status < 300:
            return body
        retry_after = asked_for(response.headers.get("Retry-After"), now=self.now())
        error = error_of(status, body, response.headers, retry_after=retry_after)
        if not error.reference:
            error.reference = asked
        if method not in _SAFE and status >= 500 and status != NOT_DONE:
            raise OutcomeUnknown(status=status, code=error.code, reference=error.reference)
        raise error

    def _object(self, body: Any) -> dict[str, Any]:
        if body is None:
            return {}
        if not isinstance(body, dict):
            raise BadAnswer(code="notAnObject")
        return body

    def _page(self, body: dict[str, Any]) -> Page:
        items = body.get("value")
        links = (body.get("@odata.nextLink"), body.get("@odata.deltaLink"))
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise BadAnswer(code="notAPage")
        for link in links:
            if link is not None and not (isinstance(link, str) and link.startswith(self.base)):
                log.error("graph_foreign_link", directory=self.directory_id)
                raise BadAnswer(code="foreignLink")
        return Page(items=items, next_link=links[0] or "", delta_link=links[1] or "")


@dataclass(frozen=True)
class Page:
    """A page of a collection. `next_link` and `delta_link` are whole addresses, or empty."""

    items: list[dict[str, Any]]
    next_link: str
    delta_link: str
