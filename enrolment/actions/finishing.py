"""The rest of an enrolment: which category, and Finish, which makes it so.

Finish is one transaction, and happens once however often it is pressed: the line is found or
added, the phone becomes a device or is the one that was known, the SIM goes in, the category
follows, and the phone gets its token. Groups follow by their worker, lines by theirs.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from audit.actions import record
from common.refusals import Refused
from common.sealed import seal
from devices.actions import categories, managed
from devices.actions.device_tokens import give_token
from devices.actions.devices import MODES, put_sim_in
from devices.actions.groups import WORK as REGROUP
from devices.models import Device, DeviceCategory, DeviceSim, DeviceState, Platform
from enrolment.actions.invitations import person_of
from enrolment.actions.taken import refuse_if_taken
from enrolment.models import Enrolment, Invitation
from enrolment.queries.numbers import detect_carrier, line_of
from enrolment.queries.places import Place
from enrolment.steps import Progress, is_over
from enrolment.user_agents import Phone
from jobs.nudges import nudge
from usage.actions import carriers, lines
from usage.actions.inventory import give_holders
from usage.actions.lines import LineTerms, NewLine
from usage.models import Carrier, Line, LinePerson, LineSim, Plan, Source

APPLE = {Platform.IOS, Platform.IPADOS}
NO_GATEWAY = ""


class EnrolmentRefused(Refused):
    """The enrolment cannot go on like this; the sentence says what to do instead."""


def choose(
    *, enrolment: Enrolment, phone: Phone, category: DeviceCategory | None, now: datetime
) -> None:
    """What kind of phone it is and the category it goes in; may be chosen again until Finish."""
    Enrolment.objects.filter(pk=enrolment.pk, finished_at=None, proven_at__isnull=False).update(
        platform=phone.platform,
        model=phone.model,
        os_version=phone.os_version,
        category=category,
        category_at=now,
    )


@transaction.atomic
def finish(*, enrolment: Enrolment, place: Place, now: datetime) -> Enrolment:
    """Enrol the phone; a finished enrolment is left as it is. Raises EnrolmentRefused.

    Kinds of Refused of devices and lines are possible too, where somebody was quicker.
    """
    current = (
        Enrolment.objects.select_for_update(of=("self",))
        .select_related("category", "person", "invitation")
        .get(pk=enrolment.pk)
    )
    if current.finished_at is not None:
        return current
    _refuse_unless_due(current, now)
    _use_invitation(current, now)
    line = _line(current, place, now)
    refuse_if_taken(line=line, person_id=current.person_id)
    device = _device(current, line, now)
    if line is not None:
        sim = LineSim.objects.open().select_related("sim").get(line=line).sim
        put_sim_in(device=device, sim=sim, now=now, by=None)
        if current.person_id:
            give_holders(people={line.pk: current.person_id}, now=now)
    if place.settings.asks_category and current.category is not None:
        categories.move(device=device, category=current.category, now=now, by=None)
    current.token_sealed = seal(give_token(device=device, now=now, by=None))
    current.line, current.device, current.finished_at = line, device, now
    current.save(update_fields=["token_sealed", "line", "device", "finished_at"])
    after = {
        "how": current.how,
        "line": str(line or ""),
        "category": str(current.category or ""),
    }
    record(by=None, action="enrolment.finished", subject=device, after=after)
    nudge(REGROUP)
    return current


def _refuse_unless_due(enrolment: Enrolment, now: datetime) -> None:
    progress = Progress(started_at=enrolment.started_at)
    if is_over(progress, now=now):
        raise EnrolmentRefused(_("This took longer than an hour. Start again."))
    if enrolment.proven_at is None or enrolment.category_at is None:
        raise EnrolmentRefused(_("A step before this one is missing. Start again."))


def _use_invitation(enrolment: Enrolment, now: datetime) -> None:
    """An invitation counts once; whoever it is for becomes the tenant's person."""
    invitation = enrolment.invitation
    if invitation is None:
        return
    open_one = Invitation.objects.filter(pk=invitation.pk, used_at=None, revoked_at=None)
    if not open_one.update(used_at=now, due_at=None):
        raise EnrolmentRefused(_("The invitation was used or withdrawn. Ask for a new one."))
    if enrolment.person is None:
        enrolment.person = person_of(invitation=invitation, now=now)
        enrolment.save(update_fields=["person"])


