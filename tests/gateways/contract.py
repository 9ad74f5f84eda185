"""What every gateway keeps, as tests. A gateway's own test module makes a class of this one:

    class TestNanoMdm(GatewayContract):
        @pytest.fixture
        def side(self, ...) -> Side: ...

`side` plays the other side: it makes devices, lets the platform deliver what it holds, and tells
which bytes arrived. See docs/guide/gateways.md.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Protocol
from uuid import uuid4

from django.db import connection

from common.tenancy import tenant_scope
from devices.gateways import Gateway, HandOver, Outgoing, gateway
from devices.models import Command, CommandStatus, Device, DeviceControl
from devices.plan import CELLULAR, Change, Look
from devices.platforms import render
from tenants.actions import create_tenant

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BLOCK = Change(frozenset({CELLULAR}))


class Side(Protocol):
    """The platform and its devices, as far as the contract must move them."""

    gateway: Gateway
    platforms: tuple[str, ...]

    def device(self, platform: str) -> Device:
        """A device of the tenant in scope that this gateway serves."""
        ...

    def out_of_reach(self, device: Device) -> None: ...

    def in_reach(self, device: Device) -> None: ...

    def deliver(self) -> None:
        """Let everything happen that the platform does by itself, until nothing more does."""
        ...

    def arrived(self, device: Device) -> list[bytes]:
        """The commands that the device got, oldest first, each time that it got them."""
        ...


def queued(device: Device, step: Change | Look = BLOCK) -> Outgoing:
    """A command as the reconciler has just written it."""
    command_id = uuid4()
    rendered = render(
        platform=device.platform, step=step, device_id=device.pk, command_id=command_id, now=NOW
    )
    control = DeviceControl.objects.get(device=device)
    Command.objects.create(
        id=command_id,
        device=device,
        generation=control.desired_generation,
        kind=rendered.kind,
        payload=rendered.payload,
        status=CommandStatus.QUEUED,
        created_at=NOW,
    )
    return Outgoing(command_id=command_id, device_id=device.pk, payload=rendered.payload)


def supersede(command: Outgoing) -> None:
    """As the reconciler does before it withdraws."""
    Command.objects.filter(pk=command.command_id).update(
        status=CommandStatus.SUPERSEDED, closed_at=NOW
    )


class GatewayContract:
    """Holds for every gateway, on each platform that it serves."""

    def test_it_is_registered_under_its_name(self, side: Side) -> None:
        assert side.gateway.slug
        assert gateway(side.gateway.slug) is side.gateway

    def test_there_is_one_result_for_each_command(self, side: Side) -> None:
        outgoing = [queued(side.device(platform)) for platform in side.platforms]
        results = side.gateway.hand_over(commands=outgoing, now=NOW)
        assert set(results) == {command.command_id for command in outgoing}
        assert {result.outcome for result in results.values()} == {HandOver.HANDED_OVER}
        assert side.gateway.hand_over(commands=[], now=NOW) == {}

    def test_the_bytes_arrive_and_the_answer_comes_back(self, side: Side) -> None:
        for platform in side.platforms:
            device = side.device(platform)
            command = queued(device)
            side.gateway.hand_over(commands=[command], now=NOW)
            side.deliver()
            [arrived] = side.arrived(device)
            assert same(platform, arrived, command.payload)
            row = Command.objects.get(pk=command.command_id)
            assert row.status in {CommandStatus.ACKNOWLEDGED, CommandStatus.VERIFIED}
            assert row.answer is not None
            assert row.answered_at is not None

    def test_the_same_command_twice_is_one_command(self, side: Side) -> None:
        for platform in side.platforms:
            device = side.device(platform)
            command = queued(device)
            side.out_of_reach(device)
            for _ in range(2):
                results = side.gateway.hand_over(commands=[command], now=NOW)
                assert results[command.command_id].outcome is HandOver.HANDED_OVER
                side.deliver()
            assert side.arrived(device) == []
            side.in_reach(device)
            side.deliver()
            assert len(side.arrived(device)) == 1

    def test_a_device_out_of_reach_costs_the_others_nothing(self, side: Side) -> None:
        away, here = side.device(side.platforms[0]), side.device(side.platforms[0])
        side.out_of_reach(away)
        outgoing = [queued(away), queued(here)]
        results = side.gateway.hand_over(commands=outgoing, now=NOW)
        assert {result.outcome for result in results.values()} == {HandOver.HANDED_OVER}
        side.deliver()
        assert (len(side.arrived(away)), len(side.arrived(here))) == (0, 1)
        side.in_reach(away)
        side.deliver()
        assert len(side.arrived(away)) == 1

    def test_what_was_withdrawn_never_arrives(self, side: Side) -> None:
        for platform in side.platforms:
            device = side.device(platform)
            side.out_of_reach(device)
            command = queued(device)
            side.gateway.hand_over(commands=[command], now=NOW)
            supersede(command)
            gone = side.gateway.withdraw(command_ids=[command.command_id])
            assert gone <= {command.command_id}
            side.in_reach(device)
            side.deliver()
            assert side.arrived(device) == []

    def test_what_arrived_is_not_claimed_to_be_taken_back(self, side: Side) -> None:
        for platform in side.platforms:
            device = side.device(platform)
            command = queued(device)
            side.gateway.hand_over(commands=[command], now=NOW)
            side.deliver()
            assert side.gateway.withdraw(command_ids=[command.command_id]) == set()

    def test_what_was_never_handed_over_is_not_claimed_either(self, side: Side) -> None:
        assert side.gateway.withdraw(command_ids=[uuid4()]) == set()
        assert side.gateway.withdraw(command_ids=[]) == set()

    def test_a_command_of_another_tenant_cannot_be_withdrawn(self, side: Side) -> None:
        device = side.device(side.platforms[0])
        side.out_of_reach(device)
        command = queued(device)
        side.gateway.hand_over(commands=[command], now=NOW)
        other = create_tenant(slug="other", name="Other", admin_email="o@example.com", by=None)
        with tenant_scope(other.pk):
            assert side.gateway.withdraw(command_ids=[command.command_id]) == set()
        side.in_reach(device)
        side.deliver()
        assert len(side.arrived(device)) == 1

    def test_a_question_changes_nothing_and_is_answered(self, side: Side) -> None:
        for platform in side.platforms:
            device = side.device(platform)
            command = queued(device, Look())
            side.gateway.hand_over(commands=[command], now=NOW)
            side.deliver()
            assert Command.objects.get(pk=command.command_id).status == CommandStatus.VERIFIED
            assert DeviceControl.objects.get(device=device).observed == []

    def test_it_leaves_no_transaction_open(self, side: Side) -> None:
        before = connection.in_atomic_block
        side.gateway.hand_over(commands=[queued(side.device(side.platforms[0]))], now=NOW)
        assert connection.in_atomic_block == before


def same(platform: str, arrived: bytes, payload: bytes) -> bool:
    """Property lists arrive as they are; JSON may be set on lines in another way."""
    if platform != "knox":
        return arrived == payload
    return json.loads(arrived) == json.loads(payload)
