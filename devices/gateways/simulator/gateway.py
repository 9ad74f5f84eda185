"""Handing commands to simulated devices: "handed over" means committed to their queue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from common.tenancy import current_tenant_id
from devices.gateways import HandOver, Outgoing, Result
from jobs.nudges import nudge

ENQUEUE = """
INSERT INTO devices_simulatormessage (tenant_id, device_id, command_id, payload, due_at)
SELECT %(tenant)s, w.device_id, w.command_id, w.payload,
       %(now)s + s.answer_delay_ms * interval '1 millisecond'
FROM unnest(%(devices)s::bigint[], %(ids)s::uuid[], %(payloads)s::bytea[])
     AS w(device_id, command_id, payload)
JOIN devices_simulateddevice s ON s.tenant_id = %(tenant)s AND s.device_id = w.device_id
ON CONFLICT (command_id) DO NOTHING
"""
# A phone may have fetched it already (devices.actions.agent) and be about to answer.
WITHDRAW = """
WITH gone AS (
    DELETE FROM devices_simulatormessage
    WHERE tenant_id = %(tenant)s AND command_id = ANY(%(ids)s::uuid[]) RETURNING command_id
)
SELECT g.command_id FROM gone g
LEFT JOIN devices_command c ON c.tenant_id = %(tenant)s AND c.id = g.command_id
WHERE c.delivered_at IS NULL
"""


class SimulatorGateway:
    """The gateway that always exists."""

    slug = "simulator"

    def hand_over(self, *, commands: Sequence[Outgoing], now: datetime) -> dict[UUID, Result]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                ENQUEUE,
                {
                    "tenant": current_tenant_id(),
                    "now": now,
                    "devices": [command.device_id for command in commands],
                    "ids": [str(command.command_id) for command in commands],
                    "payloads": [command.payload for command in commands],
                },
            )
            nudge("devices.tasks.answer_simulated")
        return {command.command_id: Result(HandOver.HANDED_OVER) for command in commands}

    def withdraw(self, *, command_ids: Iterable[UUID]) -> set[UUID]:
        with connection.cursor() as cursor:
            cursor.execute(
                WITHDRAW,
                {"tenant": current_tenant_id(), "ids": [str(pk) for pk in command_ids]},
            )
            return {command_id for (command_id,) in cursor.fetchall()}
