"""Apps for the screen: the ids that sign-ins come with, and which policy gives them a licence."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from licensing.known import APPS, PLAN_NAMES
from licensing.models import App, ApplicationId, AutoClaimPolicy

KNOWN = {known.name: known.app_ids for known in APPS}


def apps() -> QuerySet[App]:
    """All apps of the tenant."""
    return App.objects.all()


def hang_facts(rows: Sequence[App]) -> None:
    """Give each row its `ids`, the `services` that make it usable, and the `policy` that is on."""
    ids: dict[int, list[str]] = {row.pk: [] for row in rows}
    found = ApplicationId.objects.filter(app__in=rows).order_by("pk")
    for app_id, value in found.values_list("app_id", "value"):
        ids[app_id].append(str(value))
    policies = AutoClaimPolicy.objects.filter(app__in=rows, enabled=True, deleted_at=None)
    on = {policy.app_id: policy for policy in policies}
    for row in rows:
        row.ids = ids[row.pk]
        row.services = [PLAN_NAMES.get(name, name) for name in row.plans]
        row.policy = on.get(row.pk)


def own_ids(app: App) -> list[str]:
    """The ids that somebody entered: all but those that the portal knows the app by."""
    known = set(KNOWN.get(app.name, ()))
    found = app.application_ids.order_by("pk").values_list("value", flat=True)
    return [str(value) for value in found if str(value) not in known]
