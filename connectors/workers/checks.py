"""Checking connections: after Connect, and then again and again for as long as they stand.

1. A connector whose check is due is claimed with a lease; few at a time, so that a slow cloud
   leaves workers free for limits and devices.
2. Its four checks are made one after the other, each written down at once, so that a page sees
   them turn. The first that fails ends it. No transaction is open while the cloud is asked.
3. The first good one asks for the inventory.
4. What they came to is the connector's state. What may pass by itself leaves an active connector
   active and is looked at again soon; anything else is a failed validation. Either is an alert,
   which settles itself at the next good check.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alerts.actions import NewAlert, raise_alerts, settle_alerts
from alerts.models.alert import Severity
from audit.actions import record
from common.tenancy import across_tenants, tenant_scope
from connectors.models import (
    AppRegistration,
    Check,
    CheckState,
    Connector,
    ConnectorState,
    Consent,
    ConsentState,
)
from connectors.troubles import Trouble, trouble_of
from connectors.workers import inventory
from connectors.workers.check_steps import STEPS, Connection, token
from jobs.actions import AlreadyOpen

log = structlog.get_logger(__name__)

CHECK = "connectors.tasks.check_due"
"""The task that makes due checks; nudged when one falls due at once."""
LEASE = timedelta(minutes=5)
AT_ONCE = 2
SOON = timedelta(minutes=1)
EXPIRES_WITHIN = timedelta(days=30)


# --- claiming ---------------------------------------------------------------------------------


def check_due(*, now: datetime) -> int:
    """Check every connection that is due; returns how many."""
    done = 0
    for tenant_id, pk in _due(now):
        with tenant_scope(tenant_id):
            lease = _claim(pk, now)
            if lease is not None:
                _check(pk, lease)
                done += 1
    return done


def _due(now: datetime) -> list[tuple[int, int]]:
    with across_tenants("the connections of all tenants are checked in turn"):
        busy = Connector.objects.filter(leased_until__gt=now).count()
        due = Connector.objects.filter(_is_due(now)).order_by("check_at", "pk")
        return list(due.values_list("tenant_id", "pk")) if busy < AT_ONCE else []


def _is_due(now: datetime) -> Q:
    """Due and not in anybody's hands, or left behind by a worker that died."""
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return free & (Q(check_at__lte=now) | Q(leased_until__isnull=False))


def _claim(pk: int, now: datetime) -> UUID | None:
    lease = uuid4()
    claimed = Connector.objects.filter(_is_due(now), pk=pk, directory_id__isnull=False).update(
        check_at=None, lease=lease, leased_until=now + LEASE
    )
    return lease if claimed else None


# --- checking ---------------------------------------------------------------------------------


def _check(pk: int, lease: UUID) -> None:
    connector = Connector.objects.select_related("tenant").get(pk=pk)
    connection = Connection(tenant=connector.tenant, connector=connector)
    trouble: Trouble | None = None
    for name, ask, right in STEPS:
        if trouble is None:
            trouble = _made(lambda ask=ask: ask(connection), right)
            state = CheckState.GOOD if trouble is None else CheckState.BAD
            _write(pk, name, state, trouble)
        else:
            _write(pk, name, CheckState.SKIPPED, None)
    withdrawn = [] if trouble else _check_consents(connection)
    _conclude(pk, lease, connection, trouble, withdrawn)


def _made(ask: Callable[[], None], right: str) -> Trouble | None:
    try:
        ask()
    except Exception as error:  # whatever it is, the row says so and the others go on
        return trouble_of(error, right=right)
    return None


def _write(pk: int, name: str, state: CheckState, trouble: Trouble | None) -> None:
    Check.objects.update_or_create(
        connector_id=pk,
        name=name,
        defaults={
            "state": state,
            "reason": trouble.reason if trouble else "",
            "facts": trouble.facts if trouble else {},
            "reference": trouble.reference if trouble else "",
            "checked_at": timezone.now(),
        },
    )


# --- the two further consents -----------------------------------------------------------------


def _check_consents(connection: Connection) -> list[tuple[Consent, Trouble]]:
    """Those that were given and do not hold; what may pass is left as it stands."""
    withdrawn = []
    for consent in Consent.objects.filter(connector=connection.connector).exclude(
        state=ConsentState.OFF
    ):
        trouble = _made(lambda purpose=consent.purpose: token(connection, purpose), "")
        if trouble is not None and trouble.may_pass:
            continue
        if trouble is not None:
            withdrawn.append((consent, trouble))
        state = ConsentState.BROKEN if trouble else ConsentState.ACTIVE
        with transaction.atomic():
            changed = Consent.objects.filter(pk=consent.pk).exclude(
                state__in=[ConsentState.OFF, state]
            )
            if changed.update(
                state=state,
                reason=trouble.reason if trouble else "",
                reference=trouble.reference if trouble else "",
            ):
                action = "consent.broken" if trouble else "consent.recovered"
                record(by=None, action=action, subject=consent)
    return withdrawn


