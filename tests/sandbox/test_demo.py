"""The demo as a whole, with fewer lines: made by the workers, the same each time, and alive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone

from alerts.models import Alert
from common.tenancy import across_tenants, tenant_scope
from devices.actions.restrictions import block_by_hand
from devices.models import Command, Device, DeviceControl, SimulatedDevice
from jobs.models import Job
from jobs.runs import LostLease, Run
from jobs.workers import claim, work_off
from sandbox import demo, feed, fleet, forgetting, past
from sandbox.world import TENANTS, DemoTenant
from tenants.models import PeopleGroup, PeopleGroupMember, Person, Tenant, User
from usage.models import Decision, Line, LineWatch, UsageCounter, UsageRecord
from usage.workers.counters import differences

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def smaller(tenant: DemoTenant) -> DemoTenant:
    """The same company with a third of the lines."""
    carriers = tuple(
        replace(c, plans=tuple(replace(plan, lines=plan.lines // 3) for plan in c.plans))
        for c in tenant.carriers
    )
    return replace(tenant, carriers=carriers)


SMALL = smaller(TENANTS[0])


@pytest.fixture
def small(db, monkeypatch, time_machine):
    """The smaller Contoso, made at NOW; its scope is open."""
    time_machine.move_to(NOW, tick=False)
    for module in (feed, fleet, forgetting, past):
        monkeypatch.setattr(module, "TENANTS", (SMALL,))
    demo.create(now=NOW, tenants=[SMALL])
    cache.clear()
    with tenant_scope(Tenant.objects.get(slug=SMALL.slug).pk):
        yield SMALL


def what_there_is() -> dict[str, list[tuple]]:
    """The demo without the numbers that a database gives out."""
    with across_tenants("a test compares two demos"):
        return {
            "people": sorted(
                Person.objects.values_list("name", "email", "cost_centre", "manager__name"),
                key=str,
            ),
            "lines": sorted(Line.objects.values_list("msisdn", "state", "watch__standing")),
            "records": sorted(
                UsageRecord.objects.values_list("line__msisdn", "started_at", "key", "volume")
            ),
            "decisions": sorted(
                Decision.objects.values_list("line__msisdn", "decided_at", "standing"), key=str
            ),
            "alerts": sorted(Alert.objects.values_list("raised_at", "reason", "state"), key=str),
            "commands": sorted(
                Command.objects.values_list("created_at", "kind", "status", "error"), key=str
            ),
        }


def test_the_same_seed_and_clock_make_the_same_rows(db, time_machine):
    time_machine.move_to(NOW, tick=False)
    found = []
    for _time in range(2):
        with transaction.atomic(), connection.cursor() as cursor:
            # Which phone a device is follows from its number, as in a database just made.
            cursor.execute("SELECT setval(pg_get_serial_sequence('devices_device', 'id'), 1200)")
            demo.create(now=NOW, tenants=[SMALL])
            found.append(what_there_is())
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert all(found[0].values())


def test_it_shows_every_standing_and_what_keeps_phones_from_obeying(small):
    standings = set(LineWatch.objects.values_list("standing", flat=True))
    assert standings == {"within", "near", "over"}
    statuses = set(Command.objects.values_list("status", flat=True))
    assert {"verified", "pushed", "refused"} <= statuses
    assert len(set(Command.objects.filter(status="refused").values_list("error", flat=True))) > 1
    assert DeviceControl.objects.filter(observed__len__gt=0).count() > 1
    assert Line.objects.filter(state="retired").count() == 1
    today = Alert.objects.filter(raised_at__gt=NOW - DAY)
    assert today.values_list("raised_at").distinct().count() > 1, "raised in the course of a day"
    assert differences() == []


def test_everybody_but_the_head_of_the_company_has_a_manager(small):
    people = Person.objects.select_related("manager")
    assert people.filter(manager=None).count() == 1
    for person in people.exclude(manager=None):
        same = person.manager.department == person.department
        assert same or person.manager.manager is None


def test_people_are_in_groups_whose_order_says_which_comes_first(small):
    groups = {group.name: group for group in PeopleGroup.objects.order_by("position")}
    assert list(groups) == ["Management", "Travellers", "Field staff"]
    members = {
        name: set(PeopleGroupMember.objects.filter(group=group).values_list("person_id", flat=True))
        for name, group in groups.items()
    }
    heads = Person.objects.exclude(manager=None).values_list("manager_id", flat=True)
    assert members["Management"] == set(heads)
    assert members["Travellers"] < members["Field staff"]
    assert members["Management"] & members["Field staff"], "the order decides for somebody"


def test_the_months_before_come_in_behind_and_a_broken_run_goes_on(small, monkeypatch):
    before, alerts = UsageRecord.objects.count(), Alert.objects.count()
    steps, whole = [], feed.take

    def dies_in_the_third(**arguments):
        steps.append(arguments["begin"])
        if len(steps) == 3:
            raise LostLease
        return whole(**arguments)

    monkeypatch.setattr(feed, "take", dies_in_the_third)
    job = claim(now=NOW)
    with pytest.raises(LostLease):
        past.report(Run(job))
    Job.objects.filter(pk=job.pk).update(leased_until=NOW - HOUR)
    assert work_off(now=NOW)
    assert steps[2] == steps[3], "the third week is done by the one that took over"
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", job.total)
    assert job.result["rows"] == UsageRecord.objects.count() - before > 1_000
    assert UsageRecord.objects.filter(started_at__lt=NOW - 88 * DAY).exists()
    early = UsageRecord.objects.filter(started_at__lt=NOW - demo.LIVED)
    assert not early.filter(received_at__gt=NOW - demo.LIVED).exists(), "not as news of today"
    demo.replay.settle(now=NOW + timedelta(minutes=1))
    assert Alert.objects.count() == alerts, "nobody came near a limit"
    assert differences() == []


def test_usage_keeps_arriving_and_what_was_taken_is_not_taken_again(small):
    first = feed.report_all(now=NOW + HOUR)
    assert 0 < first < 300
    cache.clear()  # nobody remembers how far it was
    assert feed.report_all(now=NOW + HOUR) == 0
    assert feed.report_all(now=NOW + 2 * HOUR) > 0
    assert differences() == []


def test_after_days_without_the_portal_it_catches_up_day_by_day(
    small, django_capture_on_commit_callbacks
):
    later = NOW + 3 * DAY + HOUR
    rows = []
    for _run in range(6):
        with django_capture_on_commit_callbacks(execute=True):
            rows.append(feed.report_all(now=later))
    assert all(0 < count < 1_000 for count in rows[:3]), rows
    assert sum(count == 0 for count in rows) >= 1, rows
    newest = UsageRecord.objects.order_by("-started_at").values_list("started_at", flat=True)[0]
    assert later - newest < 6 * HOUR


def test_a_blocked_phone_uses_nothing_more_and_an_iphone_a_little(small):
    lines = {}
    for platform in ("knox", "ios"):
        usable = Device.objects.filter(platform=platform, management_mode__in=["DO", "device"])
        for device in usable.filter(state="managed", os_version__gte="13").order_by("pk")[:6]:
            block_by_hand(
                device=device, restriction="cellular_data", by=User.objects.first(), reason="Test"
            )
            link = device.sim_links.get(unlinked_at=None).sim.line_links.get(unlinked_at=None)
            lines[link.line_id] = platform
    SimulatedDevice.objects.update(online=True)
    demo.replay.settle(now=NOW)
    feed.report_all(now=NOW + DAY)
    new = UsageRecord.objects.filter(started_at__gte=NOW, line_id__in=lines)
    assert {lines[line_id] for line_id in new.values_list("line_id", flat=True)} == {"ios"}


def test_what_is_older_than_a_hundred_days_goes_and_the_rest_still_adds_up(small):
    later = NOW + 80 * DAY
    before = UsageRecord.objects.count()
    forgetting.forget(now=later)
    assert 0 < UsageRecord.objects.count() < before
    oldest = UsageCounter.objects.order_by("day").values_list("day", flat=True)[0]
    assert oldest >= (later - forgetting.KEEP).date()
    assert LineWatch.objects.filter(decision=None).count() == 0
    assert differences() == []


def test_phones_go_out_of_reach_and_come_back_and_others_are_left_alone(small):
    phones = SimulatedDevice.objects.all()
    still = [p.pk for p in phones if fleet.is_out_of_reach(device_id=p.pk, now=NOW) is None]
    off_by_hand = phones.filter(pk__in=still, online=True).order_by("pk")[0]
    phones.filter(pk=off_by_hand.pk).update(online=False)
    seen: dict[int, set[bool]] = {}
    for half_hour in range(12):
        fleet.live(now=NOW + half_hour * timedelta(minutes=30))
        for pk, online in phones.exclude(pk__in=still).values_list("pk", "online"):
            seen.setdefault(pk, set()).add(online)
        assert not phones.get(pk=off_by_hand.pk).online
    assert {True, False} in seen.values()


def test_a_user_switches_roaming_back_on_and_it_is_blocked_again(small):
    control = DeviceControl.objects.filter(device__platform="knox").order_by("pk")[0]
    demo.replay.settle(now=NOW)
    block_by_hand(
        device=control.device, restriction="roaming_data", by=User.objects.first(), reason="Test"
    )
    demo.replay.settle(now=timezone.now())
    phone = SimulatedDevice.objects.get(pk=control.pk)
    assert not phone.data_roaming
    for run in range(400):
        fleet.live(now=NOW + run * fleet.EVERY)
        phone.refresh_from_db()
        if phone.data_roaming:
            break
    assert phone.data_roaming
    SimulatedDevice.objects.filter(pk=phone.pk).update(online=True)
    demo.replay.settle(now=NOW + timedelta(hours=5))
    phone.refresh_from_db()
    assert not phone.data_roaming
