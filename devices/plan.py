"""The planner: from what a device shall be and was last seen to be, the one next step.

Pure and without choices left for whoever carries the step out. A step is idempotent ("be
restricted like this"), so repeating one after a crash does no harm. Limits of the platforms are
those of Apple's and Samsung's documentation; who cannot be restricted at all is in
`devices.refusals`.

A Knox phone has one switch per restriction, set and read together. An Apple device has two
levers of its own, each told and read by itself: the setting for data roaming, which its user can
turn on again, and one profile of rules, which binds managed apps only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.refusals import CELLULAR, PARTIAL, ROAMING, Refusal, Target, refusal

__all__ = ["CELLULAR", "ROAMING", "Refusal", "Target", "plan", "refusal"]

RESYNC_AFTER = timedelta(hours=4)
"""How long an observation is trusted while something is restricted."""

BLOCK_EXPIRES_AFTER = timedelta(hours=24)
"""A block that a device has not answered by then is withdrawn: the device is asked how it is when
it comes by, and told what is wanted of it then. What releases never expires."""

ROAMING_LEVER, RULES_LEVER, SWITCHES_LEVER = "roaming", "rules", "switches"
"""What is told and read in one command: Apple's setting, Apple's profile, Knox's switches."""


@dataclass(frozen=True)
class Situation:
    """`observed` is None while nobody has looked; `must_look` asks before telling.

    `rules` and `data_roaming` are what Apple's levers were last read as, `to_read` the levers
    that were told since. `roaming_before` is data roaming as its user had it before the block.
    """

    desired: frozenset[str]
    observed: frozenset[str] | None = None
    must_look: bool = False
    observed_at: datetime | None = None
    rules: frozenset[str] | None = None
    data_roaming: bool | None = None
    roaming_before: bool | None = None
    to_read: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Nothing:
    """The device is as it shall be; `look_again_at` is when to make sure."""

    look_again_at: datetime | None = None


@dataclass(frozen=True)
class Look:
    """Ask for Knox's switches, or for Apple's profile of rules."""


@dataclass(frozen=True)
class LookAtRoaming:
    """Ask an Apple device whether its data roaming is on."""


@dataclass(frozen=True)
class Change:
    """Make Knox's switches, or Apple's profile of rules, exactly so, whatever they were."""

    desired: frozenset[str]


@dataclass(frozen=True)
class SetRoaming:
    """Turn an Apple device's data roaming on or off; its user can turn it back."""

    enabled: bool


Order = Look | LookAtRoaming | Change | SetRoaming
"""A step that becomes a command."""
Step = Nothing | Refusal | Order


def plan(*, target: Target, situation: Situation, now: datetime) -> Step:
    """The next step for one device."""
    refused = refusal(target=target, restrictions=situation.desired)
    if refused and refused.code != PARTIAL:
        return refused
    pending = levers_to_read(target=target, situation=situation, now=now)
    if target.is_apple:
        step = _next_of_apple(target, situation, pending)
    else:
        step = _next_of_knox(situation, pending)
    if step is None and refused:
        return refused
    if step is not None:
        return step
    seen = situation.observed_at
    return Nothing(look_again_at=seen + RESYNC_AFTER if seen and situation.desired else None)


def only_blocks(*, step: Step, situation: Situation) -> bool:
    """Whether a step takes something from the device's user and gives nothing back."""
    if isinstance(step, SetRoaming):
        return not step.enabled
    if not isinstance(step, Change):
        return False
    held = situation.rules if situation.rules is not None else situation.observed
    return bool(step.desired) and (held or frozenset()) <= step.desired


def levers_to_read(*, target: Target, situation: Situation, now: datetime) -> frozenset[str]:
    """The levers that must be read before anything is told.

    All of them when nothing is certain, or when what holds was last seen too long ago.
    """
    levers = _levers(target, situation)
    known = situation.observed is not None or situation.data_roaming is not None
    seen = situation.observed_at
    is_stale = bool(situation.desired) and known and (seen is None or now - seen >= RESYNC_AFTER)
    return levers if situation.must_look or is_stale else levers & situation.to_read


def _levers(target: Target, situation: Situation) -> frozenset[str]:
    if not target.is_apple:
        return frozenset({SWITCHES_LEVER})
    levers = {RULES_LEVER} if target.takes_rules else set()
    if _holds_roaming(situation):
        levers.add(ROAMING_LEVER)
    return frozenset(levers)


def _holds_roaming(situation: Situation) -> bool:
    """Whether data roaming is ours to set: to be off, or to be given back as it was."""
    return ROAMING in situation.desired or situation.roaming_before is True


def _next_of_knox(situation: Situation, pending: frozenset[str]) -> Order | None:
    if pending:
        return Look()
    if situation.observed == situation.desired or not (situation.observed or situation.desired):
        return None
    return Change(situation.desired)


def _next_of_apple(target: Target, situation: Situation, pending: frozenset[str]) -> Order | None:
    if _holds_roaming(situation):
        if ROAMING_LEVER in pending or situation.data_roaming is None:
            return LookAtRoaming()
        wanted = ROAMING not in situation.desired
        if situation.data_roaming != wanted:
            return SetRoaming(enabled=wanted)
    if not target.takes_rules:
        return None
    if RULES_LEVER in pending:
        return Look()
    if situation.rules == situation.desired or not (situation.rules or situation.desired):
        # Roaming that its user had turned off was seen while a block was wanted, and now is none.
        seen = (situation.observed or frozenset()) - situation.desired
        return Look() if seen - restrictions_read(situation) else None
    return Change(situation.desired)


def restrictions_read(situation: Situation) -> frozenset[str]:
    """What Apple's levers, as they were read, keep from the device's user.

    Roaming that its user had turned off before is no restriction of ours; rules alone do not
    make roaming blocked, and rules that still name it make it not yet released.
    """
    rules = situation.rules or frozenset()
    found = rules - {ROAMING}
    if ROAMING in situation.desired:
        blocked = situation.data_roaming is False
    else:
        is_off = situation.data_roaming is False and situation.roaming_before is True
        blocked = is_off or ROAMING in rules
    return found | {ROAMING} if blocked else found


BACK_OFF = (60, 300, 900, 3600)
"""Seconds until the next try after the first, second, ... failure; the last one repeats."""

PUSH_AGAIN = (900, 3600, 14_400, 28_800)
"""Seconds until a device that has not answered is called again."""


def wait_after(tries: int, schedule: tuple[int, ...]) -> timedelta:
    """The pause after the given number of tries (1 or more)."""
    return timedelta(seconds=schedule[min(max(tries, 1), len(schedule)) - 1])