# --- the line -------------------------------------------------------------------------------


def _line(enrolment: Enrolment, place: Place, now: datetime) -> Line | None:
    """The line of the proven number: the one that is there, else a new one."""
    line = line_of(enrolment.number) if enrolment.number else enrolment.line
    if line is not None or not enrolment.number:
        return line
    invited = enrolment.invitation.number if enrolment.invitation else ""
    if not place.settings.adds_lines and invited != enrolment.number:
        # The line was retired, or the setting changed, since the code was sent.
        raise EnrolmentRefused(
            _("%(organisation)s has no line with this number any more. Ask your helpdesk.")
            % {"organisation": place.tenant.name}
        )
    return _new_line(enrolment, place, now)


def _new_line(enrolment: Enrolment, place: Place, now: datetime) -> Line:
    """With its carrier detected, on that carrier's default plan; the policy is the plan's."""
    carrier = _carrier(enrolment.number, place)
    plan = Plan.objects.filter(carrier=carrier, is_default=True, retired_at=None).first()
    terms = LineTerms(
        key=NewLine(msisdn=enrolment.number),
        plan=plan,
        person=enrolment.person,
        cost_centre=enrolment.person.cost_centre if enrolment.person else "",
        note=_("Added at enrolment"),
    )
    return lines.add(carrier=carrier, terms=terms, now=now, by=None)


def _carrier(number: str, place: Place) -> Carrier:
    found = detect_carrier(number)
    if found.carrier is not None:
        return found.carrier
    name = found.name or _("Unknown carrier, %(country)s") % {"country": found.country}
    is_taken = Carrier.objects.filter(name=name).exists()
    terms = carriers.CarrierTerms(
        name=f"{name} ({found.country})"[:80] if is_taken else name[:80],
        country=found.country,
        time_zone=place.tenant.time_zone,
        drives_limits=Source.AGENT,
    )
    return carriers.add(terms=terms, by=None)


# --- the phone ------------------------------------------------------------------------------


def _device(enrolment: Enrolment, line: Line | None, now: datetime) -> Device:
    """The phone that the line's SIM is known to be in, if it is of this kind; else a new one."""
    known = _known(line)
    if known is not None and _kind(known.platform) == _kind(enrolment.platform):
        return known
    told = managed.Told(
        name=_name(enrolment, line),
        platform=enrolment.platform,
        model=enrolment.model,
        os_version=enrolment.os_version,
        management_mode=MODES.get(enrolment.platform, "device"),
    )
    gateway = "simulator" if settings.SANDBOX else NO_GATEWAY
    [device] = managed.add_many(told=[(told, None)], gateway=gateway, now=now)
    return device


def _known(line: Line | None) -> Device | None:
    if line is None:
        return None
    sims = LineSim.objects.open().filter(line=line).values("sim_id")
    seats = DeviceSim.objects.open().filter(sim_id__in=sims, data_preferred=True)
    seat = seats.exclude(device__state=DeviceState.RETIRED).select_related("device").first()
    return seat.device if seat else None


def _kind(platform: str) -> str:
    return "apple" if platform in APPLE else "other"


def _name(enrolment: Enrolment, line: Line | None) -> str:
    """As people call it: iPhone of Dana de Vries."""
    holder = enrolment.person or _holder(line)
    what = enrolment.model or Platform(enrolment.platform).label
    who = str(holder) if holder else enrolment.number
    return (_("%(phone)s of %(person)s") % {"phone": what, "person": who})[:120]


def _holder(line: Line | None) -> str:
    if line is None:
        return ""
    link = LinePerson.objects.open().filter(line=line).select_related("person").first()
    return str(link.person) if link else ""


def moves_from(*, enrolment: Enrolment) -> Device | None:
    """The other phone that the number leaves when this one is finished, if there is one."""
    line = line_of(enrolment.number) if enrolment.number else enrolment.line
    known = _known(line)
    return known if known and _kind(known.platform) != _kind(enrolment.platform) else None
