"""The left navigation and the tenant switcher: what the person may see, and nothing else.

A section names the views it would lead to. A view that is not routed, or that asks for a
permission the role does not grant, makes no entry: the views' own `@require` is the only list.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, resolve, reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from common.permissions import Permission
from tenants.microsoft import opened_by
from tenants.queries import memberships_of


@dataclass(frozen=True)
class Entry:
    """A page of a tenant: `name` is the name of its address."""

    name: str
    label: Any
    icon: str


SECTIONS: list[tuple[Any, str, list[Entry]]] = [
    (_("Home"), "house", [Entry("home", _("Home"), "house")]),
    (
        _("Lines & usage"),
        "chart-no-axes-column",
        [
            Entry("usage:lines", _("Lines"), "phone"),
            Entry("alerts:alerts", _("Alerts"), "bell"),
            Entry("usage:imports", _("Imports"), "file-up"),
            Entry("usage:unmatched", _("Unmatched usage"), "circle-question-mark"),
            Entry("usage:carriers", _("Carriers"), "radio-tower"),
            Entry("usage:plans", _("Plans"), "receipt-text"),
            Entry("usage:policies", _("Policies"), "shield-check"),
            Entry("people_groups:groups", _("People groups"), "users-round"),
        ],
    ),
    (
        _("Devices"),
        "smartphone",
        [
            Entry("devices:devices", _("Devices"), "smartphone"),
            Entry("devices:groups", _("Groups"), "group"),
            Entry("devices:categories", _("Categories"), "tags"),
            Entry("enrolment:overview", _("Enrolment"), "smartphone-charging"),
            Entry("phones:phones", _("Simulated phones"), "flask-conical"),
            Entry("phones:messages", _("Text messages"), "message-square-text"),
        ],
    ),
    (
        _("Billing"),
        "credit-card",
        [
            Entry("licensing:products", _("Licenses"), "ticket"),
        ],
    ),
    (
        _("Reports"),
        "chart-column",
        [
            Entry("usage:usage_report", _("Usage"), "chart-column"),
            Entry("licensing:claims", _("Auto-claim report"), "ticket-check"),
        ],
    ),
    (
        _("Settings"),
        "settings",
        [
            Entry("licensing:org_settings", _("Org settings"), "sliders-horizontal"),
        ],
    ),
    (
        _("Tenant administration"),
        "building-2",
        [
            Entry("connectors:list", _("Connectors and tokens"), "plug"),
            Entry("tenants:people", _("People"), "users"),
            Entry("audit:events", _("Audit log"), "scroll-text"),
        ],
    ),
]
APART = {
    "devices:devices": ("/categories/", "/groups/"),
    "phones:phones": ("/messages/",),
}
"""Pages with an entry of their own under the address of another."""
ACCOUNT = [
    {"label": _("Profile"), "url": reverse_lazy("account_profile"), "icon": "user-round"},
    {
        "label": _("Change password"),
        "url": reverse_lazy("account_change_password"),
        "icon": "key-round",
    },
    {"label": _("Second factor"), "url": reverse_lazy("mfa_index"), "icon": "shield"},
    {"label": _("Sessions"), "url": reverse_lazy("account_sessions"), "icon": "monitor-smartphone"},
]
OWN_PAGES = tuple(ACCOUNT)
"""Those that are tabs of one's own account."""
if settings.SANDBOX:
    ACCOUNT.append(
        {
            "label": _("Pretend Microsoft cloud"),
            "url": reverse_lazy("sandbox:clouds"),
            "icon": "cloud",
        }
    )
_A_SLUG = "a-slug"


@cache
def _permission_of(name: str) -> Permission | None:
    """What the view of that name asks for; None when there is none or it asks for nothing."""
    try:
        address = reverse(name, kwargs={"tenant_slug": _A_SLUG})
    except NoReverseMatch:
        return None
    return getattr(resolve(address).func, "required_permission", None)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context processor of the base template; each value is worked out only when it is shown."""
    membership = getattr(request, "membership", None)
    return {
        "navigation": cache(lambda: _sections(request, membership) if membership else []),
        "tenant_choices": cache(lambda: _choices(request)),
        "search_url": cache(lambda: address_of(request, "search") if membership else ""),
        "account_entries": ACCOUNT,
        "account_tabs": cache(lambda: _tabs(request)),
    }


def _tabs(request: HttpRequest) -> list[dict[str, Any]]:
    return [{**entry, "current": request.path.startswith(str(entry["url"]))} for entry in OWN_PAGES]


def address_of(request: HttpRequest, name: str) -> str:
    """The address of a page without parameters; empty when it is not there or not allowed."""
    entry = Entry(name, "", "")
    return _link(request, entry)["url"] if _may_see(request.membership, entry) else ""


def other_pages(request: HttpRequest) -> list[dict[str, Any]]:
    """Every entry but home that the person may see."""
    entries = [
        entry for section in _sections(request, request.membership) for entry in section["entries"]
    ]
    return [entry for entry in entries if not entry["current"]]


def _sections(request: HttpRequest, membership: Any) -> list[dict[str, Any]]:
    sections = []
    for label, icon, entries in SECTIONS:
        shown = [_link(request, entry) for entry in entries if _may_see(membership, entry)]
        if shown:
            sections.append({"label": label, "icon": icon, "entries": shown})
    return sections


def _may_see(membership: Any, entry: Entry) -> bool:
    permission = _permission_of(entry.name)
    return permission is not None and membership.may(permission)


def _link(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    url = reverse(entry.name, kwargs={"tenant_slug": request.tenant.slug})
    here = _is_at(request.path, url, entry)
    return {"label": entry.label, "url": url, "icon": entry.icon, "current": here}


def _is_at(path: str, url: str, entry: Entry) -> bool:
    """Whether the page belongs to this entry, and not to one whose address goes on from its."""
    if path == url:
        return True
    if entry.name == "home" or not path.startswith(url):
        return False
    deeper = [url.rstrip("/") + part for part in APART.get(entry.name, ())]
    return not any(path.startswith(other) for other in deeper)


def _choices(request: HttpRequest) -> list[dict[str, Any]]:
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return []
    current = getattr(request, "tenant", None)
    return [
        {
            "name": membership.tenant.name,
            "slug": membership.tenant.slug,
            "url": reverse("home", kwargs={"tenant_slug": membership.tenant.slug}),
            "role": membership.get_role_display(),
            "current": current is not None and membership.tenant_id == current.pk,
        }
        for membership in memberships_of(user=request.user, opener=opened_by(request))
    ]
