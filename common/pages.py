"""One template for the whole page and for its parts.

Everything works without JavaScript: a view always names the full page. When htmx asks for one
part, the part is the template's partial of the same name as the element's id, so fragment and
page cannot differ. A part not listed by the view is never rendered, whatever a header says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    parts: tuple[str, ...] = (),
    status: int = 200,
) -> HttpResponse:
    """The page, or the one of its `parts` that htmx targets. A form with errors has status 422."""
    htmx = getattr(request, "htmx", None)
    if htmx and not htmx.boosted and not htmx.history_restore_request and htmx.target in parts:
        template = f"{template}#{htmx.target}"
    response = render(request, template, dict(context or {}), status=status)
    if parts:
        patch_vary_headers(response, ("HX-Request", "HX-Target"))
    return response
