"""A device moved to a personal category: its usage stays out, its restrictions end, and back."""

from __future__ import annotations

import pytest

from devices.actions import categories
from devices.actions.restrictions import Refused, block_by_hand
from devices.models import Device, DeviceCategory, DeviceControl, RestrictionReason
from tests.engine.importing import run
from tests.engine.scene import GB, NOW, lines_with_phones, settle, use
from usage.models import Decision, UsageRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def private(in_northwind) -> DeviceCategory:
    return DeviceCategory.objects.get(is_personal=True)


def move(device: Device, category: DeviceCategory | None) -> None:
    device.refresh_from_db()
    categories.move(device=device, category=category, now=NOW, by=None)


def test_a_new_tenant_has_corporate_and_personal(in_northwind):
    found = DeviceCategory.objects.order_by("name").values_list("name", "is_personal")
    assert list(found) == [("Corporate", False), ("Personal", True)]


def test_moving_to_personal_releases_and_moving_back_blocks_again(in_northwind, private):
    [(line, device)] = lines_with_phones("knox")
    use(line, 2 * GB)
    settle()
    control = DeviceControl.objects.get(device=device)
    assert control.desired == control.observed == ["cellular_data"]
    move(device, private)
    control.refresh_from_db()
    assert control.desired == [], "at once, before anybody has judged the line"
    settle()
    control.refresh_from_db()
    assert control.observed == []
    assert Decision.objects.filter(line=line).latest("pk").reason == "personal_device"
    move(device, None)
    settle()
    control.refresh_from_db()
    assert control.desired == control.observed == ["cellular_data"]


def test_a_move_there_and_back_before_anybody_looks_changes_nothing(in_northwind, private):
    [(line, device)] = lines_with_phones("knox")
    use(line, 2 * GB)
    settle()
    move(device, private)
    move(device, None)
    settle()
    control = DeviceControl.objects.get(device=device)
    assert control.desired == control.observed == ["cellular_data"]


def test_what_was_set_by_hand_is_held_and_nothing_more_is_set(in_northwind, private, alice):
    [(_line, device)] = lines_with_phones("ios")
    block_by_hand(device=device, restriction="roaming_data", by=alice, reason="Lost.")
    move(device, private)
    assert DeviceControl.objects.get(device=device).desired == []
    assert RestrictionReason.objects.filter(device=device).count() == 1
    device.refresh_from_db()
    with pytest.raises(Refused, match="personal"):
        block_by_hand(device=device, restriction="cellular_data", by=alice, reason="Again.")


def test_a_carriers_file_leaves_the_usage_of_personal_devices_out(in_northwind, private, file):
    pairs = lines_with_phones("ios", "ios")
    (private_line, device), (line, _other) = pairs
    move(device, private)
    path = file(
        f"{private_line.reference},5,{NOW:%Y-%m-%d %H:%M:%S}",
        f"{line.reference},7,{NOW:%Y-%m-%d %H:%M:%S}",
    )
    report = run(path)
    assert (report["accepted"], report["rejected"]) == (1, 1)
    assert "personal device" in str(report["rejects"][0])
    assert list(UsageRecord.objects.values_list("line_id", flat=True)) == [line.pk]


def test_making_a_category_personal_is_followed_by_its_devices(in_northwind, private, alice):
    [(_line, device)] = lines_with_phones("ios")
    corporate = DeviceCategory.objects.get(is_personal=False)
    move(device, corporate)
    block_by_hand(device=device, restriction="roaming_data", by=alice, reason="Lost.")
    terms = categories.CategoryTerms(name="Corporate", is_personal=True)
    categories.edit(category=corporate, terms=terms, now=NOW, by=alice)
    assert DeviceControl.objects.get(device=device).desired == []
    assert categories.delete(category=corporate, now=NOW, by=alice) == 1
    assert DeviceControl.objects.get(device=device).desired == ["roaming_data"]
    device.refresh_from_db()
    assert device.category is None
