"""A phone is enrolled by its number and a code, and what goes wrong on the way is said."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from common.tenancy import tenant_scope
from devices.actions import groups
from devices.actions.device_tokens import authenticate
from devices.models import Device, DeviceCategory, DeviceSim, GroupMember
from devices.workers.grouping import regroup_due
from enrolment.actions import codes
from enrolment.models import Enrolment, SmsMessage
from enrolment.queries.places import place_of
from tests.enrolment.walking import SAMSUNG, Walker, code_in, messages_to, open_enrolment
from tests.usage_factories import CarrierFactory, PlanFactory, make_device, make_line
from usage.models import Line, LinePlan, LineSim

pytestmark = pytest.mark.django_db
NUMBER = "+31612345678"


def device_of(line: Line) -> Device:
    with tenant_scope(line.tenant_id):
        sim = LineSim.objects.open().get(line=line).sim_id
        return DeviceSim.objects.open().select_related("device").get(sim_id=sim).device


def corporate(tenant) -> DeviceCategory:
    with tenant_scope(tenant.pk):
        return DeviceCategory.objects.get(name="Corporate")


def text_of(response) -> str:
    return response.content.decode()


def without_secrets(response) -> str:
    """The page without what differs from one form to the next."""
    return re.sub(r"csrfmiddlewaretoken[^>]*>", "", text_of(response))


def test_a_person_enrols_and_the_phone_is_in_its_category_groups_and_line(contoso):
    open_enrolment(contoso, notice="We count megabytes.")
    line = make_line(contoso, msisdn=NUMBER)
    category = corporate(contoso)
    with tenant_scope(contoso.pk):
        terms = groups.GroupTerms(
            name="Company phones", rule='device.deviceCategory -eq "Corporate"'
        )
        group = groups.add(terms=terms, now=timezone.now(), by=None)
    walker = Walker(contoso)
    assert "Use the phone number" in text_of(walker.get())
    answer = walker.say_number("06 1234 5678")
    assert answer.headers["Location"] == "/enrol/contoso/code/"
    [text] = messages_to(contoso, NUMBER)
    assert text.endswith("is your code for Contoso. It is good for 10 minutes.")
    assert (
        walker.post("code/", code=code_in(text)).headers["Location"] == "/enrol/contoso/category/"
    )
    page = text_of(walker.get("category/"))
    assert "Choose the best category for this device" in page
    assert re.search(r'value="ios"[^>]* checked', page)
    walker.post("category/", category=category.pk, platform="ios")
    page = text_of(walker.get("finish/"))
    assert "We count megabytes." in page
    assert "sees how much mobile data this phone uses" in page
    assert walker.post("finish/").headers["Location"] == "/enrol/contoso/done/"
    page = text_of(walker.get("done/"))
    secret = re.search(r'value="(temd_[^"]+)"', page)
    device = device_of(line)
    assert (device.platform, device.model, device.os_version) == ("ios", "iPhone", "18.1")
    assert device.category_id == category.pk
    assert secret is not None
    assert authenticate(secret[1], timezone.now()).device_id == device.pk
    regroup_due(now=timezone.now())
    with tenant_scope(contoso.pk):
        event = AuditEvent.objects.get(action="enrolment.finished")
        assert GroupMember.objects.filter(device=device, left_at=None, group=group).exists()
    assert event.after == {"how": "phone", "line": NUMBER, "category": "Corporate"}


def test_a_new_number_becomes_a_line_with_its_carriers_default_plan(contoso):
    open_enrolment(contoso, adds_lines=True)
    CarrierFactory(tenant=contoso, country="BE")
    carrier = CarrierFactory(tenant=contoso, country="NL")
    PlanFactory(tenant=contoso, carrier=carrier)
    plan = PlanFactory(tenant=contoso, carrier=carrier, is_default=True)
    page = text_of(
        Walker(contoso, agent=SAMSUNG).finish(
            NUMBER, category=corporate(contoso).pk, platform="knox"
        )
    )
    assert NUMBER in page
    with tenant_scope(contoso.pk):
        line = Line.objects.get(msisdn=NUMBER)
        assert line.carrier_id == carrier.pk
        assert LinePlan.objects.open().get(line=line).plan_id == plan.pk
    device = device_of(line)
    assert (device.platform, device.model) == ("knox", "SM-S921B")


def test_a_carrier_that_is_not_known_is_added(contoso):
    open_enrolment(contoso, adds_lines=True)
    Walker(contoso).finish(NUMBER, category=corporate(contoso).pk)
    with tenant_scope(contoso.pk):
        carrier = Line.objects.get(msisdn=NUMBER).carrier
        assert carrier.country == "NL"
        assert carrier.time_zone == contoso.time_zone
        assert AuditEvent.objects.filter(action="carrier.added").exists()


@pytest.mark.parametrize("adds_lines", [False, True])
def test_a_number_of_another_tenant_is_like_any_unknown_one(contoso, fabrikam, adds_lines):
    theirs, nobodys = "+31687654321", "+31687654322"
    other = make_line(fabrikam, msisdn=theirs)
    make_device(fabrikam, line=other)
    open_enrolment(contoso, adds_lines=adds_lines)
    pages, sms = [], []
    for number in (theirs, nobodys):
        walker = Walker(contoso)
        answer = walker.say_number(number)
        page = re.sub(r"csrfmiddlewaretoken[^>]*>", "", text_of(walker.get("code/")))
        wrong = re.sub(
            r"csrfmiddlewaretoken[^>]*>", "", text_of(walker.post("code/", code="000000"))
        )
        pages.append([answer.headers["Location"], page, wrong])
        sms.append(len(messages_to(contoso, number)))
    assert pages[0] == [text.replace(nobodys, theirs) for text in pages[1]]
    assert sms == ([1, 1] if adds_lines else [0, 0])
    with tenant_scope(fabrikam.pk):
        assert not SmsMessage.objects.exists()
        assert not Enrolment.objects.exists()


def test_a_number_that_gets_no_code_accepts_none(contoso):
    open_enrolment(contoso)
    walker = Walker(contoso)
    walker.say_number(NUMBER)
    with tenant_scope(contoso.pk):
        enrolment = Enrolment.objects.get()
        assert enrolment.code_digest == ""
        Enrolment.objects.update(tries_left=1000)
    for code in ("000000", "123456", "999999"):
        assert walker.post("code/", code=code).status_code == 422


def test_a_wrong_code_says_how_many_tries_are_left_and_then_none_is_good(contoso):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    walker = Walker(contoso)
    walker.say_number(NUMBER)
    right = code_in(messages_to(contoso, NUMBER)[0])
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    said = [text_of(walker.post("code/", code=wrong)) for _ in range(5)]
    assert "You have 4 tries left." in said[0]
    assert "You have 1 try left." in said[3]
    assert "wrong too often" in said[4]
    assert "wrong too often" in text_of(walker.post("code/", code=right))
    walker.post("code/again/")
    again = code_in(messages_to(contoso, NUMBER)[-1])
    assert walker.post("code/", code=again).status_code == 302
    with tenant_scope(contoso.pk):
        assert AuditEvent.objects.filter(action="enrolment.tries_used_up").count() == 1


def test_an_older_code_is_worth_nothing_after_a_newer_one(contoso):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    walker = Walker(contoso)
    walker.say_number(NUMBER)
    first = code_in(messages_to(contoso, NUMBER)[0])
    while code_in(messages_to(contoso, NUMBER)[-1]) == first:
        walker.post("code/again/")
    assert walker.post("code/", code=first).status_code == 422


def test_an_expired_code_says_so(contoso):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    walker = Walker(contoso)
    walker.say_number(NUMBER)
    code = code_in(messages_to(contoso, NUMBER)[0])
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        answer = walker.post("code/", code=code)
    assert answer.status_code == 422
    assert "This code has expired. Ask for a new one." in text_of(answer)


def test_after_an_hour_one_starts_again(contoso):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    walker = Walker(contoso)
    walker.prove(NUMBER)
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert walker.get("category/").headers["Location"] == "/enrol/contoso/"
        assert "Use the phone number" in text_of(walker.get())


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Phone number is missing."),
        ("hello", "This is not a phone number"),
        ("12", "This is not a phone number"),
        ("🦄" * 20, "This is not a phone number"),
    ],
)
def test_what_is_no_number_is_refused(contoso, typed, sentence):
    open_enrolment(contoso)
    answer = Walker(contoso).say_number(typed)
    assert answer.status_code == 422
    assert sentence in text_of(answer)


@pytest.mark.parametrize("typed", ["12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34"])
def test_what_is_no_code_costs_no_try(contoso, typed):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    walker = Walker(contoso)
    walker.say_number(NUMBER)
    assert "The code has 6 digits." in text_of(walker.post("code/", code=typed))
    with tenant_scope(contoso.pk):
        assert Enrolment.objects.get().tries_left == 5


def test_a_number_has_five_codes_an_hour(contoso):
    open_enrolment(contoso)
    for _ in range(5):
        assert Walker(contoso).say_number(NUMBER).status_code == 302
    answer = Walker(contoso).say_number(NUMBER)
    assert answer.status_code == 429
    assert "Too many codes were asked for." in text_of(answer)


def test_no_page_is_reached_before_its_turn_and_none_done_twice(contoso):
    open_enrolment(contoso)
    line = make_line(contoso, msisdn=NUMBER)
    walker = Walker(contoso)
    for page in ("code/", "category/", "finish/", "done/"):
        assert walker.get(page).headers["Location"] == "/enrol/contoso/"
    walker.say_number(NUMBER)
    for page in ("category/", "finish/", "done/"):
        assert walker.get(page).headers["Location"] == "/enrol/contoso/code/"
        assert walker.post(page, platform="ios").headers["Location"] == "/enrol/contoso/code/"
    walker.post("code/", code=code_in(messages_to(contoso, NUMBER)[0]))
    assert walker.post("finish/").headers["Location"] == "/enrol/contoso/category/"
    category = corporate(contoso)
    walker.post("category/", category=category.pk, platform="ios")
    walker.get("category/")  # the back button: choose another
    with tenant_scope(contoso.pk):
        personal = DeviceCategory.objects.get(is_personal=True)
    walker.post("category/", category=personal.pk, platform="ios")
    walker.post("finish/")
    walker.post("finish/")
    for page in ("code/", "category/", "finish/"):
        assert walker.get(page).headers["Location"] == "/enrol/contoso/done/"
    assert device_of(line).category_id == personal.pk
    with tenant_scope(contoso.pk):
        assert Device.objects.count() == 1
        assert AuditEvent.objects.filter(action="enrolment.finished").count() == 1


@pytest.mark.parametrize("category", ["", "77777", "x", "1' OR 1=1"])
def test_a_category_that_is_not_there_is_refused(contoso, fabrikam, category):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    walker = Walker(contoso)
    walker.prove(NUMBER)
    assert walker.post("category/", category=category, platform="ios").status_code == 422


def test_another_tenants_category_is_refused(contoso, fabrikam):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    open_enrolment(fabrikam)
    walker = Walker(contoso)
    walker.prove(NUMBER)
    theirs = corporate(fabrikam).pk
    assert walker.post("category/", category=theirs, platform="ios").status_code == 422


def test_a_number_that_is_in_another_kind_of_phone_moves_and_says_so(contoso):
    open_enrolment(contoso)
    line = make_line(contoso, msisdn=NUMBER)
    old = make_device(contoso, line=line)
    with tenant_scope(contoso.pk):
        Device.objects.filter(pk=old.pk).update(platform="ios", name="Old iPhone")
    walker = Walker(contoso, agent=SAMSUNG)
    walker.prove(NUMBER)
    walker.post("category/", category=corporate(contoso).pk, platform="knox")
    assert "it leaves Old iPhone and belongs to this phone" in text_of(walker.get("finish/"))
    walker.post("finish/")
    assert device_of(line).pk != old.pk


def test_a_phone_that_is_known_is_enrolled_as_itself(contoso):
    open_enrolment(contoso)
    line = make_line(contoso, msisdn=NUMBER)
    known = make_device(contoso, line=line)
    with tenant_scope(contoso.pk):
        Device.objects.filter(pk=known.pk).update(platform="ios")
    Walker(contoso).finish(NUMBER, category=corporate(contoso).pk)
    assert device_of(line).pk == known.pk


def test_closed_enrolment_and_no_tenant_look_alike(contoso, fabrikam):
    open_enrolment(fabrikam, is_open=False)
    pages = {slug: Walker(contoso).client.get(f"/enrol/{slug}/") for slug in
             ("contoso", "fabrikam", "no-such-tenant")}  # fmt: skip
    assert {page.status_code for page in pages.values()} == {404}
    assert len({without_secrets(page).replace(slug, "") for slug, page in pages.items()}) == 1


def test_the_token_is_shown_for_fifteen_minutes_and_to_this_browser_only(contoso):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    walker = Walker(contoso)
    assert "temd_" in text_of(walker.finish(NUMBER, category=corporate(contoso).pk))
    assert Walker(contoso).get("done/").headers["Location"] == "/enrol/contoso/"
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        page = text_of(walker.get("done/"))
    assert "This phone is enrolled" in page
    assert "temd_" not in page


@pytest.mark.django_db(transaction=True)
def test_many_tries_at_once_are_no_more_than_one_after_the_other(contoso, monkeypatch):
    open_enrolment(contoso)
    make_line(contoso, msisdn=NUMBER)
    place = place_of(slug="contoso")
    with tenant_scope(contoso.pk):
        enrolment = codes.ask(place=place, number=NUMBER, now=timezone.now())
    compared = []
    digest = codes._digest
    monkeypatch.setattr(codes, "_digest", lambda *of: compared.append(of) or digest(*of))

    def a_try(number: int) -> str:
        try:
            with tenant_scope(contoso.pk):
                codes.prove(enrolment=enrolment, code=f"x{number:05d}", now=timezone.now())
        except codes.CodeRefused as refused:
            return str(refused.sentence)
        finally:
            connection.close()
        return "proven"

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(a_try, range(24)))
    assert len(compared) == 5
    assert "proven" not in said
