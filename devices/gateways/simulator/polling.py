"""Simulated phones that speak over HTTP, as real ones do: iPhones to their MDM server, Samsungs to
the agent's API. One connection is kept open for all of them.

1. Phones that were called (a message is due) and can be reached are claimed with SKIP LOCKED: the
   message is due again when the claim runs out. That commits; nothing is locked during calls.
2. Each phone asks for its command, acts on it, saves its state, and tells what came of it: the
   portal hears of nothing that did not happen. One that is killed in between asks once more.
3. The message is gone when the phone has nothing left to do. While the portal does not answer, it
   stays, and the phone comes back.
"""

from __future__ import annotations

import json
import plistlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

import requests
import structlog
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from common.refusals import Refused
from common.sealed import unseal
from common.tenancy import across_tenants, current_tenant_id
from devices.actions.device_tokens import give_token
from devices.gateways.simulator import mdm
from devices.gateways.simulator.fleet import REACHABLE, TENANTS
from devices.gateways.simulator.inside import carry_out
from devices.gateways.simulator.phone import is_reachable
from devices.models import Device, SimulatedDevice, SimulatorMessage
from jobs.draining import drain

log = structlog.get_logger(__name__)

BATCH = 50
LEASE = timedelta(seconds=30)
COMES_BACK = timedelta(seconds=5)
MOST_STEPS = 10
"""Commands of one session; a portal that always has one more must not keep a phone for good."""
TIMEOUT = (2, 10)
OK = 200
CLAIM = f"""
UPDATE devices_simulatormessage SET due_at = %(until)s WHERE id IN (
    SELECT m.id FROM devices_simulatormessage m
    JOIN devices_simulateddevice s ON s.tenant_id = m.tenant_id AND s.device_id = m.device_id
    JOIN devices_device d ON d.tenant_id = m.tenant_id AND d.id = m.device_id
    WHERE m.tenant_id = %(tenant)s AND m.due_at <= %(now)s AND {REACHABLE}
    ORDER BY m.id LIMIT %(batch)s FOR UPDATE OF m SKIP LOCKED
) RETURNING id, device_id
"""  # noqa: S608 - a constant


class Unheard(Exception):
    """The portal did not answer, or asked to be left alone for a while."""


class TurnedAway(Exception):
    """The portal does not know this phone any more."""


@dataclass(frozen=True)
class Portal:
    """Where the phones find the portal, and the connection to it."""

    origin: str
    session: requests.Session

    def call(self, method: str, path: str, **options: object) -> requests.Response:
        """Raises Unheard, TurnedAway."""
        try:
            answer = self.session.request(
                method, f"{self.origin}{path}", timeout=TIMEOUT, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise Unheard(str(error)) from None
        if answer.status_code in {401, 403}:
            raise TurnedAway
        if answer.status_code == 429 or answer.status_code >= 500:
            raise Unheard(f"{path} answered {answer.status_code}")
        return answer


@cache
def kept_session() -> requests.Session:
    """One for each process, so that connections are used again."""
    session = requests.Session()
    session.trust_env = False
    session.headers["User-Agent"] = "Simulated phone"
    return session


def poll_due(*, origin: str, session: requests.Session | None = None) -> int:
    """Let every phone that was called come by; returns how many did."""
    portal = Portal(origin.rstrip("/"), session or kept_session())
    return drain(tenants=_tenants, batch=lambda: _poll_batch(portal), seconds=10)


def _tenants() -> list[int]:
    with across_tenants("the fleet plays the phones of all tenants"), connection.cursor() as cursor:
        cursor.execute(TENANTS, [timezone.now()])
        return [tenant_id for (tenant_id,) in cursor.fetchall()]


def _poll_batch(portal: Portal) -> int:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            CLAIM,
            {"tenant": current_tenant_id(), "now": now, "until": now + LEASE, "batch": BATCH},
        )
        called: dict[int, list[int]] = {}
        for message_id, device_id in sorted(cursor.fetchall()):
            called.setdefault(device_id, []).append(message_id)
    waiting = list(called.items())
    done = 0
    for place, (device_id, message_ids) in enumerate(waiting):
        messages = SimulatorMessage.objects.filter(pk__in=message_ids)
        try:
            poll(device_id=device_id, portal=portal)
        except TurnedAway:
            log.info("simulated_phone_turned_away", device_id=device_id)
        except Unheard as error:
            log.warning("portal_unheard", error=str(error))
            left = [pk for _, ids in waiting[place:] for pk in ids]
            back = SimulatorMessage.objects.filter(pk__in=left)
            back.update(due_at=timezone.now() + COMES_BACK)
            return 0  # no more of this tenant in this run
        messages.delete()
        done += 1
    return done


def poll(*, device_id: int, portal: Portal) -> int:
    """One session of a phone; returns the commands it carried out. Raises Unheard, TurnedAway."""
    device = Device.objects.get(pk=device_id)
    session = _as_agent if device.platform == "knox" else _as_apple
    steps = 0
    for can_go_on in session(device, portal):
        steps += 1
        if not can_go_on or steps == MOST_STEPS:
            break
    return steps


def _can_be_reached(device: Device, state: SimulatedDevice) -> bool:
    """Whether the phone is still there: what it was told may have cut off its own way."""
    return is_reachable(
        platform=device.platform,
        bearer=state.bearer,
        abroad=bool(state.abroad_in),
        data_roaming=state.data_roaming,
        cellular_data=state.cellular_data,
    )


def _as_apple(device: Device, portal: Portal) -> Iterator[bool]:
    path = reverse("simulator:mdm", kwargs={"key": mdm.key_of(device)})
    headers = {"Content-Type": mdm.CONTENT_TYPE}

    def put(body: bytes) -> bytes:
        answer = portal.call("PUT", path, data=body, headers=headers)
        return answer.content if answer.status_code == OK else b""

    command = put(plistlib.dumps({"UDID": device.udid, "Status": "Idle"}))
    while command:
        raw, state = carry_out(device_id=device.pk, payload=command, now=timezone.now())
        command = put(raw)
        yield _can_be_reached(device, state)


def _as_agent(device: Device, portal: Portal) -> Iterator[bool]:
    headers = {"Authorization": f"Bearer {_token(device)}"}
    while True:
        answer = portal.call("GET", reverse("api:agent_commands"), headers=headers)
        commands = answer.json()["commands"] if answer.status_code == OK else []
        if not commands:
            return
        raw, state = carry_out(
            device_id=device.pk, payload=_as_bytes(commands[0]), now=timezone.now()
        )
        sent = {**headers, "Content-Type": "application/json"}
        told = portal.call("POST", reverse("api:agent_results"), data=raw, headers=sent)
        is_put_off = told.status_code != OK or told.json()["status"] == "not_now"
        yield not is_put_off and _can_be_reached(device, state)


def _as_bytes(command: object) -> bytes:
    return json.dumps(command).encode()


def _token(device: Device) -> str:
    """The agent's own token. A phone that never had one enrols now, as its first act.

    Raises TurnedAway where none can be had.
    """
    state = SimulatedDevice.objects.get(device=device)
    try:
        if state.agent_token:
            return unseal(state.agent_token)
        give_token(device=device, now=timezone.now(), by=None)
        state.refresh_from_db(fields=["agent_token"])
        return unseal(state.agent_token)
    except Refused as refused:
        log.warning("simulated_phone_without_token", device_id=device.pk, error=str(refused))
        raise TurnedAway from None
