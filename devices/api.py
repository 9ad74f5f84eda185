"""What the portal's agent on a phone asks and tells: its command, and what came of it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import AwareDatetime, BaseModel, Field, StrictBool, StringConstraints

from common.api import ERRORS, ApiRefused, Body, ErrorAnswer, not_found
from devices.actions import agent
from devices.actions.device_tokens import AGENT
from devices.models import Command, Device, Platform
from tenants.api_frame import Bearer

router = Router(tags=["Agent"])

LARGEST_RESULT = 20_000
"""Bytes of a result; the answer to a handful of calls needs a tenth of it."""


class CommandsOut(BaseModel):
    """At most one command, since a device has one at a time."""

    commands: list[dict[str, Any]]


class CallResult(Body):
    """What one call of the SDK came to: its return value, and what the getter said after it."""

    returned: StrictBool | int | None = None
    verified: StrictBool | None = None
    error: Annotated[str, StringConstraints(max_length=500)] | None = None


class ResultIn(Body):
    command_uuid: UUID
    status: Literal["SUCCESS", "FAILURE", "NOT_SUPPORTED", "SECURITY_EXCEPTION", "PENDING"]
    calls: list[CallResult] = Field(max_length=20)
    reported_at: AwareDatetime | None = None
    knox_api_level: Annotated[int, Field(strict=True, ge=0, le=10_000)] | None = None
    management_mode: Literal["DO", "COPE", "PO", "DA"] | None = None


class ResultOut(BaseModel):
    """`status` is the command's; `duplicate` says that this result had come before."""

    command_uuid: UUID
    status: str
    duplicate: bool


@router.get(
    "/agent/commands",
    auth=Bearer(AGENT),
    response={200: CommandsOut, ERRORS: ErrorAnswer},
    summary="Fetch this phone's command",
    url_name="agent_commands",
)
def agent_commands(request: HttpRequest) -> CommandsOut:
    """Wants the token of a device, and gives out what is to be done on that device.

    A command has `command_uuid`, `type` (`knox.restriction` or `knox.query`), `issued_at` and
    `calls`: `policy`, `method` and `args` (absent where nothing is to be set), `verify` (the getter
    to read afterwards) and `expect`. It is given out until its result is in, or a newer one
    replaces it. Carrying a command out twice does no harm.
    """
    device_id = request.caller.device_id
    if not Device.objects.filter(pk=device_id, platform=Platform.KNOX).exists():
        return CommandsOut(commands=[])
    given = agent.give_out(device_id=device_id, now=timezone.now())
    return CommandsOut(commands=[json.loads(given.payload)] if given else [])


@router.post(
    "/agent/results",
    auth=Bearer(AGENT),
    response={200: ResultOut, ERRORS: ErrorAnswer},
    summary="Tell what came of a command",
    url_name="agent_results",
)
def agent_results(request: HttpRequest, body: ResultIn) -> ResultOut:
    """Wants the token of a device. `status` is one of SUCCESS, FAILURE, NOT_SUPPORTED,
    SECURITY_EXCEPTION and PENDING (not now: the command is given out again later).

    `calls` has one entry for each call of the command, in its order: `returned`, `verified` (what
    the getter said) and `error`. A getter that contradicts what was asked for is a failure,
    whatever `status` says. The same result again changes nothing; another result for a command
    that is closed is a 409, and a command of another device is a 404.
    """
    raw = request.body
    if len(raw) > LARGEST_RESULT:
        message = f"A result may have {LARGEST_RESULT:,} bytes."
        raise ApiRefused(413, "too_large", message)
    device_id, command_id = request.caller.device_id, body.command_uuid
    try:
        is_new = agent.take_result(
            device_id=device_id, command_id=command_id, raw=raw, now=timezone.now()
        )
    except agent.UnknownCommand:
        raise not_found() from None
    except agent.AlreadyAnswered:
        message = "This command is closed; its result was another one."
        raise ApiRefused(409, "already_answered", message) from None
    status = Command.objects.values_list("status", flat=True).get(pk=command_id)
    return ResultOut(command_uuid=command_id, status=status, duplicate=not is_new)
