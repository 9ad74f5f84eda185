"""Which application ids sign-ins to an app come with, beyond those that everybody's do."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.actions import Actor, record
from common.refusals import Refused, refusing
from licensing.models import App, ApplicationId
from licensing.queries.apps import own_ids


class AppRefused(Refused):
    """The app cannot have these ids."""


CONSTRAINTS = {
    "application_id_once": ("ids", gettext_lazy("Another app has one of these application ids."))
}


@transaction.atomic
def set_own_ids(*, app: App, ids: Sequence[UUID], by: Actor) -> bool:
    """Make these the app's own ids; whether anything changed. Raises AppRefused.

    Sign-ins that came before under an id that is new here are not looked at again.
    """
    app = App.objects.select_for_update(no_key=True).get(pk=app.pk)
    before, after = own_ids(app), [str(value) for value in ids]
    if set(before) == set(after):
        return False
    taken = ApplicationId.objects.filter(value__in=ids).exclude(app=app).select_related("app")
    if other := taken.order_by("pk").first():
        raise AppRefused(
            _("%(id)s is an application id of %(app)s.") % {"id": other.value, "app": other.app},
            field="ids",
        )
    ApplicationId.objects.filter(app=app, value__in=set(before) - set(after)).delete()
    with refusing(AppRefused, CONSTRAINTS):
        for value in sorted(set(after) - set(before)):
            ApplicationId.objects.get_or_create(app=app, value=UUID(value))
    record(
        by=by,
        action="auto_claim_app.ids_changed",
        subject=app,
        before={"application_ids": sorted(before)},
        after={"application_ids": sorted(after)},
    )
    return True
