"""Carriers, plans and policies: unique, defaulted once, and felt at once by their lines."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from tests.usage_factories import CarrierFactory, PlanFactory, PolicyFactory, make_line
from usage.actions import carriers, plans, policies
from usage.actions.carriers import CarrierTerms
from usage.actions.plans import PlanTerms
from usage.actions.policies import ThresholdTerms
from usage.models import LinePolicy, LineWatch, Plan, Policy, UsageCounter

pytestmark = pytest.mark.django_db

DUTCH = CarrierTerms(
    name="Acme", country="NL", time_zone="Europe/Amsterdam", drives_limits="carrier"
)


def is_due(line) -> bool:
    return LineWatch.objects.get(line=line).evaluate_at is not None


@pytest.fixture
def rested(in_contoso):
    """A line that waits for nothing."""
    line = make_line(in_contoso, plan=PlanFactory(tenant=in_contoso))
    LineWatch.objects.update(evaluate_at=None)
    return line


def plan_of(line) -> Plan:
    return line.plan_links.get().plan


def test_a_carrier_is_on_record_with_what_was_said(in_contoso, alice):
    carrier = carriers.add(terms=DUTCH, by=alice)
    event = AuditEvent.objects.get(action="carrier.added")
    assert (event.object_id, event.after["country"]) == (str(carrier.pk), "NL")


def test_two_carriers_cannot_have_one_name(in_contoso, alice):
    carriers.add(terms=DUTCH, by=alice)
    with pytest.raises(carriers.CarrierRefused) as refused:
        carriers.add(terms=DUTCH, by=alice)
    assert refused.value.field == "name"


def test_the_time_zone_stays_once_usage_was_counted_by_its_days(rested, alice):
    carrier = rested.carrier
    elsewhere = replace(DUTCH, name=carrier.name, time_zone="Asia/Tokyo")
    UsageCounter.objects.create(
        tenant_id=carrier.tenant_id, line=rested, day=date(2026, 1, 1), country="NL",
        source="carrier", volume=1, records=1,
    )  # fmt: skip
    with pytest.raises(carriers.CarrierRefused) as refused:
        carriers.edit(carrier=carrier, terms=elsewhere, by=alice)
    assert refused.value.field == "time_zone"
    assert "Europe/Amsterdam" in str(refused.value.sentence)


def test_before_that_it_may_change_and_the_lines_are_judged_again(rested, alice):
    elsewhere = replace(DUTCH, name=rested.carrier.name, time_zone="Asia/Tokyo")
    carriers.edit(carrier=rested.carrier, terms=elsewhere, by=alice)
    assert is_due(rested)


def test_a_carrier_with_active_lines_is_not_retired(rested, alice):
    with pytest.raises(carriers.CarrierRefused):
        carriers.retire(carrier=rested.carrier, now=timezone.now(), by=alice)


def test_the_first_plan_of_a_carrier_is_its_default(in_contoso, alice):
    carrier = CarrierFactory(tenant=in_contoso)
    first = plans.add(carrier=carrier, terms=PlanTerms(name="S"), by=alice)
    second = plans.add(carrier=carrier, terms=PlanTerms(name="L"), by=alice)
    assert (first.is_default, second.is_default) == (True, False)
    plans.make_default(plan=second, by=alice)
    assert Plan.objects.get(carrier=carrier, is_default=True) == second


def test_a_changed_cap_makes_the_lines_of_the_plan_due_and_a_changed_name_does_not(rested, alice):
    plan = plan_of(rested)
    same = PlanTerms(name=plan.name, domestic_cap=plan.domestic_cap, roaming_cap=plan.roaming_cap)
    plans.edit(plan=plan, terms=replace(same, name="Other"), by=alice)
    assert not is_due(rested)
    plans.edit(plan=plan, terms=replace(same, name="Other", domestic_cap=1), by=alice)
    assert is_due(rested)


def test_a_plan_with_lines_is_not_retired(rested, alice):
    with pytest.raises(plans.PlanRefused):
        plans.retire(plan=plan_of(rested), now=timezone.now(), by=alice)


WARN = ThresholdTerms(scope="domestic", measure="percent", value=Decimal(80))
BLOCK = ThresholdTerms(scope="domestic", measure="percent", value=Decimal(100), block_cellular=True)


def test_thresholds_keep_their_order_and_what_stays_keeps_its_row(in_contoso, alice):
    policy = policies.add(name="Standard", thresholds=[WARN, BLOCK], by=alice)
    rows = {row.value: row.pk for row in policy.thresholds.all()}
    new = ThresholdTerms(scope="roaming", measure="bytes", value=Decimal(10**9))
    policies.edit(policy=policy, name="Standard", thresholds=[BLOCK, new, WARN], by=alice)
    after = list(policy.thresholds.order_by("position"))
    assert [row.value for row in after] == [100, 10**9, 80]
    assert [row.position for row in after] == [1, 2, 3]
    assert (after[0].pk, after[2].pk) == (rows[100], rows[80])


def test_a_policy_edit_is_felt_by_the_lines_that_have_it_by_any_way(in_contoso, alice):
    default, of_plan, own = (PolicyFactory(tenant=in_contoso) for _ in range(3))
    policies.make_default(policy=default, by=alice)
    by_default = make_line(in_contoso, plan=PlanFactory(tenant=in_contoso))
    by_plan = make_line(in_contoso, plan=PlanFactory(tenant=in_contoso, policy=of_plan))
    by_line = make_line(in_contoso, plan=PlanFactory(tenant=in_contoso, policy=of_plan))
    LinePolicy(line=by_line, policy=own, linked_at=timezone.now()).save()
    expected = {default.pk: [by_default], of_plan.pk: [by_plan, by_line], own.pk: [by_line]}
    for policy in (default, of_plan, own):
        LineWatch.objects.update(evaluate_at=None)
        policies.edit(policy=policy, name=policy.name, thresholds=[WARN], by=alice)
        due = set(LineWatch.objects.exclude(evaluate_at=None).values_list("line_id", flat=True))
        assert due == {line.pk for line in expected[policy.pk]}


def test_the_tenant_has_one_policy_of_its_own(in_contoso, alice):
    first, second = PolicyFactory(tenant=in_contoso), PolicyFactory(tenant=in_contoso)
    policies.make_default(policy=first, by=alice)
    policies.make_default(policy=second, by=alice)
    assert Policy.objects.get(is_default=True) == second
    with pytest.raises(policies.PolicyRefused):
        policies.retire(policy=second, now=timezone.now(), by=alice)
    policies.retire(policy=first, now=timezone.now(), by=alice)
