"""The simulated phones' side: reading their queue and answering.

1. Due messages of phones that are online are claimed with SKIP LOCKED, phone by phone.
2. Each phone acts on its message and its new state is saved.
3. The answers are recorded as those of any gateway, and the messages are gone, in one commit:
   a fleet killed half-way answers again from the start, and commands are idempotent.
"""

from __future__ import annotations

import json
from datetime import datetime

from django.db import connection, transaction

from common.tenancy import across_tenants, current_tenant_id
from devices.actions.answers import Incoming, record_answers
from devices.gateways.simulator.phone import Phone, answer
from jobs.draining import drain

BATCH = 250

# Kept the same as simulator.phone.is_reachable(); a test compares the two.
REACHABLE = """(s.online AND NOT s.drops_push AND (s.bearer = 'wifi' OR (
    s.bearer = 'cellular' AND (d.platform <> 'knox' OR s.cellular_data)
    AND (s.abroad_in = '' OR s.data_roaming))))"""
CLAIM = f"""
SELECT m.id, m.command_id, m.payload, d.id, d.platform, d.udid, d.access_rights,
       s.data_roaming, s.cellular_data, s.profiles::text, s.locked, s.not_now, s.error, s.held
FROM devices_simulatormessage m
JOIN devices_simulateddevice s ON s.tenant_id = m.tenant_id AND s.device_id = m.device_id
JOIN devices_device d ON d.tenant_id = m.tenant_id AND d.id = m.device_id
WHERE m.tenant_id = %s AND m.due_at <= %s AND {REACHABLE}
ORDER BY m.device_id, m.id
LIMIT %s
FOR UPDATE OF m, s SKIP LOCKED
"""  # noqa: S608 - a constant
TENANTS = f"""
SELECT DISTINCT m.tenant_id FROM devices_simulatormessage m
JOIN devices_simulateddevice s ON s.tenant_id = m.tenant_id AND s.device_id = m.device_id
JOIN devices_device d ON d.tenant_id = m.tenant_id AND d.id = m.device_id
WHERE m.due_at <= %s AND {REACHABLE}
"""  # noqa: S608 - a constant
SAVE = """
UPDATE devices_simulateddevice s
SET data_roaming = w.data_roaming, cellular_data = w.cellular_data, profiles = w.profiles::jsonb,
    not_now = w.not_now, error = w.error, changed_at = %s
FROM unnest(%s::bigint[], %s::boolean[], %s::boolean[], %s::text[], %s::int[], %s::int[])
     AS w(device_id, data_roaming, cellular_data, profiles, not_now, error)
WHERE s.tenant_id = %s AND s.device_id = w.device_id
"""
USERS = """
UPDATE devices_simulateddevice SET data_roaming = true, changed_at = %(now)s
WHERE NOT data_roaming AND roaming_back_after IS NOT NULL
  AND changed_at + roaming_back_after * interval '1 second' <= %(now)s
"""


def let_users_act(*, now: datetime) -> int:
    """Users who turn data roaming on again do so when their time has come; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(USERS, {"now": now})
        return cursor.rowcount


def answer_due(*, now: datetime) -> int:
    """Let every phone with a due message answer; returns how many did."""
    return drain(tenants=lambda: _tenants(now), batch=lambda: _answer_batch(now))


def _tenants(now: datetime) -> list[int]:
    with across_tenants("the fleet plays the phones of all tenants"), connection.cursor() as cursor:
        cursor.execute(TENANTS, [now])
        return [tenant_id for (tenant_id,) in cursor.fetchall()]


def _answer_batch(now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CLAIM, [current_tenant_id(), now, BATCH])
        rows = cursor.fetchall()
        if not rows:
            return 0
        phones: dict[int, Phone] = {}
        answers = []
        for _, command_id, payload, device_id, *state in rows:
            phone = phones.get(device_id) or _phone(*state)
            phones[device_id], raw = answer(phone=phone, payload=bytes(payload), now=now)
            answers.append(Incoming(command_id=command_id, raw=raw))
        _save(cursor, phones, now)
        cursor.execute(
            "DELETE FROM devices_simulatormessage WHERE tenant_id = %s AND id = ANY(%s)",
            [current_tenant_id(), [row[0] for row in rows]],
        )
        record_answers(answers=answers, now=now)
    return len(rows)


def _phone(
    platform: str,
    udid: str,
    access_rights: int,
    data_roaming: bool,
    cellular_data: bool,
    profiles: str,
    locked: bool,
    not_now: int,
    error: int,
    held: bool,
) -> Phone:
    return Phone(
        platform=platform,
        udid=udid,
        data_roaming=data_roaming,
        cellular_data=cellular_data,
        profiles=json.loads(profiles),
        locked=locked,
        access_rights=access_rights,
        not_now=not_now,
        error=error,
        held=held,
    )


def _save(cursor, phones: dict[int, Phone], now: datetime) -> None:
    cursor.execute(
        SAVE,
        [
            now,
            list(phones),
            [phone.data_roaming for phone in phones.values()],
            [phone.cellular_data for phone in phones.values()],
            [json.dumps(phone.profiles) for phone in phones.values()],
            [phone.not_now for phone in phones.values()],
            [phone.error for phone in phones.values()],
            current_tenant_id(),
        ],
    )
