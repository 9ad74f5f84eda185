"""The reconciler: makes devices what they shall be, one step each, without choices of its own.

1. Due controls are claimed with SKIP LOCKED and a lease.
2. For each, devices.plan says the next step; commands are written with their UUIDs. A device
   with an open command of an older generation gets no new one yet: that command is superseded
   and withdrawn, and unless its gateway is sure that it never left, the device is looked at next.
   A block that has not been answered in time expires in the same way, and the look waits.
3. That commits. Only then is the gateway talked to, outside any transaction.
4. What happened is recorded by conditional update: an answer that was quicker, or a newer
   generation, wins. A lease that runs out makes the control due again, and handing the same
   command over twice delivers it once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from django.db import connection, transaction
from django.db.models import Q

from common.sentences import sentence
from common.tenancy import across_tenants, current_tenant_id
from devices.gateways import HandOver, Outgoing, Result, gateway
from devices.models import Command, CommandStatus, DeviceControl
from devices.models.command import OPEN_STATUSES
from devices.plan import (
    BACK_OFF,
    BLOCK_EXPIRES_AFTER,
    PUSH_AGAIN,
    ROAMING,
    Nothing,
    Order,
    Refusal,
    levers_to_read,
    only_blocks,
    plan,
    wait_after,
)
from devices.platforms import render
from devices.queries.targets import situation_of, target_of
from devices.workers.device_alerts import UNHEARD_AFTER, tell_unheard, unheard_since
from jobs.draining import drain

log = structlog.get_logger(__name__)

BATCH = 250
LEASE = timedelta(seconds=20)


@dataclass(frozen=True)
class Ended:
    """A command that a newer desire replaced, or that came too late; `looked`: its device's state
    was known before.
    """

    command: Command
    looked: bool


@dataclass
class Work:
    """One batch on its way from the claim to the gateway."""

    new: list[Command] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    unheard: list[DeviceControl] = field(default_factory=list)
    hand_over: dict[str, list[Command]] = field(default_factory=lambda: defaultdict(list))


def enforce_due(*, now: datetime) -> int:
    """Take one step for every device that is due; returns how many were."""
    return drain(tenants=lambda: _tenants(now), batch=lambda: enforce_batch(now=now))


def enforce_batch(*, now: datetime) -> int:
    """One claim of at most BATCH devices of the tenant in scope; returns how many."""
    with transaction.atomic():
        controls = _claim(now)
        if not controls:
            return 0
        work = _plan(controls, now)
        _write(controls, work)
        tell_unheard(work.unheard, now)
    _withdraw(work.ended, now)
    for slug, commands in work.hand_over.items():
        results = _hand_over(slug, commands, now)
        _record(commands, results, now)
    return len(controls)


def _due(now: datetime) -> Q:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return Q(next_attempt_at__lte=now) & free


def _tenants(now: datetime) -> list[int]:
    with across_tenants("the reconciler serves all tenants in turn"):
        due = DeviceControl.objects.filter(_due(now))
        return list(due.values_list("tenant_id", flat=True).distinct().order_by("tenant_id"))


def _claim(now: datetime) -> list[DeviceControl]:
    return list(
        DeviceControl.objects.filter(_due(now))
        .select_related("device")
        .order_by("next_attempt_at", "device_id")
        .select_for_update(of=["self"], skip_locked=True)[:BATCH]
    )


def _plan(controls: list[DeviceControl], now: datetime) -> Work:
    work = Work()
    open_commands = {
        command.device_id: command
        for command in Command.objects.filter(
            device_id__in=[control.device_id for control in controls], status__in=OPEN_STATUSES
        )
    }
    for control in controls:
        current = open_commands.get(control.device_id)
        if current is None:
            _next_step(control, work, now)
            continue
        if current.generation != control.desired_generation:
            _end(control, current, CommandStatus.SUPERSEDED, work, now)
            continue
        if current.status != CommandStatus.NOT_NOW:  # one that says so is heard of
            work.unheard.append(control)
        if current.expires_at and current.expires_at <= now:
            _end(control, current, CommandStatus.EXPIRED, work, now)
        else:
            _again(control, current, work, now)
    return work


def _end(
    control: DeviceControl, command: Command, status: CommandStatus, work: Work, now: datetime
) -> None:
    """Nobody shall carry it out any more; if it may have left, the device is looked at next.

    After one that expired it is looked at in any case: by then the device may be different.
    """
    command.status, command.closed_at = status, now
    looked = status == CommandStatus.SUPERSEDED and not control.must_look
    work.ended.append(Ended(command, looked=looked))
    control.must_look, control.leased_until = True, now + LEASE


def _again(control: DeviceControl, command: Command, work: Work, now: datetime) -> None:
    """The command of this generation is still open: hand it over (again), under the same id."""
    control.leased_until = now + LEASE
    work.hand_over[control.device.gateway].append(command)


def _next_step(control: DeviceControl, work: Work, now: datetime) -> None:
    target, situation = target_of(control.device), situation_of(control)
    # Kept, for what is read one by one: after the first reading nothing says that all were due.
    control.to_read = sorted(levers_to_read(target=target, situation=situation, now=now))
    step = plan(target=target, situation=situation, now=now)
    if isinstance(step, Nothing):
        control.leased_until, control.next_attempt_at = None, step.look_again_at
        if ROAMING not in control.desired:
            control.roaming_before_block = None  # given back, or never taken
    elif isinstance(step, Refusal):
        work.new.append(_refused(control, step, now))
        control.last_error = sentence(step.code, dict(step.facts))[:500]
        control.leased_until = control.next_attempt_at = None
    else:
        command = _command(control, step, now)
        work.new.append(command)
        work.hand_over[control.device.gateway].append(command)
        control.leased_until = now + LEASE


def _command(control: DeviceControl, step: Order, now: datetime) -> Command:
    command_id = uuid4()
    blocks = only_blocks(step=step, situation=situation_of(control))
    expires_at = now + BLOCK_EXPIRES_AFTER if blocks else None
    rendered = render(
        platform=control.device.platform,
        step=step,
        device_id=control.device_id,
        command_id=command_id,
        now=now,
        expires_at=expires_at,
    )
    return Command(
        id=command_id,
        tenant_id=control.tenant_id,
        device=control.device,
        generation=control.desired_generation,
        kind=rendered.kind,
        payload=rendered.payload,
        desired_before=control.observed,
        desired_after=control.desired,
        status=CommandStatus.QUEUED,
        created_at=now,
        expires_at=expires_at,
    )


def _refused(control: DeviceControl, step: Refusal, now: datetime) -> Command:
    return Command(
        id=uuid4(),
        tenant_id=control.tenant_id,
        device=control.device,
        generation=control.desired_generation,
        kind="refused",
        payload=b"",
        desired_before=control.observed,
        desired_after=control.desired,
        status=CommandStatus.REFUSED,
        created_at=now,
        closed_at=now,
        error=step.code,
    )


def _write(controls: list[DeviceControl], work: Work) -> None:
    Command.objects.bulk_update(
        [item.command for item in work.ended], ["status", "closed_at"], batch_size=500
    )
    Command.objects.bulk_create(work.new, batch_size=500)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE devices_devicecontrol c SET leased_until = w.leased_until, "
            "next_attempt_at = w.next_attempt_at, last_error = w.last_error, "
            "must_look = w.must_look, to_read = string_to_array(w.to_read, ','), "
            "roaming_before_block = w.roaming_before_block "
            "FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::text[], "
            "%s::boolean[], %s::text[], %s::boolean[]) AS w(device_id, leased_until, "
            "next_attempt_at, last_error, must_look, to_read, roaming_before_block) "
            "WHERE c.tenant_id = %s AND c.device_id = w.device_id",
            [
                [control.device_id for control in controls],
                [control.leased_until for control in controls],
                [control.next_attempt_at for control in controls],
                [control.last_error for control in controls],
                [control.must_look for control in controls],
                [",".join(control.to_read) for control in controls],
                [control.roaming_before_block for control in controls],
                current_tenant_id(),
            ],
        )


def _withdraw(ended: Iterable[Ended], now: datetime) -> None:
    by_gateway: dict[str, list[Ended]] = defaultdict(list)
    for item in ended:
        by_gateway[item.command.device.gateway].append(item)
    for slug, items in by_gateway.items():
        try:
            gone = gateway(slug).withdraw(command_ids=[item.command.pk for item in items])
        except Exception:  # not sure that it never left, so the device will be looked at
            log.exception("withdrawal_failed", gateway=slug)
            gone = set()
        known = [i.command.device_id for i in items if i.looked and i.command.pk in gone]
        with transaction.atomic():
            held = _lock([i.command.device_id for i in items])
            leased = DeviceControl.objects.filter(leased_until=now + LEASE)
            leased.filter(device_id__in=known).update(must_look=False)
            leased.filter(device_id__in=list(held)).update(leased_until=None)


def _lock(device_ids: Iterable[int]) -> dict[int, DeviceControl]:
    """The controls of these devices, locked in the order in which everybody locks them."""
    controls = DeviceControl.objects.filter(device_id__in=list(device_ids))
    return {c.device_id: c for c in controls.order_by("device_id").select_for_update()}


def _hand_over(slug: str, commands: list[Command], now: datetime) -> dict[UUID, Result]:
    outgoing = [
        Outgoing(command_id=command.pk, device_id=command.device_id, payload=bytes(command.payload))
        for command in commands
    ]
    try:
        return gateway(slug).hand_over(commands=outgoing, now=now)
    except Exception as error:  # a gateway's fault must not stop the others; it is on the device
        log.exception("gateway_failed", gateway=slug)
        return {item.command_id: Result(HandOver.UNKNOWN, str(error)) for item in outgoing}


RECORD = """
WITH result AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(devices)s::bigint[], %(errors)s::text[],
                         %(retries)s::timestamptz[], %(handed)s::boolean[])
             AS r(command_id, device_id, error, retry_at, handed)
), pushed AS (
    UPDATE devices_command c
    SET status = 'pushed', handed_over_at = %(now)s
    FROM result r
    WHERE c.tenant_id = %(tenant)s AND c.id = r.command_id AND r.handed
      AND c.status IN ('queued', 'not_now')
)
UPDATE devices_devicecontrol d
SET leased_until = NULL, last_error = r.error,
    attempts = CASE WHEN r.waits AND r.generation = d.desired_generation
         THEN least(d.attempts + 1, 30000) ELSE d.attempts END,
    next_attempt_at = CASE WHEN r.waits AND r.generation = d.desired_generation
         THEN r.retry_at ELSE d.next_attempt_at END