# --- what it comes to -------------------------------------------------------------------------


@transaction.atomic
def _conclude(
    pk: int,
    lease: UUID,
    connection: Connection,
    trouble: Trouble | None,
    withdrawn: list[tuple[Consent, Trouble]],
) -> None:
    now = timezone.now()
    connector = Connector.objects.select_for_update(no_key=True).filter(pk=pk, lease=lease).first()
    if connector is None or connector.directory_id != connection.connector.directory_id:
        return
    silent = trouble is None and _is_silent(connector, now)
    before = connector.state
    connector.state = _state(connector, trouble, silent=silent)
    is_first = trouble is None and connector.contact_at is None
    if trouble is None:
        connector.app_authorized, connector.contact_at = True, now
    elif trouble.is_consent:
        connector.app_authorized = False
    connector.checked_at = now
    connector.lease = connector.leased_until = None
    connector.check_at = connector.check_at or now + _pause(trouble)
    connector.save(
        update_fields=[
            "state", "app_authorized", "contact_at", "checked_at", "lease", "leased_until",
            "check_at",
        ]
    )  # fmt: skip
    if connector.state != before:
        record(
            by=None,
            action="connector.state_changed",
            subject=connector,
            before={"state": before},
            after={"state": connector.state},
        )
    if is_first:
        with suppress(AlreadyOpen):
            inventory.begin(connector=connector, mode="full", by=None, now=now)
    alerts = _alerts(connector, trouble, withdrawn, silent=silent, now=now)
    raise_alerts(alerts=alerts, now=now)
    settle_alerts(
        subject_type="connector",
        subject_ids=[connector.pk],
        holding=[alert.identity for alert in alerts],
        now=now,
    )


def _state(connector: Connector, trouble: Trouble | None, *, silent: bool) -> ConnectorState:
    was_active = connector.state in {ConnectorState.ACTIVE, ConnectorState.NO_RECENT_CONTACT}
    if trouble is None:
        return ConnectorState.NO_RECENT_CONTACT if silent else ConnectorState.ACTIVE
    if trouble.may_pass and was_active:
        return ConnectorState.NO_RECENT_CONTACT
    return ConnectorState.VALIDATION_FAILED


def _is_silent(connector: Connector, now: datetime) -> bool:
    """Whether a provider outside has stopped sending; one that never sent is still being set up."""
    last = connector.last_connection_at
    if connector.is_built_in or last is None:
        return False
    return last < now - timedelta(hours=settings.CONNECTOR_SILENT_HOURS)


def _pause(trouble: Trouble | None) -> timedelta:
    usual = timedelta(minutes=settings.CONNECTOR_CHECK_MINUTES)
    if trouble is None or not trouble.may_pass:
        return usual
    # Never rarer than usual: Graph itself is not asked before its time (graph_limits), and what
    # is wrong with the sign-in shall be found meanwhile.
    return min(max(SOON, timedelta(seconds=trouble.retry_after)), usual)


def _alerts(
    connector: Connector,
    trouble: Trouble | None,
    withdrawn: list[tuple[Consent, Trouble]],
    *,
    silent: bool,
    now: datetime,
) -> list[NewAlert]:
    """What people are told of; nothing about a connection that never stood."""

    def alert(reason: str, severity: Severity, *, about: str = "", **facts: str) -> NewAlert:
        identity = f"connector {connector.pk} {reason} {about}"
        return NewAlert(
            identity=sha256(identity.encode()).hexdigest(),
            kind="connection",
            subject_type="connector",
            subject_id=connector.pk,
            severity=severity.value,
            reason=reason,
            facts=facts,
        )

    if connector.contact_at is None:
        return []
    found = []
    if trouble is not None:
        severity = Severity.WARNING if trouble.may_pass else Severity.CRITICAL
        found.append(alert(trouble.reason, severity, **trouble.facts))
    if silent and connector.last_connection_at:
        since = connector.last_connection_at.isoformat()
        found.append(alert("provider_silent", Severity.WARNING, until=since))
    for consent, _trouble in withdrawn:
        found.append(
            alert(
                "consent_withdrawn",
                Severity.WARNING,
                about=consent.purpose,
                purpose=consent.purpose,
            )
        )
    for own in AppRegistration.objects.filter(expires_on__lte=(now + EXPIRES_WITHIN).date()):
        day = own.expires_on.isoformat() if own.expires_on else ""
        found.append(
            alert(
                "registration_expires",
                Severity.WARNING,
                about=f"{own.purpose} {day}",
                purpose=own.purpose,
                last_day=day,
            )
        )
    return found
