"""How far the enrolment of each line is, told by what is so now and not by a column kept beside.

Removed: retired. Enrolled: the phone that its SIM is in has a token of its own; not reporting when
neither that token was used nor any usage came for as long as the tenant says. Before that: a code
is on its way, an invitation is open, or nothing yet.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from devices.models import Device, DeviceSim, DeviceToken
from enrolment.models import Enrolment, EnrolmentSettings, Invitation
from enrolment.steps import LASTS
from usage.models import Line, LineSim, LineState, UsageCounter

SILENT_DAYS = 3
"""Where the tenant has said nothing."""


def silent_days() -> int:
    """After how many days without a word a phone of the tenant in scope counts as silent."""
    found = EnrolmentSettings.objects.values_list("silent_days", flat=True).first()
    return found or SILENT_DAYS


def with_states(lines: QuerySet[Line], *, now: datetime) -> QuerySet[Line]:
    """The lines with `enrol_state`, `enrol_device` (an id) and `told_at` of its token."""
    oldest = now - timedelta(days=silent_days())
    sims = LineSim.objects.open().filter(line=OuterRef(OuterRef("pk"))).values("sim_id")
    seats = DeviceSim.objects.open().filter(sim_id__in=sims)
    tokens = DeviceToken.objects.filter(revoked_at=None, device_id=OuterRef("enrol_device"))
    is_waiting = Enrolment.objects.filter(
        number=OuterRef("msisdn"), finished_at=None, started_at__gt=now - LASTS
    ).exclude(number="")
    invited = Invitation.objects.filter(used_at=None, revoked_at=None).filter(
        Q(line=OuterRef("pk")) | Q(number=OuterRef("msisdn")) & ~Q(number="")
    )
    recent = UsageCounter.objects.filter(line=OuterRef("pk"), day__gte=oldest.date())
    return (
        lines.annotate(enrol_device=Subquery(seats.values("device_id")[:1]))
        .annotate(
            told_at=Subquery(
                tokens.annotate(at=Coalesce(F("last_used_at"), F("created_at"))).values("at")[:1]
            )
        )
        .annotate(
            enrol_state=Case(
                When(state=LineState.RETIRED, then=Value("removed")),
                When(~Exists(recent), told_at__lt=oldest, then=Value("not_reporting")),
                When(told_at__isnull=False, then=Value("enrolled")),
                When(Exists(is_waiting), then=Value("code_sent")),
                When(Exists(invited), then=Value("invited")),
                default=Value("added"),
                output_field=CharField(),
            )
        )
    )


def devices_of(*, lines: list[Line]) -> dict[int, str]:
    """Names of the phones of these lines, by id."""
    ids = {line.enrol_device for line in lines} - {None}
    return dict(Device.objects.filter(pk__in=ids).values_list("pk", "name"))
