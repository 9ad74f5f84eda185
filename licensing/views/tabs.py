"""The tabs of Billing > Licenses."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from common.http import tenant_url


def tabs(request: HttpRequest, current: str) -> list[dict[str, Any]]:
    """Each is a page of its own; `current` is the key of the one in view."""
    pages = (
        ("products", _("Products"), "licensing:products"),
        ("policies", _("Auto-claim policy"), "licensing:policies"),
        ("apps", _("Apps"), "licensing:apps"),
    )
    return [
        {"label": label, "url": tenant_url(request, name), "current": key == current}
        for key, label, name in pages
    ]
