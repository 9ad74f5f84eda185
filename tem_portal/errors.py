"""The one refusal that Django has no page for; the others are templates/400, 403, 404 and 500."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tenants.views.account import RETRY_AFTER


def too_many_requests(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """429, saying when to try again; allauth finds it by `handler429` of the root addresses."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(RETRY_AFTER)
    return response
