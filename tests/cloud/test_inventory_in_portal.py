"""Managed devices become devices of the portal, users people, and SIMs go where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from common.sentences import sentence
from common.tenancy import tenant_scope
from connectors.actions import inventory as acts
from connectors.actions.inventory import AnotherHasIt
from connectors.intune_facts import managed_device, same_sim
from connectors.inventory_sources import SOURCES
from connectors.models import Connector, InventoryItem, MdmServer, Provider
from connectors.workers import inventory_page
from connectors.workers.inventory_page import CameTo
from devices.actions import categories
from devices.actions.devices import retire
from devices.models import Device, DeviceCategory, DeviceSim, Sim, SimulatedDevice
from devices.queries.targets import target_of
from devices.refusals import refusal
from sandbox.cloud import bodies
from tenants.models import Person, Tenant, User
from tests.factories import PersonFactory
from tests.usage_factories import make_device, make_line, make_line_with_device
from usage.models import Line, LinePerson

HERE = UUID("1d1d1d1d-0000-4000-8000-000000000001")
CATEGORIES, USERS, _GROUPS, DEVICES = SOURCES
IMEI = "490154203237518"


# --- in words ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "platform", "mode"),
    [
        ({"operatingSystem": "iOS", "model": "iPhone 14"}, "ios", "device"),
        ({"operatingSystem": "iOS", "model": "iPad Air"}, "ipados", "device"),
        ({"operatingSystem": "iPadOS"}, "ipados", "device"),
        ({"operatingSystem": "iOS", "deviceEnrollmentType": "appleUserEnrollment"}, "ios", "user"),
        (
            {
                "operatingSystem": "Android",
                "manufacturer": "samsung",
                "deviceEnrollmentType": "androidEnterpriseFullyManaged",
            },
            "knox",
            "DO",
        ),
        (
            {
                "operatingSystem": "Android",
                "manufacturer": "Google",
                "deviceEnrollmentType": "androidEnterpriseCorporateWorkProfile",
            },
            "android",
            "COPE",
        ),
        (
            {
                "operatingSystem": "Android",
                "managementAgent": "googleCloudDevicePolicyController",
                "managedDeviceOwnerType": "personal",
            },
            "android",
            "PO",
        ),
        (
            {
                "operatingSystem": "Android",
                "manufacturer": "samsung",
                "managementAgent": "googleCloudDevicePolicyController",
                "managedDeviceOwnerType": "company",
            },
            "knox",
            "DO",
        ),
        ({"operatingSystem": "AndroidForWork"}, "android", "PO"),
        ({"operatingSystem": "AndroidEnterprise"}, "android", "DO"),
        ({"operatingSystem": "Android", "managementAgent": "mdm"}, "android", "DA"),
        ({"operatingSystem": "Windows"}, "other", "device"),
        ({"operatingSystem": "macOS"}, "other", "device"),
        ({}, "other", "device"),
    ],
)
def test_platform_and_management_are_told_from_graphs_words(
    facts: dict[str, str], platform: str, mode: str
) -> None:
    said = managed_device(facts)
    assert (said.platform, said.management_mode) == (platform, mode)


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("imei", IMEI, "imei", IMEI),
        ("imei", "49 015420 323751 8", "imei", IMEI),
        ("imei", "490154203237519", "imei", ""),  # the check digit is wrong
        ("imei", "000000000000000", "imei", ""),
        ("imei", "4901542032375", "imei", ""),
        ("serialNumber", " F2LXYZ ", "serial", "F2LXYZ"),
        ("serialNumber", "Unknown", "serial", ""),
        ("serialNumber", "x" * 41, "serial", ""),
        ("osVersion", "18.1", "os_version", "18.1"),
        ("osVersion", "14 (patched)", "os_version", "14"),
        ("osVersion", "Tiramisu", "os_version", ""),
        ("iccid", "8931 0000 0000 0000 017", "iccid", "8931000000000000017"),
        ("iccid", "89-31", "iccid", ""),
        ("deviceName", "A\0phone", "name", "Aphone"),
        ("model", "m" * 300, "model", "m" * 80),
    ],
)
def test_what_cannot_be_what_it_says_is_not_said(
    name: str, value: str, field: str, expected: str
) -> None:
    assert getattr(managed_device({name: value}), field) == expected


def test_a_tablet_without_a_number_of_the_network_has_no_radio() -> None:
    assert not managed_device({"operatingSystem": "iPadOS"}).has_mobile_radio
    assert managed_device({"operatingSystem": "iPadOS", "imei": IMEI}).has_mobile_radio
    assert managed_device({"operatingSystem": "iOS"}).has_mobile_radio


def test_an_iccid_with_and_without_its_check_digit_is_one_sim() -> None:
    assert same_sim("8931000000000000017", "893100000000000001")
    assert not same_sim("8931000000000000017", "8931000000000000025")


# --- a connector without a cloud --------------------------------------------------------------


@pytest.fixture
def connector(contoso: Tenant) -> Iterator[Connector]:
    """Contoso's connector, inside Contoso's scope; pages are handed to it by hand."""
    Tenant.objects.filter(pk=contoso.pk).update(cloud="sandbox")
    contoso.refresh_from_db()
    with tenant_scope(contoso.pk):
        categories.create_defaults()
        yield Connector.objects.create(
            tenant=contoso,
            provider=Provider.BUILT_IN,
            display_name="Built-in engine",
            state="active",
            mdm_server=MdmServer.INTUNE,
            directory_id=HERE,
            app_authorized=True,
            contact_at=timezone.now(),
        )


def phone(key: str, **facts: Any) -> dict[str, Any]:
    """A managed device as Graph answers it; an iPhone unless `facts` say otherwise."""
    body = bodies.managed_device_body(
        key=uuid5(HERE, key), name=f"Phone {key}", system="iOS", version="18.1",
        model="iPhone 15", manufacturer="Apple", serial=f"SERIAL{key}", imei="", iccid="",
        phone="", carrier="", category="Corporate", user=None, synced=timezone.now(),
    )  # fmt: skip
    return {**body, **facts}


def person(key: str, **facts: Any) -> dict[str, Any]:
    body = bodies.user_body(
        key=uuid5(HERE, key), name=f"{key.title()} Doe", principal=f"{key}@contoso.example",
        department="Sales", location="NL",
    )  # fmt: skip
    return {**body, **facts}


def tell(connector: Connector, *told: dict[str, Any], source: Any = DEVICES) -> CameTo:
    return inventory_page.take(
        connector=connector,
        source=source,
        bodies={body["id"]: body for body in told},
        now=timezone.now(),
    )


def gone(connector: Connector, *told: dict[str, Any], source: Any = DEVICES) -> CameTo:
    keys = [body["id"] for body in told]
    return inventory_page.gone(connector=connector, source=source, keys=keys, now=timezone.now())


def item_of(body: dict[str, Any]) -> InventoryItem:
    return InventoryItem.objects.select_related("device__category", "person").get(key=body["id"])


def device_of(body: dict[str, Any]) -> Device:
    found = item_of(body).device
    assert found is not None
    return found


def sims_in(device: Device) -> list[int]:
    return list(DeviceSim.objects.open().filter(device=device).values_list("sim_id", flat=True))


def sim_of(line: Line) -> Sim:
    return line.sim_links.get(unlinked_at=None).sim


def everything() -> list[Any]:
    tables = (InventoryItem, Device, DeviceSim, Person, LinePerson, DeviceCategory, AuditEvent)
    return [list(table.objects.order_by("pk").values()) for table in tables]


# --- devices ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_phone_nobody_knew_becomes_a_device_with_its_line_and_its_user(
    connector: Connector, contoso: Tenant
) -> None:
    line = make_line(contoso)
    tell(connector, person("paula"), source=USERS)
    new = phone(
        "new", imei=IMEI, iccid="8931000000000000017", phoneNumber=line.msisdn,
        userPrincipalName="Paula@contoso.example",
    )  # fmt: skip
    came_to = tell(connector, new)
    assert (came_to.added, came_to.devices_added, came_to.sims_moved, came_to.holders_given) == (
        1, 1, 1, 1,
    )  # fmt: skip
    device = device_of(new)
    assert (device.name, device.platform, device.serial, device.imei, device.model) == (
        "Phone new", "ios", "SERIALnew", IMEI, "iPhone 15",
    )  # fmt: skip
    assert device.category is not None
    assert (device.category.name, device.state) == ("Corporate", "managed")
    assert device.is_simulated
    assert SimulatedDevice.objects.filter(device=device).exists()
    assert sims_in(device) == [sim_of(line).pk]
    assert sim_of(line).iccid == "8931000000000000017"  # nobody knew it before
    assert line.person_links.get().person.email == "paula@contoso.example"
    told = AuditEvent.objects.filter(object_id=str(device.pk), object_type="device")
    assert set(told.values_list("action", flat=True)) == {"device.added", "device.sim_put_in"}
    assert set(told.values_list("actor", flat=True)) == {"portal"}


@pytest.mark.django_db
def test_a_second_telling_writes_nothing(connector: Connector, contoso: Tenant) -> None:
    line = make_line(contoso)
    told = [phone("a", phoneNumber=line.msisdn), phone("b", managedDeviceOwnerType="personal")]
    people = [person("paula"), person("guest", userType="Guest")]
    tell(connector, *people, source=USERS)
    tell(connector, *told)
    before = everything()
    assert tell(connector, *told) == CameTo()
    assert tell(connector, *people, source=USERS) == CameTo()
    assert everything() == before


@pytest.mark.django_db
def test_a_phone_that_is_known_is_that_phone_and_keeps_what_was_said_here(
    connector: Connector, contoso: Tenant
) -> None:
    by_serial, by_imei = make_device(contoso), make_device(contoso)
    assert by_serial.category is None
    one = phone("one", serialNumber=by_serial.serial, osVersion="99.1")
    other = phone("other", imei=by_imei.imei, serialNumber="")
    assert tell(connector, one, other).devices_added == 0
    assert (device_of(one), device_of(other)) == (by_serial, by_imei)
    assert (device_of(one).os_version, device_of(one).name) == ("99.1", by_serial.name)
    assert device_of(one).category is not None  # it had none
    tell(connector, {**one, "osVersion": "99.2", "deviceName": "Renamed at Intune"})
    assert (device_of(one).os_version, device_of(one).name) == ("99.2", "Renamed at Intune")


@pytest.mark.django_db
def test_numbers_of_two_devices_are_a_conflict_until_one_is_retired(
    connector: Connector, contoso: Tenant, alice: User
) -> None:
    one, other = make_device(contoso), make_device(contoso)
    torn = phone("torn", serialNumber=one.serial, imei=other.imei)
    assert tell(connector, torn).conflicts == 1
    assert (item_of(torn).device, item_of(torn).trouble) == (None, "inventory_two_devices")
    assert "two devices of the portal" in sentence("inventory_two_devices")
    assert tell(connector, torn).conflicts == 0  # the same conflict is no new one
    retire(device=other, now=timezone.now(), by=alice)
    tell(connector, torn)
    assert (device_of(torn), item_of(torn).trouble) == (one, "")


@pytest.mark.django_db
def test_a_phone_enrolled_anew_takes_its_device_over_when_the_old_record_is_gone(
    connector: Connector,
) -> None:
    old, new = phone("old", serialNumber="SAME"), phone("new", serialNumber="SAME")
    assert tell(connector, old, new).conflicts == 1
    device = device_of(old)
    assert item_of(new).trouble == "inventory_device_taken"
    gone(connector, old)
    device.refresh_from_db()
    assert device.state == "unmanaged"
    inventory_page.again(connector=connector, source=DEVICES, now=timezone.now())
    assert device_of(new) == device
    assert device_of(new).state == "managed"
    tell(connector, old)  # the old record comes back: its device is the new one's by now
    assert item_of(old).device is None
    assert Device.objects.count() == 1


@pytest.mark.django_db
def test_what_is_gone_is_marked_and_comes_back_as_it_was(
    connector: Connector, contoso: Tenant
) -> None:
    line = make_line(contoso)
    lost = phone("lost", phoneNumber=line.msisdn)
    tell(connector, lost)
    device = device_of(lost)
    assert gone(connector, lost).gone == 1
    assert gone(connector, lost).gone == 0
    device.refresh_from_db()
    assert device.state == "unmanaged"
    assert sims_in(device) == [sim_of(line).pk]
    found = refusal(target=target_of(device), restrictions=["roaming_data"])
    assert found is not None
    assert found.code == "not_enrolled"
    assert tell(connector, lost).changed == 1
    device.refresh_from_db()
    assert device.state == "managed"
    told = AuditEvent.objects.filter(object_id=str(device.pk), object_type="device")
    assert {"device.gone", "device.back"} <= set(told.values_list("action", flat=True))


@pytest.mark.django_db
def test_a_device_that_was_retired_here_is_left_alone(
    connector: Connector, contoso: Tenant, alice: User
) -> None:
    old = phone("old", phoneNumber=make_line(contoso).msisdn)
    tell(connector, old)
    device = device_of(old)
    retire(device=device, now=timezone.now(), by=alice)
    tell(connector, {**old, "osVersion": "20.0"})
    gone(connector, old)
    device.refresh_from_db()
    assert (device.state, device.os_version, sims_in(device)) == ("retired", "18.1", [])
    assert Device.objects.count() == 1


@pytest.mark.django_db
def test_in_a_real_cloud_no_command_can_be_given_and_the_portal_says_so(
    connector: Connector, contoso: Tenant
) -> None:
    Tenant.objects.filter(pk=contoso.pk).update(cloud="global")
    real = phone("real")
    tell(Connector.objects.select_related("tenant").get(pk=connector.pk), real)
    device = device_of(real)
    assert (device.gateway, device.is_simulated) == ("", False)
    assert not SimulatedDevice.objects.exists()
    found = refusal(target=target_of(device), restrictions=["roaming_data"])
    assert found is not None
    assert "no gateway leads to it" in sentence(found.code)


# --- categories -------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_personal_phone_is_personal_whatever_its_category_is_called(
    connector: Connector,
) -> None:
    own = phone("own", managedDeviceOwnerType="personal", deviceCategoryDisplayName="Corporate")
    bare = phone("bare", deviceCategoryDisplayName="Unknown")
    kiosk = phone("kiosk", deviceCategoryDisplayName="Kiosk")
    tell(connector, own, bare, kiosk)
    found = device_of(own).category
    assert found is not None
    assert found.is_personal
    assert device_of(bare).category is None
    made = DeviceCategory.objects.get(name="Kiosk")
    assert (device_of(kiosk).category, made.is_personal) == (made, False)


@pytest.mark.django_db
def test_a_category_follows_intune_when_intune_changes_it_and_the_portal_otherwise(
    connector: Connector, alice: User
) -> None:
    told = phone("told")
    tell(connector, told)
    here = categories.add(terms=categories.CategoryTerms("Chosen here"), by=alice)
    categories.move(device=device_of(told), category=here, now=timezone.now(), by=alice)
    tell(connector, {**told, "osVersion": "18.2"})
    assert device_of(told).category == here
    tell(connector, {**told, "osVersion": "18.2", "managedDeviceOwnerType": "personal"})
    found = device_of(told).category
    assert found is not None
    assert found.is_personal


@pytest.mark.django_db
def test_categories_of_intune_are_categories_here(connector: Connector) -> None:
    names = ("corporate", "Kiosk", "")
    told = [
        bodies.category_body(key=uuid5(HERE, name), name=name, description="") for name in names
    ]
    tell(connector, *told, source=CATEGORIES)
    gone(connector, *told, source=CATEGORIES)
    names_here = DeviceCategory.objects.order_by("name").values_list("name", flat=True)
    assert list(names_here) == ["Corporate", "Kiosk", "Personal"]


# --- lines ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_sim_in_a_phone_that_intune_does_not_know_stays_until_a_person_decides(
    connector: Connector, contoso: Tenant, alice: User, client_for: Callable[..., Any]
) -> None:
    line, elsewhere = make_line_with_device(contoso)
    told = phone("told", phoneNumber=line.msisdn)
    assert tell(connector, told).conflicts == 1
    assert item_of(told).match_state == "doubtful"
    assert sims_in(elsewhere) == [sim_of(line).pk]
    client = client_for(alice)
    page = f"/t/contoso/connectors/matches/{item_of(told).pk}/"
    assert client.post(page, {"line": str(line.pk)}).status_code == 302
    assert (sims_in(elsewhere), sims_in(device_of(told))) == ([], [sim_of(line).pk])
    before = everything()
    assert tell(connector, told) == CameTo()
    assert everything() == before
    client.post(page, {"line": "0"})
    assert sims_in(device_of(told)) == []


@pytest.mark.django_db
def test_a_decision_that_cannot_be_carried_out_is_refused_whole(
    connector: Connector, contoso: Tenant, alice: User
) -> None:
    line, _elsewhere = make_line_with_device(contoso)
    told = phone("told", phoneNumber=line.msisdn)
    tell(connector, told)
    Line.objects.filter(pk=line.pk).update(state="retired", retired_at=timezone.now())
    with pytest.raises(AnotherHasIt, match="not active any more"):
        acts.decide(item=item_of(told), line_id=line.pk, by=alice, now=timezone.now())
    assert item_of(told).match_state == "doubtful"


@pytest.mark.django_db
def test_a_sim_follows_from_one_known_phone_to_another(
    connector: Connector, contoso: Tenant
) -> None:
    line = make_line(contoso)
    first = phone("first", imei=IMEI, phoneNumber=line.msisdn)
    second = phone("second")
    tell(connector, first, second)
    swapped = [{**first, "phoneNumber": ""}, {**second, "phoneNumber": line.msisdn}]
    came_to = tell(connector, *swapped)
    assert (came_to.sims_moved, came_to.conflicts) == (1, 0)
    assert (sims_in(device_of(first)), sims_in(device_of(second))) == ([], [sim_of(line).pk])
    assert (item_of(first).match_state, item_of(second).match_state) == ("none", "matched")
    assert tell(connector, *swapped) == CameTo()
    assert DeviceSim.objects.filter(sim=sim_of(line)).count() == 2  # history


@pytest.mark.django_db
def test_another_sim_than_the_lines_is_a_doubt(connector: Connector, contoso: Tenant) -> None:
    line = make_line(contoso, msisdn="+31612345678", iccid="8931000000000000017")
    other = phone("other", phoneNumber=line.msisdn, iccid="8931000000000000025")
    same = phone("same", phoneNumber=line.msisdn, iccid="893100000000000001")
    tell(connector, other)
    assert item_of(other).match_state == "doubtful"
    tell(connector, same)
    assert item_of(same).match_state == "matched"


@pytest.mark.django_db
def test_a_holder_that_was_chosen_here_stays(connector: Connector, contoso: Tenant) -> None:
    line = make_line(contoso)
    chosen = PersonFactory(tenant=contoso)
    LinePerson.objects.create(line=line, person=chosen, linked_at=timezone.now())
    tell(connector, person("paula"), source=USERS)
    told = phone("told", phoneNumber=line.msisdn, userPrincipalName="paula@contoso.example")
    assert tell(connector, told).holders_given == 0
    assert line.person_links.get().person == chosen


# --- people -----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_users_become_people_once_and_guests_do_not(connector: Connector, contoso: Tenant) -> None:
    known = PersonFactory(tenant=contoso, email="Paula@Contoso.example", name="Paula")
    told = [
        person("paula"),
        person("peter"),
        person("guest", userType="Guest"),
        person("off", accountEnabled=False),
    ]
    assert tell(connector, *told, source=USERS).people_added == 1
    assert [item_of(body).person_id for body in told[2:]] == [None, None]
    assert item_of(told[0]).person == known
    made = item_of(told[1]).person
    assert made is not None
    assert (made.name, made.email, made.department) == (
        "Peter Doe",
        "peter@contoso.example",
        "Sales",
    )


@pytest.mark.django_db
def test_people_follow_leave_and_come_back(connector: Connector, contoso: Tenant) -> None:
    told = person("paula")
    tell(connector, told, source=USERS)
    tell(connector, {"id": told["id"], "department": "Moon base"}, source=USERS)  # a change only
    paula = item_of(told).person
    assert paula is not None
    assert (paula.name, paula.department) == ("Paula Doe", "Moon base")
    tell(connector, {"id": told["id"], "department": None}, source=USERS)
    paula.refresh_from_db()
    assert paula.department == ""
    tell(connector, {"id": told["id"], "@removed": {"reason": "deleted"}}, source=USERS)
    paula.refresh_from_db()
    assert paula.removed_at is not None
    tell(connector, told, source=USERS)
    paula.refresh_from_db()
    assert paula.removed_at is None
    acts_told = AuditEvent.objects.filter(object_id=str(paula.pk), object_type="person")
    assert set(acts_told.values_list("action", flat=True)) == {
        "person.added", "person.edited", "person.gone", "person.back",
    }  # fmt: skip
