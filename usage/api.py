"""What programs and phones may report: usage, in batches of samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    StrictBool,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from common.api import ERRORS, Body, ErrorAnswer
from tenants.api_frame import Bearer
from tenants.models import Scope
from usage.actions.sample_kinds import CounterSample, IntervalSample, Place
from usage.actions.samples import BadSample, take_samples

router = Router(tags=["Usage"])

MOST = 500
LARGEST = 2**63 - 1


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("write a time with its offset, as in 2026-01-31T12:00:00Z")
    return value


Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Moment = Annotated[AwareDatetime, BeforeValidator(_text)]
Bytes = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]


class OneKey(Body):
    """An object with exactly one of its fields."""

    @model_validator(mode="after")
    def _one(self) -> OneKey:
        if len(self.model_fields_set) != 1 or None in self.model_dump(exclude_unset=True).values():
            raise ValueError(f"give exactly one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def given(self) -> tuple[str, str]:
        return next(iter(self.model_dump(exclude_unset=True).items()))


class LineKey(OneKey):
    """One number of a line."""

    msisdn: Number | None = None
    iccid: Number | None = None
    imsi: Number | None = None
    reference: Number | None = None


class DeviceKey(OneKey):
    """One number of a device."""

    imei: Number | None = None
    serial: Number | None = None
    udid: Number | None = None


class Somewhere(Body):
    """A sample's id, and where it was taken."""

    id: UUID
    mcc: Annotated[str, StringConstraints(pattern=r"^[0-9]{3}$")] | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None
    roaming: StrictBool | None = None

    @property
    def place(self) -> Place:
        return Place(self.mcc or "", self.country or "", self.roaming)


class IntervalIn(Somewhere):
    """Bytes used between two moments."""

    line: LineKey
    started_at: Moment
    ended_at: Moment | None = None
    bytes_in: Bytes
    bytes_out: Bytes

    def sample(self) -> IntervalSample:
        return IntervalSample(
            key=self.id,
            line=self.line.given,
            started_at=self.started_at,
            ended_at=self.ended_at,
            volume=self.bytes_in + self.bytes_out,
            place=self.place,
        )


class CounterIn(Somewhere):
    """A device's byte counters at one moment."""

    device: DeviceKey
    line: LineKey | None = None
    sampled_at: Moment
    boot_id: Annotated[str, StringConstraints(max_length=64, pattern=r"^[!-~]*$")] | None = None
    interface: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,32}$")]
    bits: Literal[32, 64]
    counter_in: Bytes
    counter_out: Bytes

    def sample(self) -> CounterSample:
        return CounterSample(
            key=self.id,
            device=self.device.given,
            line=self.line.given if self.line else None,
            sampled_at=self.sampled_at,
            boot_id=self.boot_id or "",
            interface=self.interface,
            bits=self.bits,
            counter_in=self.counter_in,
            counter_out=self.counter_out,
            place=self.place,
        )


INTERVAL, COUNTER = TypeAdapter(IntervalIn), TypeAdapter(CounterIn)


class SamplesIn(Body):
    """Each sample is judged by itself, so that one that is wrong does not cost the others."""

    samples: list[Any] = Field(
        min_length=1, max_length=MOST, description="Interval and counter samples, as told above."
    )


class RejectedOut(BaseModel):
    """A sample that counts nothing, by its place in the request (the first is 0)."""

    index: int
    code: str
    message: str


class SamplesOut(BaseModel):
    accepted: int
    duplicate: int
    unmatched: int
    rejected: list[RejectedOut]


@router.post(
    "/usage/samples",
    auth=Bearer(Scope.USAGE_WRITE),
    response={200: SamplesOut, ERRORS: ErrorAnswer},
    summary="Report usage",
    url_name="usage_samples",
)
def usage_samples(request: HttpRequest, body: SamplesIn) -> SamplesOut:
    """Wants the scope `usage:write`. At most 500 samples of two kinds, mixed as you like:

    - bytes of an interval: `id` (a UUID), `line` (one of `msisdn`, `iccid`, `imsi`, `reference`),
      `started_at`, `ended_at`, `mcc`, `country`, `roaming`, `bytes_in`, `bytes_out`;
    - counters as read: `id`, `device` (one of `imei`, `serial`, `udid`), `line` (else the line
      whose SIM carries the device's data), `sampled_at`, `boot_id`, `interface`, `bits` (32 or
      64), `counter_in`, `counter_out`, `mcc`, `country`, `roaming`. What was used is the difference
      to the reading before; the first of a device and interface counts nothing.

    Samples may come in any order and be repeated. An interval is the same if line, `id` and
    `started_at` are the same: the same id with another start is another sample. A reading is the
    same if device, interface, `boot_id` and `sampled_at` are. `roaming` goes before `country`, and
    `country` before `mcc`. Usage counts for the day on which it began, in the carrier's time zone;
    differences are spread over the days between their readings.
    """
    return taken_of(body, read=_sample, home=request.caller.tenant.home_country)


Read = Callable[[Any], IntervalSample | CounterSample]


def taken_of(body: SamplesIn, *, read: Read, home: str) -> SamplesOut:
    """Count the samples of a call, each read by `read`, which raises BadSample."""
    found, rejected = [], []
    for index, raw in enumerate(body.samples):
        try:
            found.append((index, read(raw)))
        except BadSample as bad:
            rejected.append(RejectedOut(index=index, code=bad.code, message=bad.message))
    taken = take_samples(samples=found, home_country=home, now=timezone.now())
    for index, bad in taken.rejected.items():
        rejected.append(RejectedOut(index=index, code=bad.code, message=bad.message))
    return SamplesOut(
        accepted=taken.accepted,
        duplicate=taken.duplicate,
        unmatched=taken.unmatched,
        rejected=sorted(rejected, key=lambda one: one.index),
    )


def _sample(raw: Any) -> IntervalSample | CounterSample:
    is_counter = isinstance(raw, dict) and ("device" in raw or "sampled_at" in raw)
    try:
        return (COUNTER if is_counter else INTERVAL).validate_python(raw).sample()
    except ValidationError as error:
        raise bad_sample(error) from None


def bad_sample(error: ValidationError) -> BadSample:
    """The first thing that is wrong with a sample, as a rejection."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"])
    said = first["msg"].removeprefix("Value error, ")
    return BadSample("invalid", f"{where}: {said}." if where else f"{said}.")
