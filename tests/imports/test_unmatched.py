"""Unmatched usage: kept once, counted when somebody says whose it is, for the days it was used."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from devices.models import DeviceCategory
from tests.conftest import client_of
from tests.imports.conftest import HEADER, Uploader, when, work
from tests.usage_factories import CarrierFactory, make_device, make_line, make_line_with_device
from usage.actions.sample_kinds import CounterSample, IntervalSample, Place
from usage.actions.samples import take_samples
from usage.models import (
    Line,
    LinePlan,
    Source,
    UnmatchedName,
    UnmatchedRow,
    UsageCounter,
    UsageRecord,
)
from usage.partitions import ensure_partitions
from usage.workers.counters import differences

pytestmark = pytest.mark.django_db
QUEUE = "/t/contoso/unmatched/"
UNKNOWN = "0699999990", "0699999991"


@pytest.fixture
def waiting(dana_at_imports: Uploader, numbers, contoso) -> list[UnmatchedName]:
    """A file with four known lines and two that nobody has: three rows of 100 MB for each."""
    rows = [
        f"{number};{when(days=day)};100;NL" for number in [*numbers, *UNKNOWN] for day in (1, 2, 3)
    ]
    dana_at_imports.start(import_of(dana_at_imports, rows))
    work()
    with tenant_scope(contoso.pk):
        return list(UnmatchedName.objects.order_by("value"))


def import_of(uploader: Uploader, rows: list[str]) -> str:
    return uploader.checked("\n".join([HEADER, *rows]).encode())


def picked(*names: UnmatchedName) -> str:
    return "&".join(f"pick={name.pk}" for name in names)


def volumes(tenant) -> dict[str, int]:
    with tenant_scope(tenant.pk):
        assert not differences()
        totals: dict[str, int] = {}
        for label, volume in UsageCounter.objects.values_list("line__label", "volume"):
            totals[label] = totals.get(label, 0) + volume
        return totals


def test_rows_without_a_line_wait_and_count_nothing(waiting, contoso):
    assert [(name.value, name.waiting, name.volume) for name in waiting] == [
        ("+31699999990", 3, 300_000_000), ("+31699999991", 3, 300_000_000),
    ]  # fmt: skip
    assert set(volumes(contoso)) == {f"+3161234567{index}" for index in range(4)}


def test_a_dry_run_keeps_nothing(dana_at_imports, numbers, contoso):
    import_of(dana_at_imports, [f"{number};{when()};1;NL" for number in [*numbers, *UNKNOWN]])
    with tenant_scope(contoso.pk):
        assert not UnmatchedName.objects.exists()


def test_the_same_rows_wait_once(dana_at_imports, waiting, contoso, numbers):
    with tenant_scope(contoso.pk):
        rows = [
            f"0{name.value[3:]};{timezone.localtime(row.started_at):%d-%m-%Y %H:%M:%S};100;NL"
            for name in waiting
            for row in name.rows.all()
        ]
    dana_at_imports.start(import_of(dana_at_imports, [*rows, f"{numbers[0]};{when()};7;NL"]))
    work()
    with tenant_scope(contoso.pk):
        assert UnmatchedRow.objects.count() == 6
        assert set(UnmatchedName.objects.values_list("waiting", flat=True)) == {3}


def test_what_waits_is_counted_for_the_line_it_is_assigned_to(dana_at_imports, waiting, contoso):
    client = dana_at_imports.client
    page = client.get(f"{QUEUE}assign/?{picked(waiting[0])}")
    assert "1 number or reference with 3 rows (300\N{NO-BREAK SPACE}MB)." in page.content.decode()
    answer = client.post(f"{QUEUE}assign/?{picked(waiting[0])}", {"line": "0612345670"})
    assert answer.status_code == 302
    assert (
        "3 rows were counted, 300\N{NO-BREAK SPACE}MB."
        in client.get(answer.headers["Location"]).content.decode()
    )
    assert volumes(contoso)["+31612345670"] == 600_000_000
    with tenant_scope(contoso.pk):
        name = UnmatchedName.objects.get(pk=waiting[0].pk)
        assert (name.state, name.waiting, name.volume, str(name.line)) == (
            "counted", 0, 0, "+31612345670",
        )  # fmt: skip
        days = UsageCounter.objects.filter(line__msisdn="+31612345670").values_list("records")
        assert [count for (count,) in days] == [2, 2, 2]
        act = AuditEvent.objects.get(action="unmatched_usage.assigned")
        assert act.after == {"line": "+31612345670", "rows": 3, "volume": 300_000_000}
    again = client.post(f"{QUEUE}assign/?{picked(waiting[0])}", {"line": "0612345670"})
    assert again.status_code == 302
    assert volumes(contoso)["+31612345670"] == 600_000_000


def test_a_counted_name_opens_again_with_new_rows_only(dana_at_imports, waiting, contoso, numbers):
    client = dana_at_imports.client
    client.post(f"{QUEUE}assign/?{picked(waiting[0])}", {"line": "0612345670"})
    rows = [f"{UNKNOWN[0]};{when()};5;NL", f"{numbers[0]};{when()};7;NL"]
    dana_at_imports.start(import_of(dana_at_imports, rows))
    work()
    with tenant_scope(contoso.pk):
        name = UnmatchedName.objects.get(pk=waiting[0].pk)
        assert (name.state, name.waiting, name.volume) == ("open", 1, 5_000_000)


def test_lines_are_created_for_several_at_once(dana_at_imports, waiting, contoso):
    client = dana_at_imports.client
    answer = client.post(f"{QUEUE}create/?all=1&filters=q%3D%252B316", {"plan": ""})
    assert answer.status_code == 302, answer.content.decode()
    found = volumes(contoso)
    assert found["+31699999990"] == found["+31699999991"] == 300_000_000
    with tenant_scope(contoso.pk):
        made = Line.objects.filter(label__startswith="+316999")
        assert {line.carrier.name for line in made} == {"KPN"}
        plans = LinePlan.objects.open().filter(line__in=made)
        assert {str(link.plan) for link in plans.select_related("plan")} == {"5 GB"}
        assert not UnmatchedName.objects.filter(state="open").exists()


def test_after_a_line_was_added_it_is_matched_again(dana_at_imports, waiting, contoso, kpn):
    make_line(contoso, carrier=kpn, msisdn="+31699999990")
    client = dana_at_imports.client
    shown = client.get(QUEUE).content.decode()
    assert shown.count("A line has it now") == 1
    assert client.post(f"{QUEUE}match/?{picked(*waiting)}").status_code == 302
    assert volumes(contoso)["+31699999990"] == 300_000_000
    with tenant_scope(contoso.pk):
        assert UnmatchedName.objects.get(state="open").value == "+31699999991"
    refused = client.post(f"{QUEUE}match/?{picked(*waiting)}")
    assert refused.status_code == 422
    assert "No active line has any of these" in refused.content.decode()


def test_it_is_dismissed_and_taken_back(dana_at_imports, waiting, contoso, numbers):
    client = dana_at_imports.client
    client.post(f"{QUEUE}dismiss/?{picked(waiting[0])}")
    assert "+31699999990" not in client.get(QUEUE).content.decode()
    assert "+31699999990" in client.get(f"{QUEUE}?state=dismissed").content.decode()
    rows = [f"{UNKNOWN[0]};{when()};5;NL", f"{numbers[0]};{when()};7;NL"]
    dana_at_imports.start(import_of(dana_at_imports, rows))
    work()
    with tenant_scope(contoso.pk):
        assert UnmatchedName.objects.get(pk=waiting[0].pk).state == "dismissed"
    client.post(f"{QUEUE}take-back/?{picked(waiting[0])}")
    with tenant_scope(contoso.pk):
        name = UnmatchedName.objects.get(pk=waiting[0].pk)
        assert (name.state, name.waiting) == ("open", 4)
        acts = AuditEvent.objects.filter(action__startswith="unmatched_usage.").order_by("pk")
        assert [act.action for act in acts] == [
            "unmatched_usage.dismissed", "unmatched_usage.reopened",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [("", "is missing"), ("0611111111", "No active line"), ("+316", "Several lines")],
)
def test_a_line_that_is_not_one_is_refused(dana_at_imports, waiting, line, words, contoso):
    answer = dana_at_imports.client.post(f"{QUEUE}assign/?{picked(waiting[0])}", {"line": line})
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_line_of_another_carrier_or_in_a_personal_phone_is_refused(
    dana_at_imports, waiting, contoso, kpn
):
    make_line(contoso, carrier=CarrierFactory(tenant=contoso), msisdn="+31688888880")
    mine = make_line(contoso, carrier=kpn, msisdn="+31688888881")
    phone = make_device(contoso, line=mine)
    with tenant_scope(contoso.pk):
        phone.category = DeviceCategory.objects.create(name="Own phone", is_personal=True)
        phone.save()
    for line, words in (("+31688888880", "another carrier"), ("+31688888881", "personal device")):
        page = f"{QUEUE}assign/?{picked(waiting[0])}"
        answer = dana_at_imports.client.post(page, {"line": line})
        assert answer.status_code == 422
        assert words in answer.content.decode()
    with tenant_scope(contoso.pk):
        assert UnmatchedName.objects.get(pk=waiting[0].pk).waiting == 3


# --- of device agents ----------------------------------------------------------------------------

NL = Place(mcc="204", roaming=False)


def interval(line: tuple[str, str], volume: int = 1_000) -> IntervalSample:
    return IntervalSample(uuid4(), line, timezone.now() - timedelta(hours=1), None, volume, NL)


def counter(device: tuple[str, str], count: int, minutes: int) -> CounterSample:
    at = timezone.now() - timedelta(minutes=minutes)
    return CounterSample(uuid4(), device, None, at, "1", "rmnet0", 64, count, 0, NL)


def take(*samples) -> None:
    take_samples(samples=list(enumerate(samples)), home_country="NL", now=timezone.now())


def test_samples_of_an_unknown_line_wait_and_are_counted_as_the_agents(
    dana, contoso, kpn, in_scope
):
    ensure_partitions(today=timezone.now().date())
    sample = interval(("msisdn", "06 12 34 56 78"))
    take(sample)
    take(sample, interval(("reference", "X-1"), 7))
    names = list(UnmatchedName.objects.order_by("kind"))
    assert [(n.kind, n.value, n.waiting, n.source) for n in names] == [
        ("msisdn", "+31612345678", 1, "agent"), ("reference", "X-1", 1, "agent"),
    ]  # fmt: skip
    client = client_of(dana)
    refused = client.post(f"{QUEUE}create/?{picked(*names)}", {})
    assert refused.status_code == 422
    made = client.post(f"{QUEUE}create/?{picked(*names)}", {"carrier": kpn.pk})
    assert made.status_code == 302, made.content.decode()
    assert volumes(contoso) == {"+31612345678": 1_000, "X-1": 7}
    take(sample)
    assert UsageRecord.objects.filter(source=Source.AGENT).count() == 2


def test_readings_of_a_device_without_a_line_are_derived_for_the_line_they_are_given_to(
    contoso, dana, in_scope
):
    ensure_partitions(today=timezone.now().date())
    lonely = make_device(contoso)
    line, _phone = make_line_with_device(contoso, msisdn="+31612345678")
    take(counter(("imei", lonely.imei), 1_000, 30), counter(("imei", lonely.imei), 4_000, 10))
    take(counter(("imei", "356938035643809"), 5, 10))
    known, stranger = UnmatchedName.objects.order_by("-waiting")
    client = client_of(dana)
    client.post(f"{QUEUE}assign/?{picked(known)}", {"line": "+31612345678"})
    assert volumes(contoso) == {"+31612345678": 3_000}
    answer = client.post(f"{QUEUE}assign/?{picked(stranger)}", {"line": "+31612345678"})
    assert "1 still waits" in client.get(answer.headers["Location"]).content.decode()
    assert UnmatchedName.objects.get(pk=stranger.pk).state == "open"
    refused = client.post(f"{QUEUE}create/?{picked(stranger)}", {"carrier": line.carrier_id})
    assert "number of a SIM or device" in refused.content.decode()


# --- the page ------------------------------------------------------------------------------------


def test_who_only_sees_lines_decides_nothing(waiting, bob, contoso):
    client = client_of(bob)
    shown = client.get(QUEUE)
    assert shown.status_code == 200
    assert "Assign to a line" not in shown.content.decode()
    for act in ("assign", "create", "match", "dismiss", "take-back"):
        assert client.post(f"{QUEUE}{act}/?{picked(waiting[0])}").status_code == 403


def test_another_tenants_names_are_not_chosen(waiting, charlie, contoso):
    client = client_of(charlie)
    assert client.post(f"/t/fabrikam/unmatched/dismiss/?{picked(waiting[0])}").status_code == 302
    with tenant_scope(contoso.pk):
        assert UnmatchedName.objects.get(pk=waiting[0].pk).state == "open"


def test_the_list_costs_the_same_with_many(
    dana_at_imports, waiting, contoso, kpn, django_assert_max_num_queries
):
    client = dana_at_imports.client
    client.get(QUEUE)
    with django_assert_max_num_queries(60) as few:
        client.get(QUEUE)
    with tenant_scope(contoso.pk):
        UnmatchedName.objects.bulk_create(
            UnmatchedName(
                tenant=contoso, source="carrier", carrier=kpn, kind="msisdn",
                value=f"+3167777{number:04d}", waiting=1, last_at=timezone.now(),
                changed_at=timezone.now(),
            )
            for number in range(30)
        )  # fmt: skip
    with django_assert_max_num_queries(len(few)):
        client.get(QUEUE)
