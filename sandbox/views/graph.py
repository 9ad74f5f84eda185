"""The pretend Graph over HTTP: `/sandbox/graph/v1.0/...`.

Public in the portal's sense, because a program comes with a bearer token and not with a session;
the token is checked here.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from sandbox.cloud.faults import fault_of, lose, strike
from sandbox.cloud.graph.answering import answer, call_of, who
from sandbox.cloud.graph.problems import GraphProblem, bad_request, error_body


@csrf_exempt
@login_not_required
def graph(request: HttpRequest, path: str) -> HttpResponse:
    """Any call; errors in Graph's shape, with the request's ids in body and headers."""
    request_id = str(uuid4())
    client_id = request.headers.get("client-request-id", "")[:80]
    try:
        response = _answered(request, path)
    except GraphProblem as problem:
        body = error_body(problem, request_id=request_id, client_request_id=client_id)
        response = JsonResponse(body, status=problem.status)
        for name, value in problem.headers.items():
            response[name] = value
    response["request-id"] = request_id
    if client_id.isprintable():
        response["client-request-id"] = client_id
    return response


def _answered(request: HttpRequest, path: str) -> HttpResponse:
    tenant, claims = who(request.headers.get("Authorization", ""))
    fault = fault_of(tenant)
    faulty = strike(fault)
    if faulty is not None:
        return faulty
    call = call_of(
        tenant=tenant,
        claims=claims,
        method=request.method or "GET",
        path=path,
        query=request.GET.dict(),
        body=_body(request),
        base=f"{request.scheme}://{request.get_host()}/sandbox/graph/v1.0",
        now=timezone.now(),
    )
    done = answer(call)
    lose(fault, method=call.method, path=call.path)
    if done.body is None:
        return HttpResponse(status=done.status)
    response = JsonResponse(done.body, status=done.status)
    response["x-ms-resource-unit"] = str(done.units)
    return response


def _body(request: HttpRequest) -> Any:
    if request.method not in {"POST", "PATCH", "PUT"}:
        return None
    try:
        body = json.loads(request.body)
        text = json.dumps(body, ensure_ascii=False)
        text.encode()  # lone surrogates are no text
    except (ValueError, RecursionError):
        raise bad_request("Unable to read JSON request payload.", "BadRequest") from None
    if "\\u0000" in text:
        raise bad_request("Unable to read JSON request payload.", "BadRequest")
    return body