FROM (
    SELECT r.*, c.generation, c.status IN ('queued', 'pushed', 'delivered', 'not_now') AS waits
    FROM result r JOIN devices_command c ON c.tenant_id = %(tenant)s AND c.id = r.command_id
) r
WHERE d.tenant_id = %(tenant)s AND d.device_id = r.device_id AND d.leased_until = %(lease)s
"""


def _record(commands: list[Command], results: dict[UUID, Result], now: datetime) -> None:
    handed = [results[c.pk].outcome is HandOver.HANDED_OVER for c in commands]
    with transaction.atomic(), connection.cursor() as cursor:
        controls = _lock(command.device_id for command in commands)
        cursor.execute(
            RECORD,
            {
                "tenant": current_tenant_id(),
                "now": now,
                "lease": now + LEASE,
                "ids": [str(command.pk) for command in commands],
                "devices": [command.device_id for command in commands],
                "errors": [results[command.pk].error[:500] for command in commands],
                "retries": [
                    _retry_at(c, controls.get(c.device_id), ok, now)
                    for c, ok in zip(commands, handed, strict=True)
                ],
                "handed": handed,
            },
        )


def _retry_at(
    command: Command, control: DeviceControl | None, is_handed: bool, now: datetime
) -> datetime:
    """When to call again; earlier where the command expires, or people are to be told."""
    tries = control.attempts + 1 if control else 1
    at = now + wait_after(tries, PUSH_AGAIN if is_handed else BACK_OFF)
    ends = [command.expires_at, unheard_since(control) + UNHEARD_AFTER if control else None]
    return min([at, *(end for end in ends if end and end > now)])
