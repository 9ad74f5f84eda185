"""What the portal's agent on a phone reports: what its own SIMs used."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Router
from pydantic import StringConstraints, TypeAdapter, ValidationError

from common.api import ERRORS, ErrorAnswer
from devices.actions.device_tokens import AGENT
from tenants.api_frame import Bearer
from usage.actions.sample_kinds import CounterSample, IntervalSample
from usage.actions.samples import BadSample
from usage.api import (
    Bytes,
    Moment,
    Number,
    OneKey,
    SamplesIn,
    SamplesOut,
    Somewhere,
    bad_sample,
    taken_of,
)
from usage.queries.line_keys import BadKey, normal_key
from usage.queries.phone_sims import Until, sims_of_phone
from usage.queries.sample_lines import Key

router = Router(tags=["Agent"])


class SimKey(OneKey):
    """One number of a SIM in the phone."""

    iccid: Number | None = None
    imsi: Number | None = None


class PhoneInterval(Somewhere):
    """Bytes used between two moments."""

    sim: SimKey | None = None
    started_at: Moment
    ended_at: Moment | None = None
    bytes_in: Bytes
    bytes_out: Bytes

    def sample(self, *, line: Key | None, device: Key) -> IntervalSample:
        return IntervalSample(
            key=self.id,
            line=line,
            device=device,
            started_at=self.started_at,
            ended_at=self.ended_at,
            volume=self.bytes_in + self.bytes_out,
            place=self.place,
        )


class PhoneCounter(Somewhere):
    """The phone's byte counters at one moment."""

    sim: SimKey | None = None
    sampled_at: Moment
    boot_id: Annotated[str, StringConstraints(max_length=64, pattern=r"^[!-~]*$")] | None = None
    interface: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,32}$")]
    bits: Literal[32, 64]
    counter_in: Bytes
    counter_out: Bytes

    def sample(self, *, line: Key | None, device: Key) -> CounterSample:
        return CounterSample(
            key=self.id,
            device=device,
            line=line,
            sampled_at=self.sampled_at,
            boot_id=self.boot_id or "",
            interface=self.interface,
            bits=self.bits,
            counter_in=self.counter_in,
            counter_out=self.counter_out,
            place=self.place,
        )


INTERVAL, COUNTER = TypeAdapter(PhoneInterval), TypeAdapter(PhoneCounter)


@router.post(
    "/agent/usage",
    auth=Bearer(AGENT),
    response={200: SamplesOut, ERRORS: ErrorAnswer},
    summary="Report what this phone used",
    url_name="agent_usage",
)
def agent_usage(request: HttpRequest, body: SamplesIn) -> SamplesOut:
    """Wants the token of a device. At most 500 samples, as for `/usage/samples`, but without `line`
    and `device`: a phone speaks for itself.

    `sim` (one of `iccid`, `imsi`) says which of the phone's SIMs was used; without it, it is the
    one that carries the data. A SIM that is in another phone is rejected; one that has left this
    phone may still be told of for the time before.
    """
    caller = request.caller
    phone = _Phone(caller.device_id, caller.tenant.home_country)
    return taken_of(body, read=phone.sample, home=caller.tenant.home_country)


class _Phone:
    """One phone, and the SIMs that it may speak for."""

    def __init__(self, device_id: int, country: str) -> None:
        self._key = ("id", str(device_id))
        self._country = country
        self._sims = sims_of_phone(device_id=device_id)

    def sample(self, raw: Any) -> IntervalSample | CounterSample:
        is_counter = isinstance(raw, dict) and "sampled_at" in raw
        try:
            read: PhoneCounter | PhoneInterval
            read = (COUNTER if is_counter else INTERVAL).validate_python(raw)
        except ValidationError as error:
            raise bad_sample(error) from None
        at = read.sampled_at if isinstance(read, PhoneCounter) else read.started_at
        return read.sample(line=self._line(read.sim, at), device=self._key)

    def _line(self, sim: SimKey | None, at: datetime) -> Key | None:
        if sim is None:
            return None
        kind, number = sim.given
        try:
            key = (kind, normal_key(number, kind=kind, country=self._country))
        except BadKey as bad:
            raise BadSample("bad_line", str(bad)) from None
        until: Until = self._sims.get(key)
        if key not in self._sims or (until is not None and at >= until):
            raise BadSample("not_own_sim", "This SIM is not in the phone whose token this is.")
        return key
