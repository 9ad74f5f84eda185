"""Connecting to a Microsoft tenant: begun, given up, or accepted; and the consents beside it.

Nothing is half stored: what was begun and is cancelled is gone, and what an answer of Microsoft
claims is believed only after the checks of connectors.workers.checks have proved it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext_lazy as _

from audit.actions import record
from common.refusals import Refused, refusing
from common.tenancy import current_tenant_id
from connectors.models import (
    Check,
    CheckName,
    CheckState,
    Connector,
    ConnectorState,
    Consent,
    ConsentState,
    Provider,
)
from connectors.workers.checks import CHECK
from jobs.nudges import nudge

if TYPE_CHECKING:
    from tenants.models import User


class AlreadyConnected(Refused):
    """The provider has a connector for this Microsoft tenant, or the connector has another one."""


class NotActive(Refused):
    """The connection has to stand before anything can be built on it."""


class StillNeeded(Refused):
    """The connector has a past that has to stay."""


def _second() -> AlreadyConnected:
    return AlreadyConnected(
        _("This provider is connected to this Microsoft tenant already. Open that connector."),
        field="directory",
    )


def begin(
    *,
    provider: str,
    directory_id: str,
    mdm_server: str,
    url: str,
    connector: Connector | None,
    by: User,
    now: datetime,
) -> Connector:
    """The connector that waits for consent: a new one, or the one given.

    One that is there keeps its state, and the built-in engine its freedom, until the consent has
    come. Raises AlreadyConnected.
    """
    if connector is not None:
        _check_free(connector, directory_id)
        return connector
    waiting = Connector.objects.filter(
        provider=provider, directory_id=directory_id, state=ConnectorState.AWAITING_CONSENT
    ).first()
    if waiting is not None:
        return waiting
    with (
        transaction.atomic(),
        refusing(
            AlreadyConnected,
            {"connector_once_per_directory": (_second().field, _second().sentence)},
        ),
    ):
        made = Connector.objects.create(
            tenant_id=current_tenant_id(),
            provider=provider,
            display_name=str(Provider(provider).label),
            url=url,
            mdm_server=mdm_server,
            directory_id=directory_id,
            state=ConnectorState.AWAITING_CONSENT,
        )
        record(
            by=by,
            action="connector.connecting",
            subject=made,
            after={"directory_id": directory_id, "mdm_server": mdm_server},
        )
    return made


def _check_free(connector: Connector, directory_id: str) -> None:
    if connector.directory_id not in (None, UUID(directory_id)):
        raise AlreadyConnected(
            _("This connector is connected to another Microsoft tenant."), field="directory"
        )


def give_up(*, connector: Connector, by: User) -> bool:
    """The consent was not given: a connector that only waited for it is gone; whether it was."""
    with transaction.atomic():
        waiting = (
            Connector.objects.select_for_update()
            .filter(pk=connector.pk, state=ConnectorState.AWAITING_CONSENT, contact_at=None)
            .first()
        )
        if waiting is None:
            return False
        record(by=by, action="connector.cancelled", subject=waiting)
        waiting.delete()
    return True


def accept(
    *,
    connector: Connector,
    directory_id: str,
    mdm_server: str,
    account: str,
    by: User | None,
    now: datetime,
) -> None:
    """The consent has come, and `account` signed in there: check it all now.

    Raises AlreadyConnected.
    """
    with transaction.atomic():
        connector = Connector.objects.select_for_update(no_key=True).get(pk=connector.pk)
        _check_free(connector, directory_id)
        connector.directory_id = UUID(directory_id)
        connector.mdm_server = mdm_server
        connector.save(update_fields=["directory_id", "mdm_server"])
        record(
            by=by,
            action="connector.connected",
            subject=connector,
            after={"directory_id": directory_id, "account": account},
        )
        _check_afresh(connector, now)


def check_now(*, connector: Connector, now: datetime) -> bool:
    """Make every check again; False where there is nothing to check."""
    with transaction.atomic():
        there = Connector.objects.select_for_update(no_key=True).get(pk=connector.pk)
        if there.directory_id is None or there.state == ConnectorState.AWAITING_CONSENT:
            return False
        _check_afresh(there, now)
    return True


def _check_afresh(connector: Connector, now: datetime) -> None:
    for name in CheckName:
        Check.objects.update_or_create(
            connector=connector,
            name=name,
            defaults={
                "state": CheckState.WAITING, "reason": "", "facts": {}, "reference": "",
                "checked_at": None,
            },
        )  # fmt: skip
    Connector.objects.filter(pk=connector.pk).update(check_at=now)
    nudge(CHECK)


def recheck_all(*, now: datetime) -> None:
    """What all connections of the tenant rest on has changed: look whether they still stand.

    Their rows stay as they are until then.
    """
    connected = Connector.objects.filter(directory_id__isnull=False)
    if connected.exclude(state=ConnectorState.AWAITING_CONSENT).update(check_at=now):
        nudge(CHECK)


def remove(*, connector: Connector, by: User) -> None:
    """Take away a connector that never stood. Raises StillNeeded."""
    with transaction.atomic():
        connector = Connector.objects.select_for_update().get(pk=connector.pk)
        if connector.is_built_in or connector.contact_at is not None:
            raise StillNeeded(_("This connector has been active; it can be disabled instead."))
        record(by=by, action="connector.removed", subject=connector)
        try:
            connector.delete()
        except ProtectedError:
            raise StillNeeded(
                _("Signals came for this connector, and they are kept; it cannot be removed.")
            ) from None


# --- the two further consents -----------------------------------------------------------------


def require_active(connector: Connector) -> None:
    """Raises NotActive."""
    if connector.directory_id is None or connector.contact_at is None:
        raise NotActive(_("Connect first; this consent is given in the connected tenant."))


def consent_given(*, connector: Connector, purpose: str, by: User, now: datetime) -> None:
    """An application token has proved it. Raises NotActive."""
    require_active(connector)
    with transaction.atomic():
        consent, _made = Consent.objects.update_or_create(
            connector=connector,
            purpose=purpose,
            defaults={
                "state": ConsentState.ACTIVE, "reason": "", "reference": "", "accepted_at": now,
            },
        )  # fmt: skip
        record(by=by, action="consent.given", subject=consent, after={"purpose": purpose})


def turn_consent_off(*, connector: Connector, purpose: str, by: User) -> bool:
    """The portal makes no more use of it; whether it did. What Microsoft keeps stays there."""
    with transaction.atomic():
        held = Consent.objects.filter(connector=connector, purpose=purpose)
        consent = held.exclude(state=ConsentState.OFF).select_for_update().first()
        if consent is None:
            return False
        held.update(state=ConsentState.OFF, reason="", reference="", accepted_at=None)
        record(by=by, action="consent.turned_off", subject=consent, before={"purpose": purpose})
    return True
