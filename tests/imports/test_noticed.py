"""A wrong file, a wrong column, a wrong unit: noticed before anything is written."""

from __future__ import annotations

import pytest

from common.tenancy import tenant_scope
from jobs.models import Job
from tests.imports.conftest import HEADER, when
from usage.models import UsageRecord

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_is_written(contoso):
    yield
    with tenant_scope(contoso.pk):
        assert not UsageRecord.objects.exists()
        assert not Job.objects.filter(kind="usage.import").exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04" + b"\x00" * 50, "spreadsheet"),
        (b"%PDF-1.4", "PDF"),
        (b"<html><body>Sign in", "web page"),
        (b"Dear customer,\nplease find enclosed\n", "columns; a line, a volume and a time"),
        (b"a;b;c\n", "no rows"),
        (b"0612345678;31-10-2026 10:00;12\n0612345679;31-10-2026 11:00;13\n", "holds figures"),
        (b"\n", "empty"),
    ],
)
def test_a_file_of_another_kind_is_refused_at_the_upload(dana_at_imports, content, words):
    response = dana_at_imports.upload(content)
    assert response.status_code == 422
    assert words in response.content.decode()


def refused(response) -> dict:
    assert response.status_code == 422
    return response.context["form"].errors.as_data()


def test_the_time_as_volume_is_an_error_beside_that_column(dana_at_imports, usual):
    page = dana_at_imports.uploaded(usual)
    errors = refused(dana_at_imports.choose(page, volume_column="Starttijd", time_column="Land"))
    assert "look like dates" in str(errors["volume_column"])


def test_the_number_as_volume_is_an_error_beside_that_column(dana_at_imports, usual):
    page = dana_at_imports.uploaded(usual)
    errors = refused(
        dana_at_imports.choose(page, volume_column="Telefoonnummer", line_column="Verbruik (MB)")
    )
    assert "look like phone numbers" in str(errors["volume_column"])


def test_a_volume_as_time_shows_the_value_that_is_none(dana_at_imports, usual):
    page = dana_at_imports.uploaded(usual)
    errors = refused(dana_at_imports.choose(page, time_column="Land", country_column=""))
    assert "row 2 “BE”: This is not a time" in str(errors["time_column"])


def test_a_column_serves_once(dana_at_imports, usual):
    page = dana_at_imports.uploaded(usual)
    errors = refused(dana_at_imports.choose(page, country_column="Telefoonnummer"))
    assert "chosen twice" in str(errors["country_column"])


def test_another_kind_of_line_key_is_an_error_beside_it(dana_at_imports, usual):
    page = dana_at_imports.uploaded(usual)
    errors = refused(dana_at_imports.choose(page, line_key="iccid"))
    assert "0612345670" in str(errors["line_key"])


def test_a_unit_is_asked_for_when_the_header_does_not_say_it(dana_at_imports, usual):
    page = dana_at_imports.uploaded(usual.replace(b" (MB)", b""))
    assert dana_at_imports.guesses(page)["unit"] == ""
    assert "unit" in refused(dana_at_imports.choose(page))


def test_dates_that_may_be_either_ask_for_their_form(dana_at_imports, numbers):
    content = f"{HEADER}\n{numbers[0]};05-06-2026 10:00:00;1,5;NL\n".encode()
    page = dana_at_imports.uploaded(content)
    assert "date_form" in refused(dana_at_imports.choose(page))
    assert dana_at_imports.choose(page, date_form="day").status_code == 302


def test_numbers_that_may_be_either_ask_for_their_form(dana_at_imports, numbers):
    content = f"{HEADER}\n{numbers[0]};{when()};1,500;NL\n".encode()
    page = dana_at_imports.uploaded(content)
    assert "number_form" in refused(dana_at_imports.choose(page))
    assert dana_at_imports.choose(page, number_form="comma").status_code == 302


@pytest.mark.parametrize(
    ("unit", "code"),
    [("GB", "too_large"), ("TB", "too_large"), ("kB", "too_small"), ("B", "too_small")],
)
def test_a_wrong_unit_is_noticed_by_the_caps(dana_at_imports, usual, unit, code):
    page = dana_at_imports.checked(usual.replace(b" (MB)", b""), unit=unit)
    assert code in dana_at_imports.warnings(page)
    assert dana_at_imports.start(page).status_code == 422


def test_a_unit_other_than_the_headers_is_noticed(dana_at_imports, usual):
    assert "unit_differs" in dana_at_imports.warnings(dana_at_imports.checked(usual, unit="MiB"))


def test_one_day_of_usual_use_is_not_taken_for_a_wrong_unit(dana_at_imports, numbers):
    rows = [f"{number};{when(days=part / 10)};5,5;NL" for number in numbers for part in range(10)]
    page = dana_at_imports.checked("\n".join([HEADER, *rows]).encode())
    assert dana_at_imports.warnings(page) == set()


def test_a_file_of_another_carrier_is_noticed_by_its_lines(dana_at_imports, kpn):
    rows = [f"06999999{index:02d};{when(days=index)};100,5;NL" for index in range(20)]
    page = dana_at_imports.checked("\n".join([HEADER, *rows]).encode())
    assert {"nothing_to_take", "mostly_unmatched"} <= dana_at_imports.warnings(page)
    assert "0699999900" in dana_at_imports.client.get(page).content.decode()
    assert "Start the import" not in dana_at_imports.client.get(page).content.decode()
    assert dana_at_imports.start(page, confirmed="on").status_code == 422


def test_many_lines_to_add_have_to_be_confirmed(dana_at_imports, usual):
    rows = [f"06999999{index:02d};{when(days=index)};100,5;NL" for index in range(20)]
    content = usual + "\n".join(rows).encode()
    page = dana_at_imports.checked(content, create_lines="on")
    assert "many_new_lines" in dana_at_imports.warnings(page)
    assert dana_at_imports.start(page).status_code == 422


def test_times_long_ago_are_noticed(dana_at_imports, numbers):
    rows = [f"{number};{when(days=900 + 3 * day)};9,5;NL" for number in numbers for day in range(9)]
    page = dana_at_imports.checked("\n".join([HEADER, *rows]).encode())
    assert "many_rejected" in dana_at_imports.warnings(page)
    assert "24 months" in dana_at_imports.client.get(page).content.decode()


def test_the_date_of_the_invoice_as_time_is_noticed(dana_at_imports, numbers):
    rows = [f"{number};{when(days=3)[:10]};{n},5;NL" for number in numbers for n in range(100, 110)]
    page = dana_at_imports.checked("\n".join([HEADER, *rows]).encode())
    assert "one_time" in dana_at_imports.warnings(page)


def test_without_a_country_it_is_said_that_all_use_is_domestic(dana_at_imports, usual):
    page = dana_at_imports.checked(usual, country_column="")
    assert dana_at_imports.warnings(page) == {"no_country"}


def test_lines_cannot_be_added_without_a_plan_for_them(dana_at_imports, usual, kpn, contoso):
    with tenant_scope(contoso.pk):
        kpn.plans.update(is_default=False)
    page = dana_at_imports.uploaded(usual)
    assert "default plan" in str(refused(dana_at_imports.choose(page, create_lines="on")))
