"""What is out of the ordinary in the demo: phones that refuse, are away, or were dealt with.

One of everything that a helpdesk meets, on lines that use more than their plan allows, so that
each refusal and each waiting command is seen and not only possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from common.tenancy import current_tenant_id
from devices.actions.devices import retire as retire_device
from devices.actions.restrictions import block_by_hand
from devices.models import Device, SimulatedDevice
from sandbox.feed import SEED, subscribers
from sandbox.habits import Subscriber, kind_of, sessions
from sandbox.world import DemoTenant
from tenants.models import User
from usage.actions.exceptions import ExceptionRefused, unblock
from usage.actions.lines import retire as retire_line
from usage.cycles import cycle_at
from usage.models import Line, LineWatch

SWITCHED_OFF = 3
"""Phones over their limit that are switched off, so that their commands wait."""


@dataclass(frozen=True)
class Oddity:
    """Facts of a device that keep the portal from restricting it, or from restricting it whole."""

    name: str
    facts: dict[str, Any]


ODDITIES = (
    Oddity("Pixel 8", {"platform": "android", "management_mode": "PO", "os_version": "14"}),
    Oddity("Field laptop", {"platform": "other", "os_version": "11"}),
    Oddity("iPad (Wi-Fi)", {"platform": "ipados", "has_mobile_radio": False}),
    Oddity("iPhone 4", {"platform": "ios", "os_version": "7.1.2"}),
    Oddity("iPhone 5", {"platform": "ios", "os_version": "8.4"}),
    Oddity("Own iPhone", {"platform": "ios", "management_mode": "user"}),
    Oddity("Galaxy A14", {"platform": "knox", "management_mode": "PO", "os_version": "13"}),
    Oddity("iPhone XR", {"platform": "ios", "state": "unmanaged"}),
)


def equip(*, demo: DemoTenant, now: datetime) -> None:
    """Give some lines that pass their limit an unusual phone, and switch some others off."""
    devices = _devices_of(_over(demo, now))
    odd = devices[::3]
    rest = [device for device in devices if device not in odd]
    for device, oddity in zip(odd, ODDITIES, strict=False):
        device.name = f"{oddity.name} {device.serial[-4:]}"
        device.model = oddity.name
        device.udid = device.udid if oddity.facts["platform"] in {"ios", "ipados"} else ""
        for field, value in oddity.facts.items():
            setattr(device, field, value)
        device.save()
    away = [device.pk for device in rest[:SWITCHED_OFF]]
    SimulatedDevice.objects.filter(device__in=away).update(online=False)


def happen(*, demo: DemoTenant, now: datetime) -> None:
    """What people did: two lines unblocked, a phone blocked by hand, a line and a phone retired."""
    people = {
        name: User.objects.get(email=f"{name}@{demo.slug}.example") for name, _ in demo.logins
    }
    administrator, helper = people[demo.logins[0][0]], people[_helpdesk(demo)]
    over = Line.objects.filter(watch__standing="over").order_by("pk")
    for line, reason in zip(
        over.filter(sim_links__unlinked_at=None)[4::5][:2],
        ("On standby for the weekend, agreed with the manager", "Customer visit, needs maps"),
        strict=False,
    ):
        try:
            unblock(line=line, by=helper, reason=reason, until=now + timedelta(hours=6), now=now)
        except ExceptionRefused:  # its cycle ends before that
            continue
    quiet = Line.objects.filter(
        pk__in=LineWatch.objects.exclude(standing__in=["over", "near"]).values("line_id"),
        msisdn__in=list(subscribers(demo)),
    ).order_by("-pk")[:3]
    lost, left, old = _devices_of([line.msisdn for line in quiet])
    block_by_hand(
        device=lost,
        restriction="roaming_data",
        by=administrator,
        reason="Reported lost on a journey",
        now=now,
    )
    retire_device(device=old, now=now, by=administrator, reason="Broken screen, replaced")
    link = left.sim_links.get(unlinked_at=None).sim.line_links.get(unlinked_at=None)
    retire_line(line=link.line, now=now, by=administrator, reason="Left the company")


def _helpdesk(demo: DemoTenant) -> str:
    return next(name for name, role in demo.logins if role.value == "helpdesk")


def _over(demo: DemoTenant, now: datetime) -> list[str]:
    """Numbers of lines that use more than their plan allows; first those who have done so by now.

    Lines whose cycle is a day are left out: they would be released at midnight.
    """
    known = [s for s in subscribers(demo).values() if s.cycle.kind != "daily"]
    ahead = [s for s in known if kind_of(number=s.number, seed=SEED) in {"over", "spree"}]
    used = {s.number: _used(s, now) for s in ahead}
    return sorted(used, key=lambda number: (used[number] < 1, number))


def _used(subscriber: Subscriber, now: datetime) -> float:
    """The part of its cap that the line has used at home in the running cycle."""
    begin = cycle_at(subscriber.cycle, now, subscriber.zone).starts_at(subscriber.zone)
    used = sessions(subscriber=subscriber, begin=begin, end=now, seed=SEED)
    home = sum(session.volume for session in used if session.country == subscriber.country)
    return home / subscriber.domestic_cap


def _devices_of(numbers: list[str]) -> list[Device]:
    """The devices that hold these lines' SIMs, in the order of the numbers."""
    found = Device.objects.filter(
        tenant_id=current_tenant_id(),
        sim_links__unlinked_at=None,
        sim_links__sim__line_links__unlinked_at=None,
        sim_links__sim__line_links__line__msisdn__in=numbers,
    )
    by_number = {
        number: device
        for device in found
        for number in device.sim_links.filter(
            unlinked_at=None, sim__line_links__unlinked_at=None
        ).values_list("sim__line_links__line__msisdn", flat=True)
    }
    return [by_number[number] for number in numbers if number in by_number]
