"""What a tenant says about enrolment."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import Actor, changes, record
from common.refusals import Refused
from common.tenancy import current_tenant_id
from enrolment.models import EnrolmentSettings
from enrolment.queries.directories import directory_of_tenant
from enrolment.sms import sender_of


class SettingsRefused(Refused):
    """The pages cannot be opened like this."""


@transaction.atomic
def save(*, chosen: dict[str, Any], by: Actor) -> EnrolmentSettings:
    """Keep what was chosen (fields of EnrolmentSettings). Raises SettingsRefused."""
    tenant_id = current_tenant_id()
    EnrolmentSettings.objects.get_or_create(tenant_id=tenant_id)
    row = EnrolmentSettings.objects.select_for_update().get()
    before, after = changes(before={name: getattr(row, name) for name in chosen}, after=chosen)
    for name, value in chosen.items():
        setattr(row, name, value)
    _refuse_if_nobody_could_enrol(row)
    if after:
        row.save(update_fields=list(chosen))
        record(by=by, action="enrolment_settings.changed", subject=row, before=before, after=after)
    return row


def _refuse_if_nobody_could_enrol(row: EnrolmentSettings) -> None:
    if not row.is_open:
        return
    if row.by_work_account and not row.by_phone and directory_of_tenant() is None:
        raise SettingsRefused(no_consent(), field="by_work_account")
    if not row.by_phone:
        if not row.by_work_account:
            raise SettingsRefused(_("Choose at least one way to enrol."), field="by_phone")
        return
    sender = sender_of(row)
    if sender is None:
        raise SettingsRefused(_("Choose how text messages go out."), field="sms_by")
    missing = sender.what_is_missing(row)
    if missing:
        raise SettingsRefused(missing, field="sms_by")


def no_consent() -> str:
    """Why people cannot sign in with their work account yet."""
    return _(
        "The TEM app has no consent yet. Give it on the connector's page, under MDM configuration."
    )
