"""The inventory: read whole and by changes, resumed, put off; lines found, doubts decided."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from common.tenancy import tenant_scope
from connectors.actions import inventory as acts
from connectors.actions.connecting import NotActive
from connectors.graph_limits import Limits
from connectors.matching import ORDER, Match, judge
from connectors.models import Connector, InventoryItem, InventorySeen, MdmServer, Provider
from connectors.workers import inventory, inventory_details
from jobs import workers
from jobs.models import Job
from sandbox.cloud import seed
from sandbox.cloud.graph.changes import remove, save
from sandbox.models import CloudConsent, CloudObject, CloudTenant, Fault, Kind
from tenants.models import Tenant, User
from tests.cloud.inside import Inside
from tests.usage_factories import make_line, make_line_with_device
from usage.models import Line

CONTOSO = seed.CONTOSO.id


# --- which line a device has ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "taken", "match"),
    [
        ({}, {}, Match("none")),
        ({"phone": 1}, {}, Match("matched", "phone", 1)),
        ({"phone": 1, "iccid": 1, "imei": 1}, {}, Match("matched", "phone", 1)),
        ({"iccid": 2}, {}, Match("matched", "iccid", 2)),
        ({"imei": 3}, {9: "phone"}, Match("matched", "imei", 3)),
        ({"iccid": 2, "imei": 2}, {}, Match("matched", "iccid", 2)),
        ({"phone": 1, "iccid": 2}, {}, Match("doubtful", candidates=(1, 2))),
        ({"iccid": 2, "imei": 3}, {}, Match("doubtful", candidates=(2, 3))),
        ({"phone": 1}, {1: "phone"}, Match("doubtful", candidates=(1,))),
        ({"phone": 1}, {1: "person"}, Match("doubtful", candidates=(1,))),
        ({"imei": 1}, {1: "iccid"}, Match("doubtful", candidates=(1,))),
        ({"phone": 1}, {1: "imei"}, Match("matched", "phone", 1)),
        ({"iccid": 1, "imei": 1}, {1: "imei"}, Match("matched", "iccid", 1)),
    ],
)
def test_the_surest_number_names_the_line_unless_something_speaks_against_it(
    found: dict[str, int], taken: dict[int, str], match: Match
) -> None:
    assert judge(found=found, taken=taken) == match


def test_what_speaks_against_a_line_leaves_it_to_a_person() -> None:
    match = judge(found={"phone": 1, "iccid": 1}, taken={}, against=frozenset({1}))
    assert match == Match("doubtful", candidates=(1,))


LINES = st.integers(1, 4)


@given(
    st.dictionaries(st.sampled_from(ORDER), LINES),
    st.dictionaries(LINES, st.sampled_from((*ORDER, "person"))),
    st.frozensets(LINES),
)
def test_a_line_is_never_given_out_of_nothing_and_taken_over_by_a_surer_number_only(
    found: dict[str, int], taken: dict[int, str], against: frozenset[int]
) -> None:
    match = judge(found=found, taken=taken, against=against)
    assert match.line_id is None or match.line_id in found.values()
    assert match.line_id not in against
    assert (match.state == "none") == (not found)
    if match.line_id in taken:
        held_by = taken[match.line_id]
        assert held_by in ORDER and ORDER.index(match.by) < ORDER.index(held_by)


# --- reading ----------------------------------------------------------------------------------


@pytest.fixture
def connector(connected: Tenant, inside: Inside) -> Connector:
    with tenant_scope(connected.pk):
        return Connector.objects.create(
            provider=Provider.BUILT_IN,
            display_name="Built-in engine",
            state="active",
            mdm_server=MdmServer.INTUNE,
            directory_id=CONTOSO,
            app_authorized=True,
            contact_at=timezone.now(),
        )


def work(until: int = 20) -> None:
    """Work off what is due, and what falls due while it is put off."""
    now = timezone.now()
    for _turn in range(until):
        if not workers.work_off(now=now):
            return
        now += timedelta(minutes=20)


def run_sync(connector: Connector, *, whole: bool = False) -> Job:
    with tenant_scope(connector.tenant_id):
        job = acts.ask(connector=connector, whole=whole, by=None, now=timezone.now())
    work()
    return _job(job)


def _job(job: Job) -> Job:
    with tenant_scope(job.tenant_id):
        return Job.objects.get(pk=job.pk)


def totals(job: Job) -> dict[str, list[int]]:
    return {
        kind: [counts[name] for name in ("added", "changed", "gone", "conflicts")]
        for kind, counts in job.result["counts"].items()
    }


NOTHING = {kind: [0, 0, 0, 0] for kind in ("category", "user", "group", "device")}


def objects(kind: Kind) -> Any:
    return CloudObject.objects.filter(cloud_tenant_id=CONTOSO, kind=kind, removed=False)


@pytest.mark.django_db
def test_the_second_sync_writes_only_what_changed(connector: Connector) -> None:
    first = run_sync(connector)
    assert first.state == "done", first.error
    counts = totals(first)
    assert counts["category"] == [2, 0, 0, 0]
    assert counts["user"] == [objects(Kind.USER).count(), 0, 0, 0]
    assert counts["group"] == [objects(Kind.GROUP).count(), 0, 0, 0]
    assert counts["device"][:3] == [12, 0, 0]
    for whole in (False, True):
        with tenant_scope(connector.tenant_id):
            before = list(InventoryItem.objects.order_by("pk").values())
        assert totals(run_sync(connector, whole=whole)) == NOTHING
        with tenant_scope(connector.tenant_id):
            assert list(InventoryItem.objects.order_by("pk").values()) == before
            assert not InventorySeen.objects.exists()
    phone, gone_phone = objects(Kind.MANAGED_DEVICE).order_by("pk")[:2]
    phone.body["osVersion"] = "99.1"
    save(phone)
    remove(gone_phone)
    person, gone_person = objects(Kind.USER).order_by("-pk")[:2]
    person.body["department"] = "Moon base"
    save(person)
    remove(gone_person)
    third = run_sync(connector)
    assert totals(third)["device"] == [0, 1, 1, 0]
    assert totals(third)["user"] == [0, 1, 1, 0]
    with tenant_scope(connector.tenant_id):
        assert InventoryItem.objects.get(key=phone.object_id).facts["osVersion"] == "99.1"
        assert InventoryItem.objects.get(key=gone_person.object_id).gone_at


@pytest.mark.django_db
def test_a_sync_of_changes_asks_for_changes_only(connector: Connector, inside: Inside) -> None:
    run_sync(connector)
    inside.sent.clear()
    run_sync(connector)
    people = [request.url for request in inside.sent if "users/delta" in str(request.url)]
    assert len(people) == 1
    assert "deltatoken" in str(people[0])


def asked_by_id(inside: Inside) -> list[str]:
    """The ids of managed devices that were asked for one by one since the last look."""
    bodies = [json.loads(r.body) for r in inside.sent if str(r.url).endswith("/$batch")]
    inside.sent.clear()
    urls = [item["url"] for body in bodies for item in body["requests"]]
    return [url.split("/")[-1].split("?")[0] for url in urls]


@pytest.mark.django_db
def test_what_the_list_leaves_out_is_asked_of_devices_that_were_heard_of_since(
    connector: Connector, inside: Inside
) -> None:
    run_sync(connector)
    assert len(asked_by_id(inside)) == 12
    phone = objects(Kind.MANAGED_DEVICE).order_by("pk")[0]
    with tenant_scope(connector.tenant_id):
        facts = InventoryItem.objects.get(key=phone.object_id).facts
    assert facts["iccid"] == phone.body["iccid"]
    assert totals(run_sync(connector)) == NOTHING
    assert asked_by_id(inside) == []
    phone.body["lastSyncDateTime"] = "2026-11-01T10:00:00Z"
    save(phone)
    assert totals(run_sync(connector)) == NOTHING  # it was heard of and is what it was
    assert asked_by_id(inside) == [phone.object_id]
    phone.body |= {"lastSyncDateTime": "2026-11-01T18:00:00Z", "iccid": "8931000000000000017"}
    save(phone)
    assert totals(run_sync(connector))["device"][:3] == [0, 1, 0]
    assert asked_by_id(inside) == [phone.object_id]
    with tenant_scope(connector.tenant_id):
        facts = InventoryItem.objects.get(key=phone.object_id).facts
        assert facts["iccid"] == "8931000000000000017"
    assert totals(run_sync(connector, whole=True)) == NOTHING
    assert len(asked_by_id(inside)) == 12  # a whole reading trusts nothing


@pytest.mark.django_db
def test_who_is_gone_between_the_list_and_the_question_leaves_the_page(
    connector: Connector, client_of_graph: Any
) -> None:
    there = objects(Kind.MANAGED_DEVICE).order_by("pk")[0]
    bodies = {key: {"id": key, "iccid": ""} for key in (there.object_id, str(uuid4()))}
    with tenant_scope(connector.tenant_id):
        inventory_details.complete(client_of_graph(), connector, bodies, whole=False)
    assert list(bodies) == [there.object_id]
    assert bodies[there.object_id]["iccid"] == there.body["iccid"]


@pytest.mark.django_db
def test_a_forgotten_position_makes_it_a_whole_reading(connector: Connector) -> None:
    run_sync(connector)
    CloudTenant.objects.filter(pk=CONTOSO).update(delta_floor=10**6)
    gone = objects(Kind.USER).order_by("-pk").first()
    CloudObject.objects.filter(pk=gone.pk).delete()  # and no change tells of it
    job = run_sync(connector)
    assert job.state == "done", job.error
    assert totals(job)["user"] == [0, 0, 1, 0]


@pytest.mark.django_db
def test_it_goes_on_where_a_worker_died(
    connector: Connector, monkeypatch: pytest.MonkeyPatch, inside: Inside
) -> None:
    smaller = tuple(replace(each, size=5 if each.size else None) for each in inventory.SOURCES)
    monkeypatch.setattr(inventory, "SOURCES", smaller)
    take, taken = inventory._Reading._take, []

    def dies(self: Any, source: Any, page: Any, **kwargs: Any) -> None:
        take(self, source, page, **kwargs)
        taken.append(source.kind)
        if taken.count("device") == 2 and len(taken) < 100:
            taken.extend([""] * 100)
            raise RuntimeError("killed in its second page of devices")

    monkeypatch.setattr(inventory._Reading, "_take", dies)
    inside.sent.clear()
    job = run_sync(connector)
    assert job.state == "done", job.error
    assert totals(job)["device"][:3] == [12, 0, 0]
    categories = [r for r in inside.sent if "deviceCategories" in str(r.url)]
    assert len(categories) == 1  # not from the beginning
    with tenant_scope(connector.tenant_id):
        assert InventoryItem.objects.filter(kind="device").count() == 12


@pytest.mark.django_db
@pytest.mark.parametrize("fault", [Fault.THROTTLED_ABSURD, Fault.FAILING, Fault.GARBAGE])
def test_trouble_that_passes_puts_it_off_and_nothing_is_gone(
    connector: Connector, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sync(connector)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    CloudTenant.objects.filter(pk=CONTOSO).update(fault=fault)
    with tenant_scope(connector.tenant_id):
        job = acts.ask(connector=connector, whole=True, by=None, now=timezone.now())
    work(until=5)  # more often than a job may fail
    assert _job(job).state == "queued"
    with tenant_scope(connector.tenant_id):
        assert not InventoryItem.objects.exclude(gone_at=None).exists()
        limits = Limits(tenant_id=connector.tenant_id, provider="graph")
        for name in ("paused", "failures", "tried"):
            limits._ask(lambda server, name=name: server.delete(limits._key(name)), None)
    CloudTenant.objects.filter(pk=CONTOSO).update(fault=Fault.NONE)
    for turn in range(6, 9):
        workers.work_off(now=timezone.now() + timedelta(hours=2 * turn))
    assert _job(job).state == "done"


@pytest.mark.django_db
def test_trouble_that_stays_is_told(connector: Connector) -> None:
    CloudConsent.objects.all().delete()
    job = run_sync(connector)
    assert job.state == "failed"
    assert "let a global administrator accept" in job.error


@pytest.mark.django_db
def test_what_is_not_connected_has_no_inventory(connector: Connector) -> None:
    with tenant_scope(connector.tenant_id):
        Connector.objects.filter(pk=connector.pk).update(contact_at=None)
        connector.refresh_from_db()
        with pytest.raises(NotActive):
            acts.ask(connector=connector, whole=True, by=None, now=timezone.now())
        assert acts.ask_all(now=timezone.now()) == 0


# --- lines ------------------------------------------------------------------------------------


def phone_of(number: int) -> CloudObject:
    return objects(Kind.MANAGED_DEVICE).order_by("pk")[number]


def tell(phone: CloudObject, **facts: str) -> None:
    phone.body.update({"phoneNumber": "", "iccid": "", "imei": "", **facts})
    save(phone)


def item_of(connector: Connector, phone: CloudObject) -> InventoryItem:
    with tenant_scope(connector.tenant_id):
        return InventoryItem.objects.get(key=phone.object_id)


@pytest.fixture
def two_lines(connector: Connector, connected: Tenant) -> tuple[Line, Line, str, str]:
    """Two lines: the ICCID of the first one's loose SIM, the IMEI of the second one's device."""
    one = make_line(connected)
    other, phone = make_line_with_device(connected)[:2]
    with tenant_scope(connected.pk):
        sim = one.sim_links.get(unlinked_at=None).sim
        sim.iccid = "8931000000000000017"
        sim.save()
        phone.imei = "490154203237518"
        phone.save()
    return one, other, "8931 0000 0000 0000 017", "490154203237518"


@pytest.mark.django_db
def test_lines_are_found_by_number_iccid_and_imei_and_doubts_are_kept(
    connector: Connector, two_lines: Any, alice: User, client_for: Callable[..., Any]
) -> None:
    one, other, iccid, imei = two_lines
    by_phone, by_imei, contrary, late = (phone_of(number) for number in range(4))
    tell(by_phone, phoneNumber=one.msisdn, iccid=iccid)
    tell(by_imei, imei=imei)
    tell(contrary, phoneNumber=other.msisdn, iccid=iccid)
    for number in range(4, 12):
        tell(phone_of(number))
    tell(late, phoneNumber="not a number", iccid="1", imei="2")
    job = run_sync(connector)
    assert job.state == "done", job.error
    found = item_of(connector, by_phone)
    assert (found.match_state, found.match_by, found.line_id) == ("matched", "phone", one.pk)
    found = item_of(connector, by_imei)
    assert (found.match_state, found.match_by, found.line_id) == ("matched", "imei", other.pk)
    doubtful = item_of(connector, contrary)
    assert (doubtful.match_state, set(doubtful.candidates)) == ("doubtful", {one.pk, other.pk})
    assert item_of(connector, late).match_state == "none"
    assert totals(job)["device"][3] == 1
    assert totals(run_sync(connector))["device"] == [0, 0, 0, 0]  # the same doubt is no new one
    client = client_for(alice)
    page = f"/t/contoso/connectors/matches/{doubtful.pk}/"
    assert client.post(page, {"line": "999999"}).status_code == 422
    client.post(page, {"line": str(other.pk)})
    run_sync(connector, whole=True)
    decided = item_of(connector, contrary)
    assert (decided.match_state, decided.line_id) == ("decided", other.pk)
    with tenant_scope(connector.tenant_id):
        assert decided.device.sim_links.get(unlinked_at=None).sim.line_links.get().line == other
        loser = item_of(connector, by_imei)
        assert loser.match_state == "none"
        with pytest.raises(acts.AnotherHasIt):
            acts.decide(item=loser, line_id=other.pk, by=alice, now=timezone.now())
    tell(contrary, iccid=iccid)  # another SIM: the decision was about the old one
    run_sync(connector)
    assert item_of(connector, contrary).match_state == "doubtful"


# --- pages ------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("more", [0, 30])
def test_the_list_costs_the_same_however_many_devices_there_are(
    connector: Connector,
    alice: User,
    client_for: Callable[..., Any],
    django_assert_max_num_queries: Any,
    more: int,
) -> None:
    run_sync(connector)
    with tenant_scope(connector.tenant_id):
        row = InventoryItem.objects.filter(kind="device").first()
        for number in range(more):
            row.pk, row.key, row.device = None, f"more {number}", None
            row.save()
    client = client_for(alice)
    page = f"/t/contoso/connectors/{connector.pk}/inventory/"
    client.get(page)
    with django_assert_max_num_queries(16):
        assert client.get(page).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_the_pages_in_the_browser(
    connector: Connector,
    alice: User,
    browser_page: Any,
    sign_in: Callable[..., None],
    assert_accessible: Callable[..., None],
) -> None:
    sign_in(browser_page, alice)
    page = browser_page
    page.goto(f"/t/contoso/connectors/{connector.pk}/inventory/")
    assert_accessible(page)
    page.get_by_role("button", name="Sync now").click()
    page.get_by_text("objects read").wait_for()
    assert_accessible(page)
    work()
    page.get_by_text("Done").wait_for()
    assert_accessible(page)
    page.goto(f"/t/contoso/connectors/{connector.pk}/inventory/")
    assert page.get_by_role("row").count() == 13
    assert_accessible(page)
    with tenant_scope(connector.tenant_id):
        item = InventoryItem.objects.filter(kind="device").first()
    page.goto(f"/t/contoso/connectors/matches/{item.pk}/")
    assert_accessible(page)
    page.goto(f"/t/contoso/connectors/{connector.pk}/profiles/")
    page.get_by_text("is off").wait_for()
    assert_accessible(page)
