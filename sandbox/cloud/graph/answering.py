"""From a request to an answer: who asks, may they, which handler; and `$batch`.

Faults and throttling come before everything else, as they do in life.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.core.cache import cache
from redis.exceptions import RedisError

from sandbox.cloud import tokens
from sandbox.cloud.graph.collections import Answer, Call
from sandbox.cloud.graph.problems import GraphProblem, bad_request, error_body, forbidden
from sandbox.cloud.graph.routes import ROUTES, Route
from sandbox.cloud.tenants import tenant_named
from sandbox.models import CloudConsent, CloudTenant, Fault

BATCH = "$batch"
MOST_IN_BATCH = 20
WINDOW = 10
UNITS = 3500
"""Resource units per application and organisation in ten seconds (fewer than 50 users)."""


def who(authorization: str) -> tuple[CloudTenant, dict[str, Any]]:
    """The organisation and claims of a bearer token. Raises GraphProblem (401)."""
    scheme, _space, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthenticated("Access token is empty.")
    try:
        claims = tokens.checked(token.strip())
    except tokens.TokenRefused as refused:
        raise _unauthenticated(str(refused)) from None
    tenant = tenant_named(str(claims["tid"]))
    if tenant is None:
        raise _unauthenticated("The organisation of the token does not exist.")
    if claims.get("idtyp") == "app" and not _consented(tenant, claims):
        message = "The identity of the calling application could not be established."
        raise GraphProblem(403, "Authorization_IdentityNotFound", message)
    return tenant, claims


def _consented(tenant: CloudTenant, claims: Mapping[str, Any]) -> bool:
    return (
        tenant.fault != Fault.EXPIRED_CONSENT
        and CloudConsent.objects.filter(
            cloud_tenant=tenant, registration_id=str(claims["appid"])
        ).exists()
    )


def _unauthenticated(message: str) -> GraphProblem:
    return GraphProblem(401, "InvalidAuthenticationToken", message)


def answer(call: Call) -> Answer:
    """The answer to one call. Raises GraphProblem."""
    if call.path == BATCH:
        if call.method != "POST":
            raise GraphProblem(405, "Request_BadRequest", "Specified HTTP method is not allowed.")
        return _batch(call)
    route, parameters = _routed(call)
    spend(call, route.cost)
    granted = {*call.claims.get("roles", []), *str(call.claims.get("scp", "")).split()}
    if not route.permissions & granted:
        raise forbidden()
    return replace(route.handler(call, *parameters), units=route.cost)


def _routed(call: Call) -> tuple[Route, tuple[str, ...]]:
    path_is_known = False
    for route in ROUTES:
        found = route.pattern.fullmatch(call.path)
        if found is None:
            continue
        path_is_known = True
        if route.method == call.method:
            return route, found.groups()
    if path_is_known:
        raise GraphProblem(405, "Request_BadRequest", "Specified HTTP method is not allowed.")
    raise bad_request(f"Resource not found for the segment '{call.path.split('/')[0][:60]}'.")


def spend(call: Call, units: int) -> None:
    """Take resource units from the application's budget. Raises GraphProblem (429)."""
    window = int(time.time()) // WINDOW
    key = f"sandbox-graph:{call.tenant.pk}:{call.claims.get('appid', '')}:{window}"
    try:
        cache.add(key, 0, WINDOW * 2)
        spent = cache.incr(key, units)
    except (ValueError, RedisError):  # it expired in between, or nobody counts
        return
    if spent > UNITS:
        raise throttled(str(WINDOW - time.time() % WINDOW)[:5])


def throttled(after: str | None) -> GraphProblem:
    headers = {"x-ms-throttle-scope": "Tenant_Application/ReadWrite/sandbox"}
    if after is not None:
        headers["Retry-After"] = after
    return GraphProblem(429, "TooManyRequests", "Too many requests.", headers=headers)


# --- $batch -----------------------------------------------------------------------------------


def _batch(call: Call) -> Answer:
    requests = call.body.get("requests") if isinstance(call.body, dict) else None
    if not isinstance(requests, list) or not 1 <= len(requests) <= MOST_IN_BATCH:
        raise bad_request("Invalid batch payload format.", "BadRequest")
    seen: dict[str, int] = {}
    responses = []
    for item in requests:
        _check_item(call, item, seen)
        done = _in_batch(call, item, seen)
        seen[item["id"]] = done["status"]
        responses.append(done)
    return Answer(200, {"responses": responses[::-1]})  # any order is allowed; so expect any


def _check_item(call: Call, item: Any, seen: dict[str, int]) -> None:
    well = (
        isinstance(item, dict)
        and isinstance(item.get("id"), str)
        and isinstance(item.get("method"), str)
        and isinstance(item.get("url"), str)
        and isinstance(item.get("dependsOn", []), list)
    )
    if not well or item["id"] in seen or BATCH in item["url"]:
        raise bad_request("Invalid batch payload format.", "BadRequest")
    item["url"] = item["url"].removeprefix(call.base)  # Microsoft's own client sends it whole
    if "://" in item["url"]:
        raise bad_request("Invalid batch payload format.", "BadRequest")
    if any(name not in seen for name in item.get("dependsOn", [])):
        raise bad_request("Invalid batch payload format: dependsOn.", "BadRequest")


def _in_batch(call: Call, item: dict[str, Any], seen: dict[str, int]) -> dict[str, Any]:
    parts = urlsplit(item["url"])
    inner = Call(
        tenant=call.tenant,
        method=item["method"].upper(),
        path=parts.path.strip("/"),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        body=item.get("body"),
        base=call.base,
        now=call.now,
        claims=call.claims,
    )
    headers = {"Content-Type": "application/json"}
    try:
        if any(seen[name] >= 400 for name in item.get("dependsOn", [])):
            raise GraphProblem(424, "FailedDependency", "A request it depends on failed.")
        done = answer(inner)
    except GraphProblem as problem:
        body = error_body(problem, request_id=item["id"], client_request_id="")
        headers |= problem.headers
        return {"id": item["id"], "status": problem.status, "headers": headers, "body": body}
    if done.body is None:
        return {"id": item["id"], "status": done.status, "headers": {}}
    return {"id": item["id"], "status": done.status, "headers": headers, "body": done.body}


def call_of(
    *, tenant: CloudTenant, claims: Mapping[str, Any], method: str, path: str,
    query: Mapping[str, str], body: Any, base: str, now: datetime,
) -> Call:  # fmt: skip
    return Call(tenant=tenant, method=method, path=path.strip("/"), query=query, body=body,
                base=base, now=now, claims=claims)  # fmt: skip
