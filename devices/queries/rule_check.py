"""Reading a rule for the person who writes it: what is wrong where, whom it takes, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Q

from devices.models import Device, DeviceState, Group
from devices.queries.device_facts import facts_of, groups_of
from devices.queries.rule_members import Preview, preview
from devices.rule_words import rule_sentence
from devices.rules import (
    Outcome,
    Rule,
    RuleError,
    evaluate,
    fold,
    groups_named,
    parse,
    texts_named,
)

MOST_DEVICES = 20
"""How many devices a rule is tried on at once."""


@dataclass(frozen=True)
class Trial:
    """How the rule comes out for one device."""

    device: Device
    outcome: Outcome


@dataclass(frozen=True)
class RuleCheck:
    """A rule read aloud: the sentence of its error with the words around it, or whom it takes."""

    error: str = ""
    position: int = 0
    before: str = ""
    at: str = ""
    after: str = ""
    preview: Preview | None = None
    trials: list[Trial] = field(default_factory=list)
    nothing_found: bool = False


def check(*, text: str, group: Group | None, device: str = "") -> RuleCheck:
    """What the rule would do in `group` (None: a new one), tried on the devices that are named."""
    try:
        rule = understood(text, group=group)
    except RuleError as error:
        return RuleCheck(
            error=rule_sentence(error),
            position=error.start + 1,
            before=text[: error.start],
            at=text[error.start : error.end],
            after=text[error.end :],
        )
    tried = trials(rule, find_devices(device)) if device else []
    return RuleCheck(
        preview=preview(rule, group=group),
        trials=tried,
        nothing_found=bool(device) and not tried,
    )


def understood(text: str, *, group: Group | None) -> Rule:
    """The rule, if `group` may have it. Raises RuleError, also for unknown groups and circles."""
    rule = parse(text)
    named = groups_named(rule)
    if not named:
        return rule
    rows = Group.objects.values_list("object_id", "names_groups")
    known = {str(object_id): names for object_id, names in rows}
    for wanted in sorted(named):
        start = max(text.lower().find(wanted), 0)
        end, facts = start + len(wanted), {"group": wanted}
        if wanted not in known:
            raise RuleError("value", "unknown_group", start=start, end=end, facts=facts)
        if group is not None and _leads_to(str(group.object_id), wanted, known):
            raise RuleError("value", "group_circle", start=start, end=end, facts=facts)
    return rule


def _leads_to(goal: str, start: str, known: dict[str, list[str]]) -> bool:
    """Whether the group `start` is `goal`, or depends on it by its rule."""
    waiting, seen = [start], set()
    while waiting:
        here = waiting.pop()
        if here == goal:
            return True
        if here not in seen:
            seen.add(here)
            waiting.extend(known.get(here, []))
    return False


def find_devices(text: str) -> list[Device]:
    """The first devices in service with this in their name, or at the start of a number."""
    words = " ".join(text.split())
    matches = Q(name__icontains=words) | Q(serial__istartswith=words) | Q(imei__startswith=words)
    found = Device.objects.exclude(state=DeviceState.RETIRED).filter(matches)
    return list(found.select_related("category").order_by("name", "pk")[:MOST_DEVICES])


def trials(rule: Rule, devices: Iterable[Device]) -> list[Trial]:
    """The rule judged on each device, by the evaluator and its trace."""
    asks_groups = bool(groups_named(rule))
    found = []
    for device in devices:
        facts = dict(facts_of(device))
        if asks_groups:
            facts["memberOf"] = groups_of(device)
        found.append(Trial(device, evaluate(rule, facts)))
    return found


def groups_naming_category(name: str) -> list[Group]:
    """The groups whose rules compare a device's category with this name."""
    groups = Group.objects.filter(rule__icontains="device.deviceCategory").order_by("name", "pk")
    if not set(name) & set("\"'`\\"):  # those are written otherwise inside a rule
        groups = groups.filter(rule__icontains=name)
    return [group for group in groups if _names(group.rule, name)]


def _names(text: str, name: str) -> bool:
    try:
        rule = parse(text)
    except RuleError:
        return fold(name) in fold(text)
    return fold(name) in {fold(wanted) for wanted in texts_named(rule, "deviceCategory")}
