"""Many devices moved to a category from the list, and moved back."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from devices.actions import categories, category_moves
from devices.actions.devices import add_simulated_devices, retire
from devices.actions.restrictions import block_by_hand
from devices.models import CategoryMove, Device, DeviceCategory, DeviceControl, Sim
from jobs.models import Job
from tests.conftest import client_of
from tests.imports.conftest import work

DEVICES = "/t/contoso/devices/"
MOVES = f"{DEVICES}categories/moves/"


def make(tenant, count, category=None):
    with tenant_scope(tenant.pk):
        sims = Sim.objects.bulk_create([Sim(tenant_id=tenant.pk) for _ in range(count)])
        made = add_simulated_devices(sims=sims, now=timezone.now())
        Device.objects.filter(pk__in=[device.pk for device in made]).update(category=category)
    return made


def category(tenant, name, **more):
    with tenant_scope(tenant.pk):
        return DeviceCategory.objects.create(name=name, **more)


def where(tenant):
    with tenant_scope(tenant.pk):
        rows = Device.objects.order_by("pk").values_list("category__name", flat=True)
        return list(rows)


def figures(client, page):
    return {str(label): count for label, count in client.get(page).context["figures"]}


@pytest.fixture
def dana_there(dana):
    return client_of(dana)


def made(response):
    assert response.status_code == 302, response.content.decode()
    return response.headers["Location"]


@pytest.mark.django_db
def test_chosen_devices_move_and_are_moved_back(contoso, alice, dana_there):
    desk, own = category(contoso, "Desk"), category(contoso, "Own phone", is_personal=True)
    four = [*make(contoso, 2, desk), *make(contoso, 1), *make(contoso, 1, own)]
    with tenant_scope(contoso.pk):
        block_by_hand(device=four[0], restriction="roaming_data", by=alice, reason="lost")
    picked = "&".join(f"pick={device.pk}" for device in four)
    asked = dana_there.get(f"{MOVES}add/?{picked}").content.decode()
    assert "4 devices are chosen. In a personal category" in asked
    page = made(dana_there.post(f"{MOVES}add/?{picked}", {"category": own.pk}))
    assert "Waiting for a worker" in dana_there.get(page).content.decode()
    work()
    assert where(contoso) == ["Own phone"] * 4
    assert figures(dana_there, page) == {"Moved": 3, "It was there already": 1}
    with tenant_scope(contoso.pk):
        assert DeviceControl.objects.get(device=four[0]).desired == [], "released"
        begun = AuditEvent.objects.get(action="category_move.begun")
        assert begun.after == {"category": "Own phone", "devices": 4}
        assert AuditEvent.objects.filter(action="device.category_changed").count() == 3
        assert AuditEvent.objects.first().actor
    made(dana_there.post(f"{page}undo/"))
    work()
    assert where(contoso) == ["Desk", "Desk", None, "Own phone"]
    assert figures(dana_there, page) == {"Undone": 3, "It was there already": 1}
    with tenant_scope(contoso.pk):
        assert DeviceControl.objects.get(device=four[0]).desired == ["roaming_data"], "and back"
    assert "This move was undone already." in dana_there.post(f"{page}undo/").content.decode()


@pytest.mark.django_db
def test_what_somebody_moved_since_stays_and_retired_ones_stay_out(contoso, alice, dana_there):
    desk, kiosk = category(contoso, "Desk"), category(contoso, "Kiosk")
    three = make(contoso, 3)
    with tenant_scope(contoso.pk):
        retire(device=three[2], now=timezone.now(), by=alice)
    everything = f"{MOVES}add/?all=1&filters=state%3Dall"
    assert "2 devices are chosen." in dana_there.get(everything).content.decode()
    page = made(dana_there.post(everything, {"category": desk.pk}))
    with tenant_scope(contoso.pk):
        retire(device=three[1], now=timezone.now(), by=alice)
    work()
    assert figures(dana_there, page) == {"Moved": 1, "Left where it is": 1}
    assert "Devices that were left where they are" in dana_there.get(page).content.decode()
    with tenant_scope(contoso.pk):
        categories.move(device=three[0], category=kiosk, now=timezone.now(), by=alice)
    made(dana_there.post(f"{page}undo/"))
    work()
    assert where(contoso)[0] == "Kiosk"
    assert figures(dana_there, page) == {"Not undone": 1, "Left where it is": 1}


@pytest.mark.django_db
def test_a_category_deleted_before_the_work_began_moves_nobody(contoso, alice, dana_there):
    desk = category(contoso, "Desk")
    [device] = make(contoso, 1)
    page = made(dana_there.post(f"{MOVES}add/?pick={device.pk}", {"category": desk.pk}))
    with tenant_scope(contoso.pk):
        categories.delete(category=desk, now=timezone.now(), by=alice)
    work()
    assert "Somebody has deleted this category" in dana_there.get(page).content.decode()
    assert where(contoso) == [None]


@pytest.mark.django_db
def test_five_thousand_devices_move_with_progress_and_back(contoso, alice, dana_there, monkeypatch):
    own = category(contoso, "Own phone", is_personal=True)
    make(contoso, 5_000)
    page = made(dana_there.post(f"{MOVES}add/?all=1", {"category": own.pk}))
    seen = []
    real = category_moves._move_step

    def step(move, items, by):
        real(move, items, by)
        seen.append(Job.objects.values_list("done", flat=True).get())

    monkeypatch.setattr(category_moves, "_move_step", step)
    work()
    assert seen == list(range(0, 5_000, category_moves.STEP)), "written after each step"
    assert figures(dana_there, page) == {"Moved": 5_000}
    made(dana_there.post(f"{page}undo/"))
    work()
    assert figures(dana_there, page) == {"Undone": 5_000}
    assert set(where(contoso)) == {None}


@pytest.mark.django_db
@pytest.mark.parametrize("chosen", ["", "pick=999999", "pick=x", "pick=-1"])
def test_nothing_chosen_is_said(contoso, dana_there, chosen):
    page = dana_there.get(f"{MOVES}add/?{chosen}", follow=True).content.decode()
    assert "No device was chosen." in page
    with tenant_scope(contoso.pk):
        assert not CategoryMove.objects.exists()


@pytest.mark.django_db
def test_a_category_must_be_chosen_and_be_one_of_the_tenants(contoso, fabrikam, dana_there):
    [device] = make(contoso, 1)
    foreign = category(fabrikam, "Theirs")
    for sent in ({}, {"category": ""}, {"category": foreign.pk}, {"category": "x"}):
        assert dana_there.post(f"{MOVES}add/?pick={device.pk}", sent).status_code == 422
    [theirs] = make(fabrikam, 1)
    answer = dana_there.post(f"{MOVES}add/?pick={theirs.pk}", {"category": "none"}, follow=True)
    assert "No device was chosen." in answer.content.decode()


@pytest.mark.django_db
def test_the_helpdesk_sees_moves_and_makes_none(contoso, bob, dana_there):
    [device] = make(contoso, 1)
    page = made(dana_there.post(f"{MOVES}add/?pick={device.pk}", {"category": "none"}))
    there = client_of(bob)
    assert there.get(MOVES).status_code == there.get(page).status_code == 200
    for url in (f"{MOVES}add/?pick={device.pk}", f"{page}undo/"):
        assert there.post(url, {"category": "none"}).status_code == 403
    assert "Change category" not in there.get(DEVICES).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("count", [3, 30])
def test_the_list_costs_the_same_whatever_its_length(contoso, dana, dana_there, count):
    now = timezone.now()
    with tenant_scope(contoso.pk):
        for number in range(count):
            job = Job.objects.create(
                kind="devices.move_devices", key=str(number), state="done", created_at=now,
                due_at=now, finished_at=now,
            )  # fmt: skip
            CategoryMove.objects.create(
                is_to_none=True, devices=1, job=job, by=dana, created_at=now
            )
    dana_there.get(MOVES)
    with CaptureQueriesContext(connection) as queries:
        assert dana_there.get(MOVES).status_code == 200
    assert len(queries) <= 9


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_chosen_in_the_list_moved_and_moved_back_in_the_browser(
    contoso, alice, browser_page, sign_in, assert_accessible
):
    category(contoso, "Desk")
    make(contoso, 3)
    sign_in(browser_page, alice)
    browser_page.goto(DEVICES)
    browser_page.locator("tbody input[type=checkbox]").first.check()
    browser_page.get_by_role("button", name="Change category").first.click()
    browser_page.get_by_text("1 device is chosen.").wait_for()
    assert_accessible(browser_page)
    browser_page.get_by_label("Category").select_option("Desk")
    browser_page.get_by_role("button", name="Move 1 device").click()
    browser_page.get_by_text("Waiting for a worker").wait_for()
    assert_accessible(browser_page)
    work()
    browser_page.get_by_text("Moved", exact=True).wait_for()
    assert_accessible(browser_page)
    browser_page.get_by_role("link", name="Undo").click()
    assert_accessible(browser_page)
    browser_page.get_by_role("button", name="Undo").click()
    work()
    browser_page.get_by_text("Undone", exact=True).wait_for()
    browser_page.goto(MOVES)
    assert_accessible(browser_page)
    assert where(contoso) == [None] * 3
