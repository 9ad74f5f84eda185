"""A device is put into a group that a profile is linked to, and taken out: there, and on record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from common.permissions import Role
from common.tenancy import tenant_scope
from connectors.actions.connecting import consent_given
from connectors.graph_limits import Limits
from connectors.models import Connector, InventoryItem, MdmServer, Provider
from sandbox.cloud import seed
from sandbox.cloud.graph.changes import save
from sandbox.models import CloudConsent, CloudObject, CloudTenant, Fault, Kind
from tenants.models import Tenant, User
from tests.cast import member
from tests.cloud.conftest import SECRETS
from tests.cloud.connect import words
from tests.cloud.inside import Inside
from tests.cloud.test_inventory import run_sync

CONTOSO = seed.CONTOSO.id
ASKED, DONE, OUT = (
    "inventory.group_change_asked",
    "inventory.put_in_group",
    "inventory.taken_out_of_group",
)


def cloud_objects(kind: Kind) -> Any:
    return CloudObject.objects.filter(cloud_tenant_id=CONTOSO, kind=kind)


def group_named(name: str) -> CloudObject:
    return cloud_objects(Kind.GROUP).get(body__displayName=name)


def members(name: str = "No data roaming") -> list[str]:
    return list(group_named(name).hidden.get("members", []))


def set_fault(fault: Fault, left: int | None = None) -> None:
    CloudTenant.objects.filter(pk=CONTOSO).update(fault=fault, faults_left=left)


@pytest.fixture
def connector(connected: Tenant, inside: Inside, alice: User) -> Connector:
    """Connected, with the consent for profiles, and the inventory read."""
    now = timezone.now()
    with tenant_scope(connected.pk):
        made = Connector.objects.create(
            provider=Provider.BUILT_IN,
            display_name="Built-in engine",
            state="active",
            mdm_server=MdmServer.INTUNE,
            directory_id=CONTOSO,
            app_authorized=True,
            contact_at=now,
        )
        consent_given(connector=made, purpose="mdm_profiles", by=alice, now=now)
    assert run_sync(made).state == "done"
    return made


@pytest.fixture
def phone(connector: Connector) -> InventoryItem:
    with tenant_scope(connector.tenant_id):
        return InventoryItem.objects.filter(kind="device").order_by("pk")[0]


def entra_object(phone: InventoryItem) -> str:
    device = cloud_objects(Kind.DEVICE).get(body__deviceId=phone.facts["azureADDeviceId"])
    return device.object_id


def page_of(phone: InventoryItem) -> str:
    return f"/t/contoso/connectors/managed/{phone.pk}/profiles/"


def press(client: Any, phone: InventoryItem, way: str, group: str = "No data roaming") -> str:
    """The page after the button: put-in or take-out."""
    key = group_named(group).object_id
    answer = client.post(f"{page_of(phone)}{way}/", {"group": key}, follow=True)
    assert answer.status_code == 200
    return words(answer)


def on_record(phone: InventoryItem) -> list[tuple[str, str]]:
    with tenant_scope(phone.tenant_id):
        events = AuditEvent.objects.filter(
            action__in=[ASKED, DONE, OUT], object_id=str(phone.pk)
        ).order_by("pk")
        return [(event.action, event.after["group"]) for event in events]


@pytest.mark.django_db
def test_profiles_are_listed_with_their_groups(
    connector: Connector, alice: User, client_for: Callable[..., Any]
) -> None:
    text = words(client_for(alice).get(f"/t/contoso/connectors/{connector.pk}/profiles/"))
    assert "No data roaming (iOS)" in text and "deviceConfiguration" not in text


@pytest.mark.django_db
def test_a_device_is_put_in_and_taken_out(
    phone: InventoryItem, inside: Inside, alice: User, client_for: Callable[..., Any]
) -> None:
    client = client_for(alice)
    assert "Put into No data roaming" in words(client.get(page_of(phone)))
    assert "is in the group No data roaming" in press(client, phone, "put-in")
    assert members() == [entra_object(phone)]
    text = press(client, phone, "put-in")  # pressed twice is pressed once
    assert "is in the group No data roaming" in text and "Take out of No data roaming" in text
    assert members() == [entra_object(phone)]
    assert "is not in the group No data roaming any more" in press(client, phone, "take-out")
    assert "is not in the group" in press(client, phone, "take-out")
    assert members() == []
    group = "No data roaming"
    assert on_record(phone) == [
        (ASKED, group), (DONE, group), (ASKED, group), (DONE, group),
        (ASKED, group), (OUT, group), (ASKED, group), (OUT, group),
    ]  # fmt: skip


@pytest.mark.django_db
def test_only_the_application_of_that_consent_may_do_it(
    phone: InventoryItem, alice: User, client_for: Callable[..., Any]
) -> None:
    """Without the right the cloud refuses; the connection's own application never had it."""
    own = CloudConsent.objects.filter(cloud_tenant_id=CONTOSO)
    roles = {str(consent.registration_id): consent.roles for consent in own}
    assert "GroupMember.ReadWrite.All" in roles[SECRETS["mdm_profiles"][0]]
    assert "GroupMember.ReadWrite.All" not in roles[SECRETS["connection"][0]]
    for consent in own.filter(registration_id=SECRETS["mdm_profiles"][0]):
        consent.roles = [role for role in consent.roles if role != "Device.ReadWrite.All"]
        consent.roles.append("Device.Read.All")
        consent.save()
    text = press(client_for(alice), phone, "put-in")
    assert "The consent does not include this" in text and "Reference for support" in text
    assert members() == []
    assert on_record(phone) == [(ASKED, "No data roaming")]  # asked, and nothing done


