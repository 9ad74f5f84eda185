"""The pages of device groups, with and without script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.tenancy import tenant_scope
from devices import rule_words
from devices.actions import groups as acts
from devices.models import Device, DeviceCategory, Group, GroupMember
from tests.device_groups.test_membership import KIOSKS, make_group, settle
from tests.usage_factories import make_device

pytestmark = pytest.mark.django_db
GROUPS = "/t/contoso/devices/groups/"


def test_a_dynamic_group_is_checked_added_and_filled(contoso, alice, client_for):
    client, device = client_for(alice), make_device(contoso)
    with tenant_scope(contoso.pk):
        Device.objects.update(category=DeviceCategory.objects.create(name="Kiosk"))
    settle()
    said = {"name": "Kiosks", "rule": KIOSKS.upper().replace("DEVICE.DEVICEC", "device.DEVICEC")}
    page = client.post(f"{GROUPS}add-dynamic/", {**said, "device": device.name, "check": "1"})
    text = page.content.decode()
    assert page.status_code == 200
    assert f"1: {device.name}" in text  # who would join
    assert "deviceCategory is Kiosk." in text  # the trace of the trial
    with tenant_scope(contoso.pk):
        assert not Group.objects.exists()
    page = client.post(f"{GROUPS}add-dynamic/", said, follow=True).content.decode()
    assert "Kiosks was added." in page
    assert "Not started" in page
    settle()
    with tenant_scope(contoso.pk):
        group = Group.objects.get()
    page = client.get(f"{GROUPS}{group.pk}/").content.decode()
    assert "Update complete" in page
    assert f"/devices/{device.pk}/" in page
    assert "device.deviceCategory" in page
    tried = client.get(f"{GROUPS}{group.pk}/test/?q={device.name}").content.decode()
    assert "In the group" in tried


def test_an_error_is_shown_under_the_very_characters(contoso, alice, client_for):
    client = client_for(alice)
    said = {"name": "Kiosks", "rule": 'device.deviceModl -eq "<b>"'}
    answer = client.post(f"{GROUPS}add-dynamic/", said)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "<mark>device.deviceModl</mark> -eq &quot;&lt;b&gt;&quot;" in page
    assert "Did you mean device.deviceModel?" in page
    live = client.post(f"{GROUPS}check/", said, headers={"HX-Request": "true"}).content.decode()
    assert "<mark>device.deviceModl</mark>" in live
    assert "<html" not in live
    assert client.post(f"{GROUPS}check/?group=77777", said).status_code == 404
    spoilt = {"rule": 'device.displayName -eq "a\0"', "device": "\0"}
    assert "<mark>" in client.post(f"{GROUPS}check/", spoilt).content.decode()
    taken = {"name": "kiosks", "rule": KIOSKS}
    make_group(contoso)
    page = client.post(f"{GROUPS}add-dynamic/", taken)
    assert page.status_code == 422
    assert "Another group already has this name." in page.content.decode()


def test_the_preview_says_who_would_leave(contoso, alice, client_for):
    device = make_device(contoso)
    group = make_group(contoso, rule='device.deviceModel -ne "x"')
    settle()
    url = f"{GROUPS}check/?group={group.pk}"
    page = client_for(alice).post(url, {"rule": KIOSKS}).content.decode()
    assert re.search(rf"Would leave</dt>\s*<dd>1: {re.escape(device.name)}", page)


def test_devices_are_put_into_an_assigned_group_and_taken_out(contoso, alice, client_for):
    client, first, second = client_for(alice), make_device(contoso), make_device(contoso)
    client.post(f"{GROUPS}add/", {"name": "Spares"})
    with tenant_scope(contoso.pk):
        group = Group.objects.get()
    here = f"{GROUPS}{group.pk}/"
    assert first.name in client.get(f"{here}devices/").content.decode()
    add = f"{here}devices/add/?pick={first.pk}&pick={second.pk}"
    assert "Add 2 devices to Spares" in client.get(add).content.decode()
    assert "2 devices were added." in client.post(add, follow=True).content.decode()
    out = f"{here}devices/remove/?pick={first.pk}"
    assert "1 device was removed." in client.post(out, follow=True).content.decode()
    with tenant_scope(contoso.pk):
        assert [row.device_id for row in GroupMember.objects.filter(left_at=None)] == [second.pk]
    page = client.post(f"{here}pause/", follow=True).content.decode()
    assert "Only a group with a rule can be paused." in page
    assert client.post(f"{here}delete/").status_code == 302
    with tenant_scope(contoso.pk):
        assert not Group.objects.exists()


def test_a_category_names_the_rules_that_mention_it(contoso, alice, client_for):
    with tenant_scope(contoso.pk):
        category = DeviceCategory.objects.create(name="Kiosk")
    make_group(contoso, "Lobby tablets", 'device.deviceCategory -in ["kiosk", "Stand"]')
    make_group(contoso, "Others", 'device.displayName -eq "Kiosk"')
    for act in ("edit", "delete"):
        url = f"/t/contoso/devices/categories/{category.pk}/{act}/"
        page = client_for(alice).get(url).content.decode()
        assert "Lobby tablets" in page
        assert "Others" not in page


def test_who_may_only_look_gets_no_command(contoso, bob, client_for):
    group = make_group(contoso)
    client = client_for(bob)
    page = client.get(f"{GROUPS}{group.pk}/").content.decode()
    assert "Pause" not in page
    assert client.post(f"{GROUPS}{group.pk}/pause/").status_code == 403


@pytest.mark.parametrize("count", [3, 30])
def test_the_lists_cost_the_same_whatever_their_length(contoso, alice, client_for, count):
    ids = [make_device(contoso).pk for _ in range(count)]
    with tenant_scope(contoso.pk):
        for number in range(count):
            terms = acts.GroupTerms(name=f"Group {number}")
            group = acts.add(terms=terms, now=timezone.now(), by=alice)
        acts.put_in(group=group, device_ids=ids, now=timezone.now(), by=alice)
    client = client_for(alice)
    for url, most in ((GROUPS, 9), (f"{GROUPS}{group.pk}/", 11)):
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        assert len(queries) <= most


def test_every_error_has_its_sentence():
    rules = Path(rule_words.__file__).parent / "rules"
    text = "".join(path.read_text() for path in rules.glob("*.py"))
    kinds = "attribute|operator|syntax|null|value|mixed|length"
    codes = set(re.findall(rf'"(?:{kinds})",\s*"([a-z_]+)"', text))
    codes |= {"joiner_missing", "operator_wanted"}
    assert len(codes) > 25
    assert codes <= set(rule_words.WORDS)
