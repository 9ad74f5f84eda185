"""The pages of lines, carriers, plans and policies, as people of several roles see them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.tenancy import tenant_scope
from devices.actions.restrictions import block_by_hand
from devices.models import RestrictionReason
from tests.factories import PersonFactory
from tests.usage_factories import (
    CarrierFactory,
    PlanFactory,
    PolicyFactory,
    ThresholdFactory,
    make_device,
    make_line,
    make_line_with_device,
)
from usage.models import (
    Carrier,
    Line,
    LineException,
    LinePerson,
    LinePlan,
    Plan,
    Policy,
    UsageRecord,
)
from usage.models.line import LineState

pytestmark = pytest.mark.django_db
LINES = "/t/contoso/lines/"
HTMX = {"HX-Request": "true"}


def queries_of(client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def make_full_line(tenant) -> Line:
    line, _device = make_line_with_device(tenant)
    with tenant_scope(tenant.pk):
        person = PersonFactory(tenant=tenant)
        LinePerson(line=line, person=person, linked_at=timezone.now()).save()
    return line


def make_rows(tenant, kind: str) -> None:
    makers = {
        "lines": make_full_line,
        "carriers": lambda tenant: CarrierFactory(tenant=tenant),
        "plans": lambda tenant: PlanFactory(tenant=tenant, policy=PolicyFactory(tenant=tenant)),
        "policies": lambda tenant: ThresholdFactory(tenant=tenant),
        "devices": lambda tenant: make_device(tenant),
    }
    makers[kind](tenant)


@pytest.mark.parametrize("kind", ["lines", "carriers", "plans", "policies", "devices"])
def test_a_list_of_thirty_costs_the_queries_of_a_list_of_three(kind, contoso, alice, client_for):
    client = client_for(alice)
    url = f"/t/contoso/{kind}/"
    for _row in range(3):
        make_rows(contoso, kind)
    three = queries_of(client, url)
    for _row in range(27):
        make_rows(contoso, kind)
    assert queries_of(client, url) == three
    assert three <= 12


@pytest.mark.parametrize("sort", ["line", "-line", "standing", "-standing", "carrier", "plan", "x"])
def test_lines_can_be_sorted_and_no_line_is_lost_between_the_pages(
    sort, contoso, alice, client_for
):
    made = {make_line(contoso, plan=PlanFactory(tenant=contoso)).label for _n in range(3)}
    plan = PlanFactory(tenant=contoso)
    made |= {make_line(contoso, plan=plan).label for _n in range(55)}
    client = client_for(alice)
    seen = []
    for page in (1, 2):
        answer = client.get(LINES, {"sort": sort, "page": page})
        seen += [line.label for line in answer.context["lines"].rows]
    assert len(seen) == len(made) == 58
    assert set(seen) == made


def test_lines_are_found_by_whatever_is_at_hand(contoso, alice, client_for):
    iccid = "8931440400000000777"
    line = make_line(contoso, msisdn="+31612345678", reference="ACC-77", iccid=iccid)
    make_line(contoso)
    device = make_device(contoso, line=line)
    with tenant_scope(contoso.pk):
        person = PersonFactory(tenant=contoso, name="Kim de Boer")
        LinePerson(line=line, person=person, linked_at=timezone.now()).save()
    client = client_for(alice)
    at_hand = ("+3161234", "06 1234 5678", "0031612345678", "ACC-77", "kim de")
    for text in (*at_hand, iccid, device.imei):
        rows = client.get(LINES, {"q": text}).context["lines"].rows
        assert [row.pk for row in rows] == [line.pk], text
    assert client.get(LINES, {"q": "nothing like it"}).context["lines"].rows == []


def test_filters_hold_together(contoso, alice, client_for):
    plan = PlanFactory(tenant=contoso)
    line = make_line(contoso, plan=plan)
    gone = make_line(contoso, plan=plan)
    other = make_line(contoso)
    with tenant_scope(contoso.pk):
        Line.objects.filter(pk=gone.pk).update(state=LineState.RETIRED, retired_at=timezone.now())
    client = client_for(alice)

    def found(**query) -> set[int]:
        return {row.pk for row in client.get(LINES, query).context["lines"].rows}

    assert found() == {line.pk, other.pk}
    assert found(state="all") == {line.pk, gone.pk, other.pk}
    assert found(state="retired") == {gone.pk}
    assert found(plan=plan.pk) == {line.pk}
    assert found(carrier=plan.carrier_id, state="all") == {line.pk, gone.pk}
    assert found(standing="over") == found(standing="restricted") == set()
    assert found(plan="x", carrier=10**30, standing="x", page=-1) == {line.pk, other.pk}


def test_restricted_lines_are_found_by_their_device(contoso, alice, client_for):
    line, device = make_line_with_device(contoso)
    make_line_with_device(contoso)
    with tenant_scope(contoso.pk):
        block_by_hand(device=device, restriction="roaming_data", by=alice, reason="Lost.")
    rows = client_for(alice).get(LINES, {"standing": "restricted"}).context["lines"].rows
    assert [row.pk for row in rows] == [line.pk]
    assert rows[0].figures.control_state == "blocking"


def test_the_list_answers_htmx_with_its_table_alone(contoso, alice, client_for):
    make_line(contoso)
    answer = client_for(alice).get(LINES, headers={**HTMX, "HX-Target": "lines-table"})
    assert b"<html" not in answer.content
    assert b'id="lines-table"' in answer.content


def test_a_line_is_added_by_a_plain_form_and_wrong_input_stays(contoso, alice, client_for):
    plan = PlanFactory(tenant=contoso, is_default=True)
    client = client_for(alice)
    typed = {"carrier": plan.carrier_id, "msisdn": "call me", "note": "kept"}
    answer = client.post(f"{LINES}add/", typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert page.count("call me is not a phone number") == 2
    assert 'value="call me"' in page
    assert 'value="kept"' in page

    answer = client.post(f"{LINES}add/", {**typed, "msisdn": "0612345678"}, follow=True)
    assert answer.status_code == 200
    assert "+31612345678 was added." in answer.content.decode()
    with tenant_scope(contoso.pk):
        assert LinePlan.objects.open().get(line__msisdn="+31612345678").plan == plan
    answer = client.post(f"{LINES}add/", {**typed, "msisdn": "0612345678"})
    assert answer.status_code == 422
    assert "Another active line already has this number." in answer.content.decode()


def test_saving_a_line_as_it_is_shown_changes_nothing(contoso, alice, client_for):
    line, device = make_line_with_device(contoso, reference="A", iccid="8931440400000000888")
    client = client_for(alice)
    url = f"{LINES}{line.pk}/edit/"
    form = client.get(url).context["form"]
    typed = {name: form[name].value() for name in form.fields}
    answer = client.post(url, {name: value or "" for name, value in typed.items()})
    assert answer.status_code == 302, answer.context["form"].errors
    page = client.get(f"{LINES}{line.pk}/").content.decode()
    assert device.name in page
    assert "Line edited" not in page


def test_a_plan_is_added_and_edited_with_caps_in_units(contoso, alice, client_for):
    carrier = CarrierFactory(tenant=contoso)
    client = client_for(alice)
    typed = {
        "carrier": carrier.pk, "name": "S", "domestic_cap": "2,5", "domestic_cap_unit": "GB",
        "roaming_cap": "", "roaming_cap_unit": "MB", "cycle_kind": "monthly", "billing_day": "31",
    }  # fmt: skip
    assert client.post("/t/contoso/plans/add/", typed).status_code == 302
    with tenant_scope(contoso.pk):
        plan = Plan.objects.get()
    assert (plan.domestic_cap, plan.roaming_cap, plan.is_default) == (2_500_000_000, None, True)
    answer = client.post(f"/t/contoso/plans/{plan.pk}/edit/", {**typed, "domestic_cap": "x"})
    assert answer.status_code == 422
    assert client.post(f"/t/contoso/plans/{plan.pk}/retire/").status_code == 302


def threshold_rows(*amounts: str) -> dict[str, str]:
    data = {"name": "Strict", "thresholds-TOTAL_FORMS": str(len(amounts))}
    data["thresholds-INITIAL_FORMS"] = data["thresholds-TOTAL_FORMS"]
    for number, amount in enumerate(amounts):
        data |= {
            f"thresholds-{number}-scope": "domestic",
            f"thresholds-{number}-amount": amount,
            f"thresholds-{number}-unit": "percent",
            f"thresholds-{number}-period": "cycle",
        }
    return data


def test_the_list_of_thresholds_works_without_script(contoso, alice, client_for):
    client = client_for(alice)
    url = "/t/contoso/policies/add/"
    answer = client.post(url, {**threshold_rows("80", "half"), "arrange": "add"})
    assert answer.status_code == 200
    page = answer.content.decode()
    assert 'value="half"' in page
    assert 'name="thresholds-2-amount"' in page
    assert 'value="Strict"' in page
    assert "is not an amount" not in page

    answer = client.post(url, threshold_rows("80", "half"))
    assert answer.status_code == 422
    assert answer.content.decode().count("half is not an amount") == 2

    assert client.post(url, threshold_rows("80", "100")).status_code == 302
    with tenant_scope(contoso.pk):
        rows = Policy.objects.get().thresholds.order_by("position")
        assert [row.value for row in rows] == [80, 100]


def test_the_line_page_says_where_each_value_comes_from(contoso, alice, client_for):
    policy = PolicyFactory(tenant=contoso, name="Careful")
    ThresholdFactory(tenant=contoso, policy=policy, value=80)
    plan = PlanFactory(tenant=contoso, policy=policy)
    line = make_line(contoso, plan=plan)
    page = client_for(alice).get(f"{LINES}{line.pk}/")
    shown = page.context["page"]
    assert [(row.origin, row.holds) for row in shown.policies] == [
        ("line", False), ("plan", True), ("tenant", False),
    ]  # fmt: skip
    assert shown.limits[0].in_bytes == 4 * 10**9
    assert "80 % of the cap" in page.content.decode()
    assert "Careful" in page.content.decode()


def test_the_timeline_tells_usage_by_day_newest_first(contoso, alice, client_for):
    line = make_line(contoso, plan=PlanFactory(tenant=contoso))
    now = timezone.now()
    with tenant_scope(contoso.pk):
        for days, volume, country in ((1, 5_000_000, "NL"), (0, 7_000_000, "BE")):
            moment = now - timedelta(days=days)
            UsageRecord(
                tenant=contoso, line=line, started_at=moment, source="carrier",
                key=f"00000000-0000-0000-0000-00000000000{days}", country=country, volume=volume,
                day=moment.date(), received_at=moment,
            ).save(force_insert=True)  # fmt: skip
    entries = client_for(alice).get(f"{LINES}{line.pk}/").context["timeline"]().entries
    said = [entry.sentence for entry in entries if entry.icon == "chart-column"]
    assert said[0].startswith("7\u00a0MB used on")
    assert "7\u00a0MB of it roaming" in said[0]
    assert said[1].startswith("5\u00a0MB used on")


def test_the_line_page_costs_the_same_however_much_happened(contoso, alice, client_for):
    line, device = make_line_with_device(contoso)
    client = client_for(alice)
    url = f"{LINES}{line.pk}/"
    before = queries_of(client, url)
    with tenant_scope(contoso.pk):
        for number in range(30):
            LineException(
                line=line, kind="unblock", starts_at=timezone.now(),
                ends_at=timezone.now() + timedelta(days=1), reason=f"Reason {number}",
                created_by=alice,
            ).save()  # fmt: skip
        block_by_hand(device=device, restriction="roaming_data", by=alice, reason="Lost.")
    assert queries_of(client, url) <= before + 1
    assert before <= 45


def test_a_block_by_hand_wants_a_reason_and_shows_who(contoso, alice, client_for):
    line, device = make_line_with_device(contoso)
    client = client_for(alice)
    url = f"{LINES}{line.pk}/block/"
    assert client.post(url, {"restriction": "roaming_data"}).status_code == 422
    assert client.post(url, {"restriction": "voice", "reason": "x"}).status_code == 422
    answer = client.post(url, {"restriction": "roaming_data", "reason": "Stolen."}, follow=True)
    page = answer.content.decode()
    assert "By hand, by Alice" in page
    assert "Stolen." in page
    assert 'hx-trigger="every 2s"' in page
    client.post(f"{LINES}{line.pk}/release/roaming_data/")
    with tenant_scope(contoso.pk):
        assert not RestrictionReason.objects.filter(device=device).exists()
    again = client.post(f"{LINES}{line.pk}/release/roaming_data/", follow=True)
    assert "Nobody has set this restriction by hand." in again.content.decode()


def test_the_helpdesk_may_unblock_with_a_reason_and_not_block(contoso, bob, client_for):
    line, _device = make_line_with_device(contoso)
    client = client_for(bob)
    assert client.get(f"{LINES}{line.pk}/block/").status_code == 403
    assert client.post(f"{LINES}{line.pk}/unblock/", {"reason": " "}).status_code == 422
    answer = client.post(f"{LINES}{line.pk}/unblock/", {"reason": "On a call."}, follow=True)
    assert "On a call." in answer.content.decode()
    with tenant_scope(contoso.pk):
        assert LineException.objects.get(line=line).created_by == bob


def test_the_drawer_is_a_part_of_the_page(contoso, bob, client_for):
    line = make_line(contoso)
    answer = client_for(bob).get(f"{LINES}{line.pk}/", headers={**HTMX, "HX-Target": "drawer"})
    assert b"<html" not in answer.content
    assert line.label in answer.content.decode()


def test_suggestions_are_of_this_tenant_only(contoso, fabrikam, alice, client_for):
    PersonFactory(tenant=contoso, name="Kim", email="kim@contoso.example")
    PersonFactory(tenant=fabrikam, name="Kim", email="kim@fabrikam.example")
    device = make_device(contoso)
    client = client_for(alice)
    page = client.get(f"{LINES}people/", {"person": "ki"}).content.decode()
    assert "kim@contoso.example" in page
    assert "fabrikam" not in page
    page = client.get(f"{LINES}phones/", {"device": device.imei[:9]}).content.decode()
    assert device.imei in page


def test_a_refused_retirement_says_why(contoso, alice, client_for):
    line = make_line(contoso)
    answer = client_for(alice).post(f"/t/contoso/carriers/{line.carrier_id}/retire/")
    assert answer.status_code == 422
    assert "Retire the carrier&#x27;s active lines first." in answer.content.decode()
    with tenant_scope(contoso.pk):
        assert Carrier.objects.get(pk=line.carrier_id).retired_at is None


def test_times_are_told_in_the_tenants_own_zone(contoso, alice, client_for):
    line = make_line(contoso, plan=PlanFactory(tenant=contoso))
    with tenant_scope(contoso.pk):
        noon = timezone.now().replace(month=1, day=15, hour=12, minute=0)
        LineException(
            line=line, kind="unblock", starts_at=noon, ends_at=noon.replace(year=noon.year + 2),
            reason="Winter.", created_by=alice,
        ).save()  # fmt: skip
    assert (
        f"15 Jan {noon.year + 2}, 13:00"
        in client_for(alice).get(f"{LINES}{line.pk}/").content.decode()
    )


def test_a_retired_line_keeps_its_page_without_a_running_cycle(contoso, alice, client_for):
    line, _device = make_line_with_device(contoso)
    client = client_for(alice)
    assert client.post(f"{LINES}{line.pk}/retire/", {"reason": "Gone."}).status_code == 302
    page = client.get(f"{LINES}{line.pk}/").content.decode()
    assert "A retired line has no running cycle." in page
    assert "Line retired. Gone." in page
    assert client.get(f"{LINES}{line.pk}/edit/").status_code == 404