@pytest.mark.django_db
@pytest.mark.parametrize("group", ["Sales", "Corporate phones"])
def test_no_other_group_of_the_directory_can_be_changed(
    phone: InventoryItem, alice: User, client_for: Callable[..., Any], group: str
) -> None:
    """One that no profile names, and one that a profile names whose members follow a rule."""
    profile = cloud_objects(Kind.DEVICE_CONFIGURATION).first()
    profile.hidden["assignments"].append(
        {"id": "rule", "target": {"@odata.type": "#microsoft.graph.groupAssignmentTarget",
                                  "groupId": group_named("Corporate phones").object_id}}
    )  # fmt: skip
    save(profile)
    before = members(group)
    assert "linked to no profile any more" in press(client_for(alice), phone, "put-in", group)
    assert members(group) == before and on_record(phone) == []


@pytest.mark.django_db
def test_a_lost_answer_is_looked_up_and_a_failure_is_told(
    phone: InventoryItem,
    alice: User,
    client_for: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    client = client_for(alice)
    set_fault(Fault.LOST)
    assert "is in the group No data roaming" in press(client, phone, "put-in")
    assert members() == [entra_object(phone)]
    set_fault(Fault.FAILING)
    assert "does not answer at the moment" in press(client, phone, "take-out")
    set_fault(Fault.NONE)
    assert members() == [entra_object(phone)]
    limits = Limits(tenant_id=phone.tenant_id, provider="graph")
    for name in ("paused", "failures", "tried"):
        limits._ask(lambda server, name=name: server.delete(limits._key(name)), None)


@pytest.mark.django_db
def test_what_cannot_be_in_a_group_is_refused_in_a_sentence(
    phone: InventoryItem, connector: Connector, alice: User, client_for: Callable[..., Any]
) -> None:
    client = client_for(alice)
    with tenant_scope(phone.tenant_id):
        for entra_id in ("", "00000000-0000-0000-0000-000000000000", "nonsense' or 1 eq 1"):
            phone.facts["azureADDeviceId"] = entra_id
            phone.save()
            assert "is not registered in Entra" in press(client, phone, "put-in")
        InventoryItem.objects.filter(pk=phone.pk).update(gone_at=timezone.now())
        assert "does not know this device any more" in press(client, phone, "put-in")
        connector.consents.update(state="off")
    assert "The consent for MDM profile management is off" in words(client.get(page_of(phone)))
    assert "consent for MDM profile management is off" in press(client, phone, "put-in")
    assert members() == [] and on_record(phone) == []


@pytest.mark.django_db
def test_an_auditor_sees_the_groups_and_no_button(
    phone: InventoryItem, connected: Tenant, client_for: Callable[..., Any]
) -> None:
    client = client_for(member("arthur", tenant=connected, role=Role.AUDITOR))
    text = words(client.get(page_of(phone)))
    assert "Not in this group" in text and "Put into" not in text
    key = group_named("No data roaming").object_id
    assert client.post(f"{page_of(phone)}put-in/", {"group": key}).status_code == 403
    assert members() == []


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_page_in_the_browser(
    phone: InventoryItem,
    alice: User,
    browser_page: Any,
    sign_in: Callable[..., None],
    assert_accessible: Callable[..., None],
) -> None:
    sign_in(browser_page, alice)
    page = browser_page
    page.goto(f"/t/contoso/connectors/{phone.connector_id}/inventory/")
    page.get_by_role("link", name=f"Profiles: {phone.name}").click()
    page.get_by_role("heading", name=f"Intune profiles of {phone.name}").wait_for()
    assert_accessible(page)
    page.get_by_role("button", name="Put into No data roaming").first.click()
    page.get_by_text("is in the group No data roaming").wait_for()
    assert members() == [entra_object(phone)]
    assert_accessible(page)
    page.set_viewport_size({"width": 360, "height": 780})
    page.goto(page_of(phone))
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("button", name="Take out of No data roaming").first.click()
    page.get_by_text("is not in the group").wait_for()
    assert members() == []
