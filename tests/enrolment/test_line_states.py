"""How far the enrolment of a line is, on its page and in the list of all."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.tenancy import tenant_scope
from devices.models import DeviceCategory, DeviceToken
from enrolment.actions.invitations import invite
from enrolment.invitation_rows import Row
from enrolment.queries.line_states import with_states
from tests.enrolment.walking import Walker, open_enrolment
from tests.enrolment_walk import make_invitation
from tests.usage_factories import make_line
from usage.actions.lines import retire
from usage.models import Line, UsageCounter

pytestmark = pytest.mark.django_db
LIST = "/t/contoso/enrolment/lines/"
NUMBER = "+31612345678"


def state_of(line: Line) -> str:
    with tenant_scope(line.tenant_id):
        return with_states(Line.objects.filter(pk=line.pk), now=timezone.now()).get().enrol_state


def test_a_line_goes_from_added_to_removed(contoso, alice):
    open_enrolment(contoso)
    line = make_line(contoso, msisdn=NUMBER)
    assert state_of(line) == "added"
    with tenant_scope(contoso.pk):
        invite(rows=[Row("dana@contoso.example", "", NUMBER)], language="en", origin="http://x",
               now=timezone.now(), by=alice)  # fmt: skip
    assert state_of(line) == "invited"
    walker = Walker(contoso)
    walker.prove(NUMBER)
    assert state_of(line) == "code_sent"
    with tenant_scope(contoso.pk):
        category = DeviceCategory.objects.get(name="Corporate").pk
    walker.post("category/", category=category, platform="ios")
    walker.post("finish/")
    assert state_of(line) == "enrolled"
    old = timezone.now() - timedelta(days=4)
    with tenant_scope(contoso.pk):
        DeviceToken.objects.update(created_at=old)
    assert state_of(line) == "not_reporting"
    with tenant_scope(contoso.pk):
        UsageCounter.objects.create(
            tenant=contoso, line=line, day=timezone.now().date(), country="NL", source="agent",
            volume=1, records=1,
        )  # fmt: skip
    assert state_of(line) == "enrolled"
    with tenant_scope(contoso.pk):
        UsageCounter.objects.all().delete()
        DeviceToken.objects.update(last_used_at=timezone.now())
    assert state_of(line) == "enrolled"
    with tenant_scope(contoso.pk):
        retire(line=line, now=timezone.now(), by=alice)
    assert state_of(line) == "removed"


def test_a_phone_without_its_token_is_enrolled_no_more(contoso):
    open_enrolment(contoso)
    line = make_line(contoso, msisdn=NUMBER)
    walker = Walker(contoso)
    with tenant_scope(contoso.pk):
        category = DeviceCategory.objects.get(name="Corporate").pk
    walker.finish(NUMBER, category=category)
    with tenant_scope(contoso.pk):
        DeviceToken.objects.update(revoked_at=timezone.now())
    assert state_of(line) == "added"


def test_the_list_is_filtered_by_state(contoso, fabrikam, bob, client_for):
    make_line(contoso, msisdn=NUMBER)
    make_line(contoso, msisdn="+31612345679")
    make_invitation(contoso, number=NUMBER)
    make_invitation(fabrikam, number="+31612345679")
    client = client_for(bob)
    page = client.get(f"{LIST}?state=invited").content.decode()
    assert re.findall(r">(\+316\d+)</a>", page) == [NUMBER]
    page = client.get(f"{LIST}?q=%2B31612345679").content.decode()
    assert re.findall(r">(\+316\d+)</a>", page) == ["+31612345679"]


@pytest.mark.parametrize("count", [3, 30])
def test_the_list_costs_the_same_whatever_its_length(contoso, bob, client_for, count):
    for _ in range(count):
        make_line(contoso)
    client = client_for(bob)
    client.get(LIST)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(LIST).status_code == 200
    assert len(queries) <= 10


def test_the_page_of_a_line_asks_for_its_enrolment(contoso, bob, client_for):
    line = make_line(contoso, msisdn=NUMBER)
    client = client_for(bob)
    url = f"{LIST}{line.pk}/"
    assert f'hx-get="{url}"' in client.get(f"/t/contoso/lines/{line.pk}/").content.decode()
    assert "Added" in client.get(url).content.decode()
    part = client.get(url, headers={"HX-Request": "true", "HX-Target": "line-enrolment"})
    assert part.content.decode().strip().startswith('<div id="line-enrolment">')
