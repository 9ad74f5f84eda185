"""Zones: a country is in one zone of a plan at a time, and use there counts by its day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from tests.usage_factories import PlanFactory, PolicyFactory, ThresholdFactory, make_line
from usage.actions import zones
from usage.actions.zones import CountryTerms, ZoneRefused, ZoneTerms
from usage.countries import COUNTRIES, ROAM_LIKE_AT_HOME, countries_of, country_of
from usage.models import LineWatch, Policy, Threshold, UsageCounter, Zone, ZoneCountry
from usage.queries.standing import cycle_usage

pytestmark = pytest.mark.django_db
JANUARY, JUNE, JULY = date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)


def eu(*countries: CountryTerms, **more) -> ZoneTerms:
    return ZoneTerms(name=more.pop("name", "EU"), countries=countries, **more)


@pytest.fixture
def plan(in_contoso):
    return PlanFactory(tenant=in_contoso)


@pytest.mark.parametrize(
    ("first", "second", "fits"),
    [
        (CountryTerms("BE"), CountryTerms("BE"), False),
        (CountryTerms("BE", None, JUNE), CountryTerms("BE", JULY), True),
        (CountryTerms("BE", None, JUNE), CountryTerms("BE", JUNE), False),
        (CountryTerms("BE", JANUARY, JUNE), CountryTerms("BE", JULY), True),
        (CountryTerms("BE", JANUARY), CountryTerms("BE", None, JUNE), False),
        (CountryTerms("BE"), CountryTerms("DE"), True),
    ],
)
def test_a_country_is_in_one_zone_of_a_plan_at_a_time(plan, alice, first, second, fits):
    zones.add(plan=plan, terms=eu(first), by=alice)
    other = eu(second, name="Other")
    if fits:
        zones.add(plan=plan, terms=other, by=alice)
        return
    with pytest.raises(ZoneRefused) as refused:
        zones.add(plan=plan, terms=other, by=alice)
    assert (refused.value.field, "zone EU" in str(refused.value.sentence)) == ("countries", True)
    row = ZoneCountry(
        zone=Zone.objects.get(), plan=plan, country="BE",
        valid_from=second.valid_from, valid_to=second.valid_to,
    )  # fmt: skip
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_the_home_country_and_a_country_twice_are_refused(plan, alice):
    for wrong in ([CountryTerms("NL")], [CountryTerms("BE"), CountryTerms("BE", JANUARY)]):
        with pytest.raises(ZoneRefused):
            zones.add(plan=plan, terms=eu(*wrong), by=alice)
    assert not Zone.objects.exists()


def test_a_zone_makes_the_lines_of_its_plan_due_and_is_on_record(plan, alice):
    line = make_line(plan.tenant, plan=plan)
    LineWatch.objects.update(evaluate_at=None)
    zone = zones.add(plan=plan, terms=eu(CountryTerms("BE", JANUARY)), by=alice)
    assert LineWatch.objects.get(line=line).evaluate_at is not None
    zones.edit(zone=zone, terms=eu(CountryTerms("BE", JANUARY), CountryTerms("DE")), by=alice)
    event = AuditEvent.objects.get(action="zone.edited")
    assert event.before["countries"] == "BE 2026-01-01"
    assert event.after["countries"] == "BE 2026-01-01, DE"


def test_thresholds_follow_the_name_of_a_zone(plan, alice):
    zone = zones.add(plan=plan, terms=eu(CountryTerms("BE")), by=alice)
    ThresholdFactory(tenant=plan.tenant, scope="zone", zone="EU")
    zones.edit(zone=zone, terms=eu(CountryTerms("BE"), name="Europe"), by=alice)
    assert Threshold.objects.get().zone == "Europe"


def test_use_counts_for_the_zone_that_the_country_is_in_on_that_day(plan, alice, in_contoso):
    today = timezone.localdate()
    line = make_line(in_contoso, plan=plan)
    first = cycle_usage(line_ids=[line.pk], now=timezone.now())[line.pk].first_day
    change = first + timedelta(days=1)
    zones.add(plan=plan, terms=eu(CountryTerms("BE", change)), by=alice)
    near = ZoneTerms(name="Near", is_extended_domestic=True, countries=(CountryTerms("DE"),))
    zones.add(plan=plan, terms=near, by=alice)
    zones.add(plan=plan, terms=ZoneTerms(name="World", is_rest_of_world=True), by=alice)
    for day, country, volume in (
        (first, "NL", 1), (first, "BE", 10), (change, "BE", 100), (first, "DE", 1000),
        (change, "US", 10_000),
    ):  # fmt: skip
        UsageCounter.objects.create(
            tenant=in_contoso, line=line, day=day, country=country, source="carrier",
            volume=volume, records=1,
        )  # fmt: skip
    found = cycle_usage(line_ids=[line.pk], now=timezone.now())[line.pk]
    assert (found.domestic, found.roaming) == (1001, 10_110)
    uses = {row.zone.name: row.used for row in found.zones}
    assert uses == {"EU": 100, "Near": 1000, "World": 10_010}
    assert today >= first


# --- pages ----------------------------------------------------------------------------------------


def test_the_sample_zone_is_offered_and_leaves_the_home_country_out(plan, alice, client_for):
    client = client_for(alice)
    url = f"/t/contoso/plans/{plan.pk}/zones/add/"
    assert "?sample=eu" in client.get(url).content.decode()
    form = client.get(url, {"sample": "eu"}).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields}
    assert client.post(url, typed).status_code == 302
    with tenant_scope(plan.tenant_id):
        days = dict(ZoneCountry.objects.values_list("country", "valid_from"))
    assert "NL" not in days
    assert (days["UA"], days["MD"], days["BE"]) == (JANUARY, JANUARY, None)
    assert not {"GB", "CH"} & days.keys()
    assert days.keys() == {country for country, _day in ROAM_LIKE_AT_HOME} - {"NL"}


@pytest.mark.parametrize(
    ("countries", "sentence"),
    [
        ("QQ", "Row 1: QQ is no country"),
        ("BE\nDE 2026-13-01", "Row 2: 2026-13-01 is not a day"),
        ("BE 2026-02-01 2026-01-01", "Row 1: the last day is before the first."),
        ("BE 2026-01-01 2026-02-01 x", "write the country, its first day and its last day."),
        ("NL", "NL is the home country of the carrier"),
        ("", "Name the countries of the zone."),
    ],
)
def test_a_wrong_country_is_named_with_its_row(plan, alice, client_for, countries, sentence):
    typed = {"name": "EU", "kind": "roaming", "cap_unit": "GB", "countries": countries}
    answer = client_for(alice).post(f"/t/contoso/plans/{plan.pk}/zones/add/", typed)
    assert answer.status_code == 422
    assert answer.content.decode().count(sentence) == 2


def test_a_threshold_can_be_of_a_zone_a_day_and_money_and_reads_back_the_same(
    plan, alice, client_for
):
    zones.add(plan=plan, terms=eu(CountryTerms("BE")), by=alice)
    client = client_for(alice)
    rows = [
        {"scope": "zone:EU", "amount": "50", "unit": "money", "period": "cycle"},
        {"scope": "total", "amount": "2", "unit": "GB", "period": "day", "block_cellular": "on"},
        {"scope": "domestic", "amount": "1", "unit": "left-GB", "period": "cycle",
         "block_cellular": "on", "grace": "90"},
    ]  # fmt: skip
    data = {"name": "New", "thresholds-TOTAL_FORMS": "3", "thresholds-INITIAL_FORMS": "3"}
    for number, row in enumerate(rows):
        data |= {f"thresholds-{number}-{name}": value for name, value in row.items()}
    assert client.post("/t/contoso/policies/add/", data).status_code == 302
    with tenant_scope(plan.tenant_id):
        policy = Policy.objects.get(name="New")
        found = policy.thresholds.order_by("position").values_list(
            "scope", "zone", "measure", "value", "period", "grace_seconds"
        )
        assert list(found) == [
            ("zone", "EU", "money", Decimal(50), "cycle", 0),
            ("total", "", "bytes", Decimal(2 * 10**9), "day", 0),
            ("domestic", "", "remaining", Decimal(10**9), "cycle", 5400),
        ]
    form = client.get(f"/t/contoso/policies/{policy.pk}/edit/").context["rows"]
    shown = [{name: str(row[name].value()) for name in ("scope", "unit", "period")} for row in form]
    assert shown == [{name: row[name] for name in ("scope", "unit", "period")} for row in rows]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"unit": "money", "period": "day"}, "period"),
        ({"unit": "left-GB", "period": "day"}, "period"),
        ({"grace": "5"}, "grace"),
        ({"scope": "zone:Nowhere"}, "scope"),
        ({"scope": "pool"}, "scope"),
    ],
)
def test_what_would_not_work_cannot_be_chosen(contoso, alice, client_for, row, field):
    row = {"scope": "domestic", "amount": "5", "unit": "GB", "period": "cycle", **row}
    data = {"name": "New", "thresholds-TOTAL_FORMS": "1", "thresholds-INITIAL_FORMS": "1"}
    data |= {f"thresholds-0-{name}": value for name, value in row.items()}
    answer = client_for(alice).post("/t/contoso/policies/add/", data)
    assert answer.status_code == 422
    assert list(answer.context["rows"].forms[0].errors) == [field]


def test_the_line_page_measures_each_threshold_as_the_evaluator_does(contoso, alice, client_for):
    policy = PolicyFactory(tenant=contoso)
    terms = ("zone", "EU", "percent", 50), ("total", "", "money", 5), ("zone", "Gone", "percent", 5)
    for position, (scope, zone, measure, value) in enumerate(terms, start=1):
        ThresholdFactory(
            tenant=contoso, policy=policy, position=position, scope=scope, zone=zone,
            measure=measure, value=value,
        )  # fmt: skip
    plan = PlanFactory(tenant=contoso, policy=policy, overage_price=Decimal("0.05"))
    with tenant_scope(contoso.pk):
        zones.add(plan=plan, terms=eu(CountryTerms("BE"), cap=10**9), by=alice)
    line = make_line(contoso, plan=plan)
    answer = client_for(alice).get(f"/t/contoso/lines/{line.pk}/")
    assert [row.at for row in answer.context["page"].limits] == [5 * 10**8, 5, None]
    assert "No cap, no limit" in answer.content.decode()


# --- the table of networks ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mcc", "mnc", "country"),
    [
        ("204", "08", "NL"), ("262", "", "DE"), ("310", "260", "US"), ("310", "140", "GU"),
        ("425", "06", "PS"), ("425", "", None), ("901", "01", None), ("000", "", None),
    ],
)  # fmt: skip
def test_a_network_has_the_country_of_its_codes(mcc, mnc, country):
    assert country_of(mcc, mnc) == country


def test_the_table_covers_the_zone_and_knows_shared_codes():
    assert {country for country, _day in ROAM_LIKE_AT_HOME} <= set(COUNTRIES)
    assert countries_of("340") == ("GP", "MQ", "GF", "MF", "BL")
    assert len(COUNTRIES) > 220
