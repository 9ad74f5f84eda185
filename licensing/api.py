"""What programs may ask of licences: to pass on sign-ins that Graph tells late, or never."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import BaseModel, Field

from common.api import ERRORS, Body, ErrorAnswer
from licensing.graph_bodies import BadBody, sign_in_of
from licensing.models import SignInSource
from licensing.ports import SignInFacts
from licensing.workers.sign_ins import take_in
from tenants.api_frame import Bearer
from tenants.models import Scope

router = Router(tags=["Sign-ins"])

MOST = 500
AHEAD = timedelta(minutes=5)
BACK = timedelta(days=732)
EXAMPLE = {
    "id": "66ea54eb-6301-4ee5-be62-ff5a759b0100",
    "createdDateTime": "2026-11-25T09:30:00Z",
    "userId": "6a1b6a5e-2f0a-4d5f-9f3f-0a3f6e3b7c11",
    "userPrincipalName": "adele.aalders@contoso.example",
    "appId": "1fec8e78-bce4-4aaf-ab1b-5451cc387264",
    "isInteractive": True,
    "status": {"errorCode": 0},
}


class SignInsIn(Body):
    """Sign-ins as Graph's `auditLogs/signIns` tells them; further properties are overlooked."""

    value: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST)] = Field(
        description="Needed of each: id, createdDateTime, userId, appId, status.errorCode.",
        examples=[[EXAMPLE]],
    )


class SignInOut(BaseModel):
    """What became of one sign-in, in the order in which they were sent."""

    id: str
    outcome: Literal["accepted", "duplicate", "ignored", "rejected"]
    reason: str = ""


class SignInsOut(BaseModel):
    accepted: int
    duplicate: int
    ignored: int
    rejected: int
    results: list[SignInOut]


@router.post(
    "/sign-ins",
    auth=Bearer(Scope.SIGN_INS_WRITE),
    response={200: SignInsOut, ERRORS: ErrorAnswer},
    summary="Report sign-ins",
    url_name="sign_ins",
)
def report_sign_ins(request: HttpRequest, body: SignInsIn) -> SignInsOut:
    """Wants the scope `sign-ins:write`.

    Each sign-in is answered for itself: `accepted` (kept; where a policy is on for the app, a
    claim is judged within seconds), `duplicate` (an id that was received before, by this way or
    from Graph), `ignored` (it failed, nobody was there to sign in, or no app of the catalogue has
    this application id), `rejected` (not readable, in the future, or older than two years).
    """
    now = timezone.now()
    results, read = [], []
    for given in body.value:
        result, facts = _read(given, now)
        results.append(result)
        if facts is not None:
            read.append(facts)
    taken = take_in(sign_ins=read, source=SignInSource.API, now=now)
    unseen = set(taken.new)
    for result in results:
        if result.outcome != "accepted":
            continue
        if result.id in taken.other:
            result.outcome, result.reason = "ignored", "No app has this application id."
        elif result.id in unseen:
            unseen.discard(result.id)
        else:
            result.outcome = "duplicate"
    counts = {
        outcome: sum(result.outcome == outcome for result in results)
        for outcome in ("accepted", "duplicate", "ignored", "rejected")
    }
    return SignInsOut(results=results, **counts)


def _read(given: dict[str, Any], now: datetime) -> tuple[SignInOut, SignInFacts | None]:
    key = given.get("id")
    shown = key[:80] if isinstance(key, str) else ""
    try:
        facts = sign_in_of(given)
    except BadBody as bad:
        return SignInOut(id=shown, outcome="rejected", reason=f"{bad}"), None
    if facts is None:
        reason = "It failed, or it was not interactive."
        return SignInOut(id=shown, outcome="ignored", reason=reason), None
    if not now - BACK <= facts.at <= now + AHEAD:
        reason = "createdDateTime is in the future, or older than two years."
        return SignInOut(id=shown, outcome="rejected", reason=reason), None
    return SignInOut(id=shown, outcome="accepted"), facts
