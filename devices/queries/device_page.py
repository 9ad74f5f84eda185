"""Everything the page of one device shows; lines come by the address of the app that knows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator

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


def labels(restrictions: list[str]) -> list[Any]:
    """The names of restrictions, in their usual order."""
    return [label for value, label in Restriction.choices if value in restrictions]


def device_page(*, device: Device, page: str) -> DevicePage:
    """The page of `device`, with the page of its commands that was asked for (as typed)."""
    commands = Command.objects.filter(device=device).order_by("-created_at", "-pk")
    pages = Paginator(commands, PAGE).get_page(page)
    return DevicePage(
        device=device,
        control=DeviceControl.objects.filter(device=device).first(),
        simulated=SimulatedDevice.objects.filter(device=device).first(),
        reasons=list(
            RestrictionReason.objects.filter(device=device)
            .select_related("set_by")
            .order_by("since", "pk")
        ),
        seats=list(
            DeviceSim.objects.open().filter(device=device).select_related("sim").order_by("slot")
        ),
        token=DeviceToken.objects.filter(device=device, revoked_at=None).first(),
        commands=[_row(command) for command in pages],
        pages=pages,
    )


def _row(command: Command) -> CommandRow:
    answer = wire_text(bytes(command.answer)) if command.answer else None
    return CommandRow(command=command, sent=wire_text(bytes(command.payload)), answer=answer)
