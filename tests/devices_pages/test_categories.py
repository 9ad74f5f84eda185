"""The pages of categories, and what a personal device hides from whom."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from devices.actions.categories import move
from devices.actions.restrictions import block_by_hand
from devices.models import Command, Device, DeviceCategory
from devices.workers.enforce import enforce_due
from tests.usage_factories import make_device, make_line_with_device

pytestmark = pytest.mark.django_db
CATEGORIES = "/t/contoso/devices/categories/"


def test_a_category_is_added_renamed_and_deleted(contoso, alice, client_for):
    client = client_for(alice)
    page = client.post(f"{CATEGORIES}add/", {"name": "Kiosk"}, follow=True).content.decode()
    assert "Kiosk was added." in page
    taken = client.post(f"{CATEGORIES}add/", {"name": "kiosk"})
    assert taken.status_code == 422
    assert "Another category already has this name." in taken.content.decode()
    device = make_device(contoso)
    with tenant_scope(contoso.pk):
        category = DeviceCategory.objects.get()
    url = f"/t/contoso/devices/{device.pk}/category/"
    assert client.post(url, {"category": category.pk}).status_code == 302
    assert client.post(url, {"category": "77777"}).status_code == 422
    edit = f"{CATEGORIES}{category.pk}/"
    assert client.post(f"{edit}edit/", {"name": "Lobby"}).status_code == 302
    assert "1 device in it becomes" in client.get(f"{edit}delete/").content.decode()
    page = client.post(f"{edit}delete/", follow=True).content.decode()
    assert "1 device is unassigned now" in page
    with tenant_scope(contoso.pk):
        assert Device.objects.get().category is None
        acts = set(AuditEvent.objects.values_list("action", flat=True))
        [moved] = AuditEvent.objects.filter(action="device.category_changed")
    assert {"category.added", "category.edited", "category.deleted"} <= acts
    assert (moved.before, moved.after) == ({"category": None}, {"category": "Kiosk"})


@pytest.mark.parametrize("count", [3, 30])
def test_the_list_costs_the_same_whatever_its_length(contoso, alice, client_for, count):
    with tenant_scope(contoso.pk):
        for number in range(count):
            DeviceCategory.objects.create(name=f"Category {number}")
    client = client_for(alice)
    client.get(CATEGORIES)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(CATEGORIES).status_code == 200
    assert len(queries) <= 9


def test_devices_are_filtered_by_category(contoso, alice, client_for):
    there, nowhere = make_device(contoso), make_device(contoso)
    with tenant_scope(contoso.pk):
        category = DeviceCategory.objects.create(name="Kiosk")
        Device.objects.filter(pk=there.pk).update(category=category)
    client = client_for(alice)
    page = client.get(f"/t/contoso/devices/?category={category.pk}").content.decode()
    assert f"/devices/{there.pk}/" in page
    assert f"/devices/{nowhere.pk}/" not in page
    page = client.get("/t/contoso/devices/?category=none").content.decode()
    assert f"/devices/{nowhere.pk}/" in page
    assert f"/devices/{there.pk}/" not in page


@pytest.mark.parametrize(("name", "sees"), [("alice", True), ("dana", True), ("bob", False)])
def test_the_history_of_a_personal_line_is_hidden_by_role(contoso, client_for, request, name, sees):
    line, device = make_line_with_device(contoso)
    with tenant_scope(contoso.pk):
        category = DeviceCategory.objects.create(name="Own phone", is_personal=True)
        Device.objects.filter(pk=device.pk).update(category=category)
    client = client_for(request.getfixturevalue(name))
    page = client.get(f"/t/contoso/lines/{line.pk}/").content.decode()
    assert ('id="line-timeline"' in page) is sees
    assert ("Usage of the cycle" in page) is sees
    assert ("hidden from your role" in page) is not sees
    listed = client.get("/t/contoso/lines/").content.decode()
    assert ('<span class="quiet">Personal</span>' in listed) is not sees


@pytest.mark.parametrize(("name", "sees"), [("bob", False), ("alice", True), ("dana", True)])
def test_what_a_personal_device_was_told_is_hidden_by_role(
    contoso, alice, client_for, request, name, sees
):
    device = make_device(contoso)
    with tenant_scope(contoso.pk):
        block_by_hand(device=device, restriction="roaming_data", by=alice, reason="Left in a taxi")
        enforce_due(now=timezone.now())
        number = str(Command.objects.get().pk)
    url = f"/t/contoso/devices/{device.pk}/"
    client = client_for(request.getfixturevalue(name))
    page = client.get(url).content.decode()
    assert number in page
    assert "Left in a taxi" in page
    with tenant_scope(contoso.pk):
        category = DeviceCategory.objects.create(name="Own phone", is_personal=True)
        move(device=device, category=category, now=timezone.now(), by=alice)
    page = client.get(url).content.decode()
    live = client.get(url, headers={"HX-Request": "true", "HX-Target": "device-live"})
    for shown in (page, live.content.decode()):
        assert (number in shown, "Left in a taxi" in shown) == (sees, sees)
        assert ("hidden from your role" in shown) is not sees
