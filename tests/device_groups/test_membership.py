"""Members follow the rule: by difference, for whoever changes a device, and never by accident."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from devices.actions import categories, groups
from devices.actions import devices as device_acts
from devices.models import Device, DeviceCategory, Group, GroupMember, GroupWatch
from devices.workers import grouping
from tests.usage_factories import make_device

pytestmark = pytest.mark.django_db
KIOSKS = 'device.deviceCategory -eq "Kiosk"'


def settle() -> None:
    """Let the worker do all that is due."""
    while grouping.regroup_due(now=timezone.now()):
        pass


def make_group(tenant, name="Kiosks", rule=KIOSKS):
    with tenant_scope(tenant.pk):
        terms = groups.GroupTerms(name=name, rule=rule)
        return groups.add(terms=terms, now=timezone.now(), by=None)


def members(group) -> set[int]:
    with tenant_scope(group.tenant_id):
        found = GroupMember.objects.filter(group=group, left_at=None)
        ids = set(found.values_list("device_id", flat=True))
        assert GroupWatch.objects.get(pk=group.pk).member_count == len(ids)
    return ids


@pytest.fixture
def kiosk(contoso):
    with tenant_scope(contoso.pk):
        return DeviceCategory.objects.create(name="Kiosk")


def test_a_device_joins_and_leaves_with_its_category(contoso, fabrikam, alice, kiosk):
    first, second = make_device(contoso), make_device(contoso)
    make_device(fabrikam)
    group = make_group(contoso)
    settle()
    assert members(group) == set()
    with tenant_scope(contoso.pk):
        now = timezone.now()
        categories.move_many(device_ids=[first.pk, second.pk], category=kiosk, now=now, by=alice)
    settle()
    assert members(group) == {first.pk, second.pk}
    with tenant_scope(contoso.pk):
        categories.move(device=first, category=None, now=timezone.now(), by=alice)
    settle()
    assert members(group) == {second.pk}
    with tenant_scope(contoso.pk):
        told = AuditEvent.objects.filter(action="device_group.members_changed").order_by("pk")
        assert [event.after for event in told] == [
            {"joined": 2, "left": 0},
            {"joined": 0, "left": 1},
        ]
        stayed = GroupMember.objects.get(group=group, device=second)
        assert stayed.left_at is None  # who still fits was not taken out and put in again


def test_a_category_with_another_name_and_a_statement_by_hand_are_seen(contoso, alice, kiosk):
    device = make_device(contoso)
    group = make_group(contoso)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE devices_device SET category_id = %s", [kiosk.pk])
    settle()
    assert members(group) == {device.pk}
    with tenant_scope(contoso.pk):
        terms = categories.CategoryTerms(name="Lobby")
        categories.edit(category=kiosk, terms=terms, now=timezone.now(), by=alice)
    settle()
    assert members(group) == set()


def test_a_retired_device_leaves_every_group(contoso, alice):
    device, other = make_device(contoso), make_device(contoso)
    everybody = make_group(contoso, "All", 'device.deviceModel -ne "x"')
    spares = make_group(contoso, "Spares", "")
    with tenant_scope(contoso.pk):
        ids = [device.pk, other.pk]
        groups.put_in(group=spares, device_ids=ids, now=timezone.now(), by=alice)
    settle()
    assert members(everybody) == members(spares) == {device.pk, other.pk}
    with tenant_scope(contoso.pk):
        device_acts.retire(device=device, now=timezone.now(), by=alice)
    settle()
    assert members(everybody) == members(spares) == {other.pk}


def test_a_broken_rule_never_takes_members_away(contoso, kiosk):
    device = make_device(contoso)
    group = make_group(contoso)
    with tenant_scope(contoso.pk):
        Device.objects.update(category=kiosk)
    settle()
    with tenant_scope(contoso.pk):
        Group.objects.filter(pk=group.pk).update(rule="device.nonsense -eq")
        GroupWatch.objects.filter(pk=group.pk).update(due_at=timezone.now())
        Device.objects.update(category=None)
    settle()
    assert members(group) == {device.pk}
    with tenant_scope(contoso.pk):
        watch = GroupWatch.objects.get(pk=group.pk)
        assert (watch.error, watch.due_at) == ("Devices have no property nonsense.", None)
        Group.objects.filter(pk=group.pk).update(rule=KIOSKS)
        GroupWatch.objects.filter(pk=group.pk).update(due_at=timezone.now())
    settle()
    assert members(group) == set()
    with tenant_scope(contoso.pk):
        assert GroupWatch.objects.get(pk=group.pk).error == ""


def test_a_paused_group_rests_until_it_is_resumed(contoso, alice, kiosk):
    device = make_device(contoso)
    group = make_group(contoso)
    settle()
    with tenant_scope(contoso.pk):
        groups.pause(group=group, by=alice)
        Device.objects.update(category=kiosk)
    settle()
    assert members(group) == set()
    with tenant_scope(contoso.pk):
        groups.resume(group=group, now=timezone.now(), by=alice)
    settle()
    assert members(group) == {device.pk}


def test_groups_of_groups_follow_and_circles_are_refused(contoso, alice, kiosk):
    device = make_device(contoso)
    inner = make_group(contoso)
    rule = f'device.memberOf -any (group.objectId -in ["{inner.object_id}"])'
    outer = make_group(contoso, "Outer", rule)
    settle()
    with tenant_scope(contoso.pk):
        Device.objects.update(category=kiosk)
    settle()
    assert members(outer) == members(inner) == {device.pk}
    with tenant_scope(contoso.pk):
        Device.objects.update(category=None)
    settle()
    assert members(outer) == members(inner) == set()
    circle = f'device.memberOf -any (group.objectId -in ["{outer.object_id}"])'
    with tenant_scope(contoso.pk):
        terms = groups.GroupTerms(name="Kiosks", rule=circle)
        with pytest.raises(groups.GroupRefused, match="depend on itself"):
            groups.edit(group=inner, terms=terms, now=timezone.now(), by=alice)
        with pytest.raises(groups.GroupRefused, match="Outer"):
            groups.delete(group=inner, by=alice)
        strange = groups.GroupTerms(name="Strange", rule=rule.replace(str(inner.object_id), "g9"))
        with pytest.raises(groups.GroupRefused, match="No group has the object ID g9"):
            groups.add(terms=strange, now=timezone.now(), by=alice)
