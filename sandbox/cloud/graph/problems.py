"""Refusals of the pretend Graph, with the codes of the real one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.utils import timezone


class GraphProblem(Exception):
    """An error answer: HTTP status, Graph's code and a message nobody may branch on."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        super().__init__(message)


def not_found(name: str) -> GraphProblem:
    return GraphProblem(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name[:80]}' does not exist or one of its queried reference-property objects "
        "are not present.",
    )


def bad_request(message: str, code: str = "Request_BadRequest") -> GraphProblem:
    return GraphProblem(400, code, message)


def forbidden() -> GraphProblem:
    return GraphProblem(
        403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."
    )


def error_body(problem: GraphProblem, *, request_id: str, client_request_id: str) -> dict[str, Any]:
    """`{"error": {...}}` as Graph answers it."""
    return {
        "error": {
            "code": problem.code,
            "message": problem.message,
            "innerError": {
                "date": timezone.now().strftime("%Y-%m-%dT%H:%M:%S"),
                "request-id": request_id,
                "client-request-id": client_request_id or str(uuid4()),
            },
        }
    }
