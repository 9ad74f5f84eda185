"""Lines come, change and go; every link keeps its dates and every act is on record."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone

from audit.models import AuditEvent
from common.refusals import Refused
from devices.actions.devices import put_sim_in
from devices.models import DeviceSim, Sim
from tests.factories import PersonFactory
from tests.usage_factories import (
    CarrierFactory,
    PlanFactory,
    PolicyFactory,
    make_device,
    make_line,
    make_line_with_device,
)
from usage.actions import lines
from usage.actions.lines import LineTerms, NewLine
from usage.models import Line, LinePerson, LinePlan, LinePolicy, LineSim, LineWatch

pytestmark = pytest.mark.django_db


def key_of(line: Line, **changes: str) -> NewLine:
    return NewLine(**{"msisdn": line.msisdn, "reference": line.reference, **changes})


def test_a_batch_of_lines_takes_the_same_statements_for_three_and_for_thirty(
    in_contoso, django_assert_max_num_queries
):
    plan = PlanFactory(tenant=in_contoso)
    for count in (3, 30):
        keys = [NewLine(reference=f"{count}-{n}") for n in range(count)]
        with django_assert_max_num_queries(12):
            made = lines.add_lines(carrier=plan.carrier, keys=keys, plan=plan, now=timezone.now())
        assert [line.label for line in made] == [key.reference for key in keys]
        assert LineWatch.objects.filter(line__in=made, evaluate_at__isnull=False).count() == count
        assert LinePlan.objects.open().filter(line__in=made, plan=plan).count() == count
    assert AuditEvent.objects.filter(action="line.many_added").count() == 2


def test_a_line_without_a_known_sim_has_a_placeholder(in_contoso):
    line = make_line(in_contoso)
    assert LineSim.objects.open().get(line=line).sim.is_placeholder


def test_a_sim_that_is_known_is_used_again(in_contoso):
    sim = Sim(iccid="8931440400000000001")
    sim.save()
    line = make_line(in_contoso, reference="A", iccid=sim.iccid)
    assert LineSim.objects.open().get(line=line).sim == sim


def test_a_number_in_use_is_refused_and_nothing_is_added(in_contoso):
    line = make_line(in_contoso)
    keys = [NewLine(msisdn="+31687654321"), NewLine(msisdn=line.msisdn)]
    with pytest.raises(lines.LineRefused) as refused:
        lines.add_lines(carrier=line.carrier, keys=keys, plan=None, now=timezone.now())
    assert refused.value.field == "msisdn"
    assert Line.objects.count() == 1


def test_editing_closes_the_old_link_and_opens_the_new_one_at_the_same_moment(in_contoso, alice):
    line, _device = make_line_with_device(in_contoso)
    other = PlanFactory(tenant=in_contoso, carrier=line.carrier)
    policy = PolicyFactory(tenant=in_contoso)
    person = PersonFactory(tenant=in_contoso)
    now = timezone.now() + timedelta(hours=1)
    LineWatch.objects.filter(line=line).update(evaluate_at=None)

    terms = LineTerms(key=key_of(line), plan=other, policy=policy, person=person)
    lines.edit(line=line, terms=terms, now=now, by=alice)

    old, new = LinePlan.objects.filter(line=line).order_by("linked_at")
    assert (old.unlinked_at, new.linked_at, new.unlinked_at) == (now, now, None)
    assert LinePolicy.objects.open().get(line=line).policy == policy
    assert LinePerson.objects.open().get(line=line).person == person
    assert LineWatch.objects.get(line=line).evaluate_at is not None
    event = AuditEvent.objects.get(action="line.edited")
    assert event.actor == alice.email
    assert event.after["plan"] == str(other)
    assert event.after["person"] == str(person)


def test_an_edit_that_changes_nothing_leaves_no_trace(in_contoso, alice):
    plan = PlanFactory(tenant=in_contoso)
    line = make_line(in_contoso, plan=plan)
    terms = LineTerms(key=key_of(line), plan=plan)
    lines.edit(line=line, terms=terms, now=timezone.now(), by=alice)
    assert not AuditEvent.objects.filter(action="line.edited").exists()
    assert LinePlan.objects.filter(line=line).count() == 1


def test_a_clock_set_back_does_not_turn_the_dates_of_a_link_round(in_contoso, alice):
    line = make_line(in_contoso, plan=PlanFactory(tenant=in_contoso))
    earlier = timezone.now() - timedelta(minutes=5)
    lines.edit(line=line, terms=LineTerms(key=key_of(line)), now=earlier, by=alice)
    link = LinePlan.objects.get(line=line)
    assert link.unlinked_at == link.linked_at


def test_a_placeholder_that_becomes_known_stays_in_its_device(in_contoso, alice):
    line, device = make_line_with_device(in_contoso)
    terms = LineTerms(key=key_of(line, iccid="8931440400000000002"), device=device)
    lines.edit(line=line, terms=terms, now=timezone.now(), by=alice)
    link = LineSim.objects.get(line=line)
    assert link.sim.iccid == "8931440400000000002"
    assert DeviceSim.objects.open().get(sim=link.sim).device == device


def test_a_swapped_sim_takes_the_seat_of_the_old_one_in_the_same_phone(in_contoso, alice):
    line, device = make_line_with_device(in_contoso, reference="A", iccid="8931440400000000003")
    terms = LineTerms(key=key_of(line, iccid="8931440400000000004"), device=device)
    lines.edit(line=line, terms=terms, now=timezone.now(), by=alice)
    assert [link.sim.iccid for link in LineSim.objects.filter(line=line).order_by("pk")] == [
        "8931440400000000003",
        "8931440400000000004",
    ]
    seat = DeviceSim.objects.open().get(device=device)
    assert (seat.sim.iccid, seat.slot, seat.data_preferred) == ("8931440400000000004", 1, True)


def test_the_sim_of_another_line_is_refused(in_contoso, alice):
    line = make_line(in_contoso, reference="A", iccid="8931440400000000005")
    other = make_line(in_contoso, reference="B")
    terms = LineTerms(key=key_of(other, iccid="8931440400000000005"))
    with pytest.raises(Refused) as refused:
        lines.edit(line=other, terms=terms, now=timezone.now(), by=alice)
    assert refused.value.field == "iccid"
    assert LineSim.objects.open().get(line=line).sim.iccid == "8931440400000000005"


def test_a_retired_line_frees_its_number_and_its_sim_and_keeps_its_history(in_contoso, alice):
    line = make_line(
        in_contoso, plan=PlanFactory(tenant=in_contoso), reference="A", iccid="8931440400000000006"
    )
    lines.retire(line=line, now=timezone.now(), by=alice, reason="Gone.")
    with pytest.raises(lines.LineRefused):
        lines.retire(line=line, now=timezone.now(), by=alice)
    again = make_line(in_contoso, carrier=line.carrier, reference="A", iccid="8931440400000000006")
    assert again.pk != line.pk
    assert LinePlan.objects.filter(line=line).exclude(unlinked_at=None).count() == 1
    assert AuditEvent.objects.get(action="line.retired").reason == "Gone."


def test_a_sim_that_moves_on_the_page_of_a_device_makes_its_line_due(in_contoso, alice):
    line, _device = make_line_with_device(in_contoso)
    sim = LineSim.objects.get(line=line).sim
    other = make_device(in_contoso)
    LineWatch.objects.filter(line=line).update(evaluate_at=None)
    put_sim_in(device=other, sim=sim, now=timezone.now(), by=alice)
    assert LineWatch.objects.get(line=line).evaluate_at is not None
    assert DeviceSim.objects.open().get(sim=sim).device == other


def test_a_carrier_of_another_tenant_cannot_be_used(in_contoso, fabrikam):
    theirs = CarrierFactory(tenant=fabrikam)
    keys = [NewLine(reference="X")]
    lines.add_lines(carrier=theirs, keys=keys, plan=None, now=timezone.now())
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
