"""Everything the page of one device shows; lines come by the address of the app that knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from common.sentences import sentence
from devices.models import (
    MANUAL,
    Command,
    Device,
    DeviceControl,
    DeviceSim,
    DeviceState,
    DeviceToken,
    Restriction,
    RestrictionReason,
    SimulatedDevice,
)
from devices.queries.targets import target_of
from devices.refusals import caveats
from devices.statuses import control_state
from devices.wire import WireText, wire_text

PAGE = 20


@dataclass(frozen=True)
class CommandRow:
    """A command, with what was sent and what came back as text."""

    command: Command
    sent: WireText
    answer: WireText | None

    @property
    def wanted_before(self) -> str:
        """What the device was last seen to be when the command was written."""
        before = self.command.desired_before
        return _named(before) if before is not None else str(_("Unknown"))

    @property
    def wanted_after(self) -> str:
        return _named(self.command.desired_after)


@dataclass(frozen=True)
class DevicePage:
    """The device and what surrounds it now."""

    device: Device
    control: DeviceControl | None
    simulated: SimulatedDevice | None
    reasons: list[RestrictionReason]
    seats: list[DeviceSim]
    token: DeviceToken | None
    commands: list[CommandRow]
    pages: Page
    is_withheld: bool

    @property
    def is_active(self) -> bool:
        return self.device.state != DeviceState.RETIRED

    @property
    def control_state(self) -> str:
        return control_state(self.control)

    @property
    def is_pending(self) -> bool:
        """Whether something will change by itself soon, so that looking again is worth it."""
        waits = self.control_state in {"blocking", "releasing"}
        return self.is_active and (waits or any(row.command.is_open for row in self.commands))

    @property
    def by_hand(self) -> list[RestrictionReason]:
        return [reason for reason in self.reasons if reason.origin == MANUAL]

    @property
    def wanted(self) -> list[Any]:
        return labels(self.control.desired) if self.control else []

    @property
    def caveats(self) -> list[str]:
        return caveats_of(self.device, self.control)

    @property
    def seen(self) -> list[Any]:
        return labels(self.control.observed or []) if self.control else []


def caveats_of(device: Device, control: DeviceControl | None) -> list[str]:
    """What the restrictions wanted of a device, or seen on it, do not do there; sentences."""
    named = {*control.desired, *(control.observed or [])} if control else set()
    return [sentence(code) for code in caveats(target=target_of(device), restrictions=named)]


def _named(restrictions: list[str]) -> str:
    return ", ".join(map(str, labels(restrictions))) or str(_("No restriction"))


def labels(restrictions: list[str]) -> list[Any]:
    """The names of restrictions, in their usual order."""
    return [label for value, label in Restriction.choices if value in restrictions]


def device_page(*, device: Device, page: str, sees_personal: bool) -> DevicePage:
    """The page of `device`, with the page of its commands that was asked for (as typed).

    What a personal device was told, and why, is withheld from whoever may not see that.
    """
    is_withheld = not sees_personal and bool(device.category and device.category.is_personal)
    commands = Command.objects.filter(device=device).order_by("-created_at", "-pk")
    reasons = RestrictionReason.objects.filter(device=device)
    if is_withheld:
        commands, reasons = commands.none(), reasons.none()
    pages = Paginator(commands, PAGE).get_page(page)
    return DevicePage(
        device=device,
        control=DeviceControl.objects.filter(device=device).first(),
        simulated=SimulatedDevice.objects.filter(device=device).first(),
        reasons=list(reasons.select_related("set_by").order_by("since", "pk")),
        seats=list(
            DeviceSim.objects.open().filter(device=device).select_related("sim").order_by("slot")
        ),
        token=DeviceToken.objects.filter(device=device, revoked_at=None).first(),
        commands=[_row(command) for command in pages],
        pages=pages,
        is_withheld=is_withheld,
    )


def _row(command: Command) -> CommandRow:
    answer = wire_text(bytes(command.answer)) if command.answer else None
    return CommandRow(command=command, sent=wire_text(bytes(command.payload)), answer=answer)
