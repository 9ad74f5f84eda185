"""The vocabulary of what a person may do, and the decorator every view wears.

Roles and what each grants stand in one table (product page, section 2), so a reviewer reads the
whole policy here. Missing permission is 403 with a sentence; another tenant's object is 404
because look-ups start from the tenant in scope.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """One thing a role may let a person do inside a tenant."""

    VIEW_LINES = "view_lines"
    MANAGE_LINES = "manage_lines"
    VIEW_PERSONAL_USAGE = "view_personal_usage"
    VIEW_DEVICES = "view_devices"
    MANAGE_DEVICES = "manage_devices"
    VIEW_PLANS = "view_plans"
    MANAGE_PLANS = "manage_plans"
    UNBLOCK = "unblock"
    BLOCK = "block"
    VIEW_ALERTS = "view_alerts"
    ACKNOWLEDGE_ALERTS = "acknowledge_alerts"
    VIEW_CONNECTORS = "view_connectors"
    MANAGE_CONNECTORS = "manage_connectors"
    VIEW_REPORTS = "view_reports"
    VIEW_LICENCES = "view_licences"
    VIEW_CLAIMS = "view_claims"
    MANAGE_LICENCES = "manage_licences"
    MANAGE_PRICES = "manage_prices"
    SWITCH_AUTO_CLAIM = "switch_auto_claim"
    VIEW_PEOPLE = "view_people"
    MANAGE_PEOPLE = "manage_people"
    VIEW_AUDIT = "view_audit"
    VIEW_HOME = "view_home"


class Role(StrEnum):
    """What a membership makes of a person."""

    GLOBAL_ADMINISTRATOR = "global_administrator"
    INTUNE_ADMINISTRATOR = "intune_administrator"
    BILLING_ADMINISTRATOR = "billing_administrator"
    USER_ADMINISTRATOR = "user_administrator"
    LICENSE_ADMINISTRATOR = "license_administrator"
    HELPDESK = "helpdesk"
    REPORT_READER = "report_reader"
    AUDITOR = "auditor"


ROLE_LABELS = {
    Role.GLOBAL_ADMINISTRATOR: _("Global administrator"),
    Role.INTUNE_ADMINISTRATOR: _("Intune administrator"),
    Role.BILLING_ADMINISTRATOR: _("Billing administrator"),
    Role.USER_ADMINISTRATOR: _("User administrator"),
    Role.LICENSE_ADMINISTRATOR: _("License administrator"),
    Role.HELPDESK: _("Helpdesk"),
    Role.REPORT_READER: _("Report reader"),
    Role.AUDITOR: _("Auditor"),
}

_P = Permission
_READ_TELECOM = {
    _P.VIEW_LINES,
    _P.VIEW_DEVICES,
    _P.VIEW_PLANS,
    _P.VIEW_CONNECTORS,
    _P.VIEW_ALERTS,
}
_LICENCES = {_P.VIEW_HOME, _P.VIEW_LICENCES, _P.VIEW_CLAIMS, _P.MANAGE_LICENCES}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.GLOBAL_ADMINISTRATOR: frozenset(Permission),
    Role.INTUNE_ADMINISTRATOR: frozenset(
        {
            _P.VIEW_HOME,
            *_READ_TELECOM,
            _P.VIEW_PERSONAL_USAGE,
            _P.MANAGE_LINES,
            _P.MANAGE_DEVICES,
            _P.MANAGE_PLANS,
            _P.MANAGE_CONNECTORS,
            _P.BLOCK,
            _P.UNBLOCK,
            _P.ACKNOWLEDGE_ALERTS,
            _P.VIEW_REPORTS,
            _P.VIEW_CLAIMS,
            _P.VIEW_LICENCES,
        }
    ),
    Role.BILLING_ADMINISTRATOR: frozenset({*_LICENCES, _P.MANAGE_PRICES, _P.VIEW_REPORTS}),
    Role.USER_ADMINISTRATOR: frozenset(_LICENCES),
    Role.LICENSE_ADMINISTRATOR: frozenset(_LICENCES),
    Role.HELPDESK: frozenset(
        {
            _P.VIEW_HOME,
            _P.VIEW_LINES,
            _P.VIEW_DEVICES,
            _P.VIEW_PLANS,
            _P.VIEW_ALERTS,
            _P.ACKNOWLEDGE_ALERTS,
            _P.UNBLOCK,
            _P.VIEW_REPORTS,
            _P.VIEW_CLAIMS,
        }
    ),
    Role.REPORT_READER: frozenset({_P.VIEW_HOME, _P.VIEW_REPORTS, _P.VIEW_CLAIMS}),
    Role.AUDITOR: frozenset(
        {
            _P.VIEW_HOME,
            *_READ_TELECOM,
            _P.VIEW_PERSONAL_USAGE,
            _P.VIEW_REPORTS,
            _P.VIEW_CLAIMS,
            _P.VIEW_LICENCES,
            _P.VIEW_PEOPLE,
            _P.VIEW_AUDIT,
        }
    ),
}

View = Callable[..., HttpResponseBase]


def require(permission: Permission) -> Callable[[View], View]:
    """Refuse the view (403) to members whose role does not grant `permission`.

    The view must live under /t/<slug>/, where the middleware has put `request.membership`.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            membership = getattr(request, "membership", None)
            if membership is None or not membership.may(permission):
                raise PermissionDenied(_("Your role does not include this."))
            return view(request, *args, **kwargs)

        guarded.required_permission = permission  # type: ignore[attr-defined] - read by the test that walks every URL
        return guarded

    return decorate
