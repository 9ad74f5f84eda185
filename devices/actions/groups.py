"""Groups of devices: added, edited, paused, deleted, and who is put into an assigned one.

Each act is one transaction with its audit event. A dynamic group whose rule is new or other is
made due; the worker (devices.workers.grouping) then finds its members.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from audit.actions import Actor, changes, record
from common.refusals import Refused, refusing
from devices.models import Device, DeviceState, Group, GroupKind, GroupMember, GroupWatch
from devices.queries.rule_check import understood
from devices.rule_words import rule_sentence
from devices.rules import RuleError, groups_named
from jobs.nudges import nudge

WORK = "devices.tasks.regroup_due"


@dataclass(frozen=True)
class GroupTerms:
    """What a person may say about a group; a rule makes it dynamic."""

    name: str
    description: str = ""
    rule: str = ""


class GroupRefused(Refused):
    """The group cannot be added, changed, deleted or given these members."""


def _taken() -> dict[str, tuple[str, str]]:
    return {"device_group_name_once": ("name", _("Another group already has this name."))}


@transaction.atomic
def add(*, terms: GroupTerms, now: datetime, by: Actor | None) -> Group:
    """A new group, dynamic when there is a rule. Raises GroupRefused."""
    group = Group(name=terms.name, description=terms.description, kind=GroupKind.ASSIGNED)
    if terms.rule:
        group.kind = GroupKind.DYNAMIC
        _give_rule(group, terms.rule, known=None)
    with refusing(GroupRefused, _taken()):
        group.save()
    GroupWatch.objects.create(group=group, due_at=now if group.is_dynamic else None)
    after = {"name": group.name, "description": group.description, "rule": group.rule}
    record(by=by, action="device_group.added", subject=group, after=after)
    nudge(WORK)
    return group


@transaction.atomic
def edit(*, group: Group, terms: GroupTerms, now: datetime, by: Actor) -> Group:
    """Another name, description or rule; the kind stays. Raises GroupRefused."""
    group = _locked(group)
    before = _terms_of(group)
    group.name, group.description = terms.name, terms.description
    if group.is_dynamic:
        _give_rule(group, terms.rule, known=group)
    before, after = changes(before=before, after=_terms_of(group))
    if not after:
        return group
    with refusing(GroupRefused, _taken()):
        group.save(update_fields=["name", "description", "rule", "names_groups"])
    if "rule" in after and not group.is_paused:
        GroupWatch.objects.filter(pk=group.pk).update(due_at=now)
        nudge(WORK)
    record(by=by, action="device_group.edited", subject=group, before=before, after=after)
    return group


@transaction.atomic
def delete(*, group: Group, by: Actor) -> None:
    """Gone with its memberships; no device is touched. Raises GroupRefused while it is named."""
    group = _locked(group)
    named_by = list(
        Group.objects.filter(names_groups__contains=[str(group.object_id)])
        .order_by("name")
        .values_list("name", flat=True)[:5]
    )
    if named_by:
        said = _("Rules of other groups name this one: %(groups)s. Change them first.")
        raise GroupRefused(said % {"groups": ", ".join(named_by)})
    members = GroupMember.objects.filter(group=group, left_at=None).count()
    before = {**_terms_of(group), "devices": members}
    record(by=by, action="device_group.deleted", subject=group, before=before)
    group.delete()


@transaction.atomic
def pause(*, group: Group, by: Actor) -> None:
    """Nobody joins or leaves by the rule until it is resumed. Nothing happens when paused."""
    if _dynamic(group, is_paused=True):
        GroupWatch.objects.filter(pk=group.pk).update(due_at=None)
        record(by=by, action="device_group.paused", subject=group)


@transaction.atomic
def resume(*, group: Group, now: datetime, by: Actor) -> None:
    """The rule holds again, for all devices at once. Nothing happens when not paused."""
    if _dynamic(group, is_paused=False):
        GroupWatch.objects.filter(pk=group.pk).update(due_at=now)
        record(by=by, action="device_group.resumed", subject=group)
        nudge(WORK)


@transaction.atomic
def put_in(*, group: Group, device_ids: Collection[int], now: datetime, by: Actor) -> int:
    """Devices into an assigned group; returns how many joined. Raises GroupRefused."""
    group = _assigned(group)
    here = GroupMember.objects.filter(group=group, left_at=None).values("device_id")
    new = list(
        Device.objects.filter(pk__in=device_ids)
        .exclude(state=DeviceState.RETIRED)
        .exclude(pk__in=here)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    tenant_id = group.tenant_id
    GroupMember.objects.bulk_create(
        [GroupMember(tenant_id=tenant_id, group=group, device_id=pk, joined_at=now) for pk in new],
        batch_size=5_000,
    )
    _note(group, len(new), now=now)
    if new:
        after = {"devices": len(new)}
        record(by=by, action="device_group.devices_added", subject=group, after=after)
    return len(new)


@transaction.atomic
def take_out(*, group: Group, device_ids: Collection[int], now: datetime, by: Actor) -> int:
    """Devices out of an assigned group; returns how many left. Raises GroupRefused."""
    group = _assigned(group)
    members = GroupMember.objects.filter(group=group, device_id__in=device_ids, left_at=None)
    count = members.update(left_at=now)
    _note(group, -count, now=now)
    if count:
        after = {"devices": count}
        record(by=by, action="device_group.devices_removed", subject=group, after=after)
    return count


def _note(group: Group, more: int, *, now: datetime) -> None:
    """Count the members, and make the groups due whose rules name this one."""
    if not more:
        return
    GroupWatch.objects.filter(pk=group.pk).update(
        member_count=F("member_count") + more, changed_at=now
    )
    GroupWatch.objects.filter(
        group__names_groups__contains=[str(group.object_id)], group__is_paused=False
    ).update(due_at=now)
    nudge(WORK)


def _give_rule(group: Group, text: str, *, known: Group | None) -> None:
    try:
        rule = understood(text, group=known)
    except RuleError as error:
        raise GroupRefused(rule_sentence(error), field="rule") from error
    group.rule, group.names_groups = rule.canonical, sorted(groups_named(rule))


def _terms_of(group: Group) -> dict[str, str]:
    return {"name": group.name, "description": group.description, "rule": group.rule}


def _locked(group: Group) -> Group:
    """The group as it is now. Raises GroupRefused when somebody has deleted it."""
    current = Group.objects.select_for_update().filter(pk=group.pk).first()
    if current is None:
        raise GroupRefused(_("Somebody has deleted this group in the meantime."))
    return current


def _assigned(group: Group) -> Group:
    group = _locked(group)
    if group.is_dynamic:
        raise GroupRefused(_("A rule says who is in this group."))
    return group


def _dynamic(group: Group, *, is_paused: bool) -> bool:
    """Set the pause of a dynamic group; whether it was otherwise. Raises GroupRefused."""
    group = _locked(group)
    if not group.is_dynamic:
        raise GroupRefused(_("Only a group with a rule can be paused."))
    if group.is_paused == is_paused:
        return False
    group.is_paused = is_paused
    group.save(update_fields=["is_paused"])
    return True
