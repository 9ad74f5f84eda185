"""What programs may ask of connectors: to pass on a provider's signal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Status
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from common.api import ERRORS, ApiRefused, Body, ErrorAnswer
from common.sentences import sentence
from connectors.actions.external import ExternalSignal, SignalReused, receive_external
from connectors.models import Connector, Signal
from connectors.ports import BadLineKey
from connectors.queries.external import external_connectors
from tenants.api_frame import Bearer
from tenants.models import Scope

router = Router(tags=["Signals"])

Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
AHEAD = timedelta(minutes=5)
"""How far a provider's clock may be ahead of ours."""


class _OneKey(Body):
    @model_validator(mode="after")
    def _one(self) -> _OneKey:
        if len(self.model_fields_set) != 1 or None in self.model_dump(exclude_unset=True).values():
            raise ValueError(f"give exactly one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def given(self) -> tuple[str, str]:
        return next(iter(self.model_dump(exclude_unset=True).items()))


class DeviceKey(_OneKey):
    """One number of a device."""

    imei: Number | None = None
    serial: Number | None = None
    udid: Number | None = None


class LineKey(_OneKey):
    """One number of a line; `msisdn` in the international form, as in +31612345678."""

    msisdn: Number | None = None
    iccid: Number | None = None


class SignalIn(Body):
    """Block or unblock one restriction of one device, or of the device that a line's SIM is in."""

    id: UUID
    device: DeviceKey | None = None
    line: LineKey | None = None
    restriction: Literal["roaming_data", "cellular_data"]
    action: Literal["block", "unblock"]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    occurred_at: AwareDatetime
    connector: int | None = Field(
        default=None, description="Needed only where several connectors take signals."
    )

    @model_validator(mode="after")
    def _one_target(self) -> SignalIn:
        if (self.device is None) == (self.line is None):
            raise ValueError("give either device or line")
        return self

    @property
    def target(self) -> tuple[str, str]:
        about = self.device or self.line
        assert about is not None
        return about.given


class SignalOut(BaseModel):
    """What became of a signal. `first` is the outcome of the signal that a duplicate repeats."""

    id: UUID
    outcome: Literal["processed", "ignored", "held", "rejected", "duplicate"]
    reason: str
    first: Literal["processed", "ignored", "held", "rejected"] | None = None
    received_at: datetime


@router.post(
    "/signals",
    auth=Bearer(Scope.SIGNALS_WRITE),
    response={201: SignalOut, 200: SignalOut, ERRORS: ErrorAnswer},
    summary="Send a signal",
    url_name="signals",
)
def send_signal(request: HttpRequest, body: SignalIn) -> Status:
    """Wants the scope `signals:write`.

    Every signal is kept with its outcome: `processed` (the device is being told), `ignored` (the
    connector is switched off, or a later signal was received before), `held` (the line's SIM is
    in no known device, or another SIM carries the data; executed when that changes), `rejected`
    (no such device or line, or the connector is not set up), `duplicate` (the same id again:
    status 200, and nothing is done twice). A block ends by an unblock, when the connector is
    turned off, or at the end of the billing cycle. An unblock of a device ends every block of
    yours on it; one of a line ends that line's.
    """
    now = timezone.now()
    if body.occurred_at > now + AHEAD:
        raise _refused_field("occurred_at", "This time is in the future.")
    kind, value = body.target
    signal = ExternalSignal(
        key=body.id,
        kind=kind,
        value=value,
        restriction=body.restriction,
        action=body.action,
        reason=body.reason,
        occurred_at=body.occurred_at,
    )
    try:
        row, first = receive_external(connector=_connector(body.connector), signal=signal, now=now)
    except BadLineKey as bad:
        raise _refused_field(f"line.{kind}", str(bad)) from bad
    except SignalReused:
        message = "A signal with this id was received before and asked for something else."
        raise ApiRefused(409, "signal_id_reused", message) from None
    return Status(200 if first else 201, _answer(row, first))


def _connector(asked: int | None) -> Connector:
    """The connector that the signal is for: the one named, or the only one there is."""
    there = external_connectors()
    chosen = there if asked is None else [one for one in there if one.pk == asked]
    if len(chosen) == 1:
        return chosen[0]
    if there and asked is None:
        raise _refused_field("connector", "Several connectors take signals; name one by its id.")
    message = "No connector for an external provider is set up in this tenant."
    raise ApiRefused(409, "connector_not_set_up", message)


def _refused_field(field: str, message: str) -> ApiRefused:
    details = [{"field": field, "message": message}]
    return ApiRefused(422, "invalid", "The body is not what this call takes.", details=details)


def _answer(row: Signal, first: Signal | None) -> SignalOut:
    return SignalOut(
        id=row.key,
        outcome=row.outcome,
        reason=sentence(row.outcome_reason),
        first=first.outcome if first else None,
        received_at=row.received_at,
    )
