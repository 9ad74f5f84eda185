"""A session ends: half an hour after the last page, twelve hours after the sign-in."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.factories import PASSWORD


@pytest.fixture
def signed_in(alice):
    """A client of Alice, who signed in at the given moment."""

    def at(moment):
        client = Client()
        with time_machine.travel(moment, tick=False):
            client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
        return client

    return at


def status_at(client, moment):
    with time_machine.travel(moment, tick=False):
        return client.get("/t/contoso/").status_code


def test_a_session_outlives_a_break_of_29_minutes_and_not_one_of_31(signed_in):
    start = timezone.now()
    client = signed_in(start)
    assert status_at(client, start) == 200
    assert status_at(client, start + timedelta(minutes=29)) == 200
    assert status_at(client, start + timedelta(minutes=58)) == 200
    assert status_at(client, start + timedelta(minutes=58 + 31)) == 302


def test_a_session_ends_after_twelve_hours_however_busy_it_was(signed_in):
    start = timezone.now()
    client = signed_in(start)
    for minutes in range(0, 12 * 60 + 1, 20):
        assert status_at(client, start + timedelta(minutes=minutes)) == 200
    assert status_at(client, start + timedelta(hours=12, minutes=1)) == 302


def test_a_page_that_renews_itself_keeps_no_session_alive(signed_in):
    start = timezone.now()
    client = signed_in(start)
    assert status_at(client, start) == 200
    by_itself = {"x-by-itself": "1", "hx-request": "true", "hx-target": "home-live"}
    for minutes in (10, 20, 29):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert client.get("/t/contoso/", headers=by_itself).status_code == 200
    assert status_at(client, start + timedelta(minutes=31)) == 302


def test_the_person_is_told_why(signed_in):
    start = timezone.now()
    client = signed_in(start)
    status_at(client, start)
    with time_machine.travel(start + timedelta(minutes=45), tick=False):
        page = client.get("/t/contoso/", follow=True).content.decode()
    assert "You were signed out because nothing happened for a while." in page


def test_private_pages_are_not_stored(alice, client_for):
    response = client_for(alice).get("/t/contoso/")
    assert "no-store" in response.headers["Cache-Control"]
    assert "private" in response.headers["Cache-Control"]


def test_a_clock_set_back_signs_nobody_out(signed_in):
    start = timezone.now()
    client = signed_in(start)
    assert status_at(client, start - timedelta(minutes=5)) == 200
