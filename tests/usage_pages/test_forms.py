"""What people type into the forms: read as they mean it, or refused with a precise sentence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError

from devices.forms.numbers import IccidField, ImeiField, ImsiField
from tests.factories import PersonFactory
from tests.usage_factories import CarrierFactory, PlanFactory, PolicyFactory, make_device
from usage.forms.carriers import CarrierForm
from usage.forms.fields import AmountField, PhoneNumberField, amount_and_unit, in_bytes
from usage.forms.lines import LineForm
from usage.forms.plans import PlanForm
from usage.forms.policies import PREFIX, ThresholdList, rearranged

NAUGHTY = ["\x00", "‮evil", "'; DROP TABLE usage_line;--", "𝕏" * 5000, "<script>", "NaN", "1e309"]


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("5", "5"),
        ("2,5", "2.5"),
        ("2.5", "2.5"),
        (" 1 000 ", "1000"),
        ("1\u00a0000,25", "1000.25"),
        ("0", "0"),
    ],
)
def test_amounts_are_read_with_either_mark(typed, amount):
    assert AmountField().clean(typed) == Decimal(amount)


@pytest.mark.parametrize(
    "typed", ["-1", "1.000,5", "1,2,3", "five", "1e3", "0x10", "٣", "1" * 19, *NAUGHTY]
)
def test_other_amounts_are_refused_and_named(typed):
    with pytest.raises(ValidationError) as refused:
        AmountField().clean(typed)
    assert len(str(refused.value)) < 200


def test_bytes_are_whole_and_bounded():
    assert in_bytes(Decimal("2.5"), "GB") == 2_500_000_000
    assert in_bytes(None, "GB") is None
    with pytest.raises(ValidationError):
        in_bytes(Decimal(10**9), "GB")


@pytest.mark.parametrize(
    ("volume", "shown"),
    [
        (5 * 10**9, ("5", "GB")),
        (2_500_000_000, ("2.5", "GB")),
        (500_000_000, ("500", "MB")),
        (0, ("0", "GB")),
        (1_234_567, ("1.234567", "MB")),
    ],
)
def test_a_cap_is_shown_as_it_can_be_typed_again(volume, shown):
    amount, unit = amount_and_unit(volume)
    assert (f"{amount.normalize():f}", unit) == shown
    assert in_bytes(amount, unit) == volume


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [
        ("+31 6 1234 5678", "NL", "+31612345678"),
        ("06-12345678", "NL", "+31612345678"),
        ("0031612345678", "NL", "+31612345678"),
        ("0470 12 34 56", "BE", "+32470123456"),
        ("+1 (425) 555-0100", "NL", "+14255550100"),
    ],
)
def test_phone_numbers_become_international(typed, country, number):
    field = PhoneNumberField()
    field.country = country
    assert field.clean(typed) == number


def test_a_number_no_plan_knows_is_kept_and_doubted():
    field = PhoneNumberField()
    assert field.clean("+31999999999") == "+31999999999"
    assert field.doubtful


@pytest.mark.parametrize(
    "typed", ["3.16E+10", "12", "+31", "0612345678 ext. 5", "call me", *NAUGHTY]
)
def test_what_is_no_phone_number_is_refused(typed):
    field = PhoneNumberField()
    field.country = "NL"
    with pytest.raises(ValidationError):
        field.clean(typed)


@pytest.mark.parametrize(
    ("field", "typed", "digits"),
    [
        (ImeiField(), "49-015420-323751-8", "490154203237518"),
        (ImeiField(), "490154203237518", "490154203237518"),
        (IccidField(), "8931 4404 0000 0000 001", "8931440400000000001"),
        (ImsiField(), "204 08 1234567890", "204081234567890"),
    ],
)
def test_numbers_on_phones_and_sims_lose_their_marks(field, typed, digits):
    assert field.clean(typed) == digits


@pytest.mark.parametrize("field", [ImeiField(), IccidField(), ImsiField()])
@pytest.mark.parametrize("typed", ["12", "8.93144E+18", "٤٩٠١٥٤٢٠٣٢٣٧٥١٨", *NAUGHTY])
def test_other_numbers_are_refused_with_the_value_shortened(field, typed):
    with pytest.raises(ValidationError) as refused:
        field.clean(typed)
    assert len(str(refused.value)) < 200


def test_a_mistyped_imei_is_told_from_a_wrong_one():
    with pytest.raises(ValidationError) as refused:
        ImeiField().clean("490154203237519")
    assert refused.value.code == "check_digit"


def errors_of(form: forms.BaseForm) -> set[str]:
    assert not form.is_valid()
    return set(form.errors)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"country": "XX"}, {"country"}),
        ({"country": "nl"}, set()),
        ({"time_zone": "Mars/Base"}, {"time_zone"}),
        ({"network_codes": "204-08, 20410"}, {"network_codes"}),
        ({"network_codes": "204-08, 204-10"}, set()),
        ({"name": ""}, {"name"}),
        ({"name": "x" * 81}, {"name"}),
        ({"drives_limits": "guess"}, {"drives_limits"}),
    ],
)
def test_carriers(change, wrong):
    data = {
        "name": "Acme",
        "country": "NL",
        "time_zone": "Europe/Amsterdam",
        "drives_limits": "carrier",
    }
    form = CarrierForm(data | change)
    assert set(form.errors) == wrong


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({}, set()),
        ({"domestic_cap": ""}, set()),
        ({"domestic_cap": "many"}, {"domestic_cap"}),
        ({"domestic_cap": "9" * 12}, {"domestic_cap"}),
        ({"domestic_cap_unit": "GiB"}, {"domestic_cap_unit"}),
        ({"billing_day": "32"}, {"billing_day"}),
        ({"billing_day": ""}, {"billing_day"}),
        ({"cycle_kind": "days"}, {"cycle_days", "first_day"}),
        ({"cycle_kind": "days", "cycle_days": "28", "first_day": "2026-01-05"}, set()),
        ({"cycle_kind": "days", "cycle_days": "28", "first_day": "05/01/2026"}, {"first_day"}),
        ({"overage_price": "0,01"}, set()),
        ({"overage_price": "0,00001"}, {"overage_price"}),
        ({"policy": "999999"}, {"policy"}),
    ],
)
def test_plans(in_contoso, change, wrong):
    data = {
        "carrier": CarrierFactory(tenant=in_contoso).pk,
        "name": "S",
        "domestic_cap": "2,5",
        "domestic_cap_unit": "GB",
        "roaming_cap": "",
        "roaming_cap_unit": "MB",
        "cycle_kind": "monthly",
        "billing_day": "1",
    }
    form = PlanForm(data | change)
    assert set(form.errors) == wrong
    if not change:
        assert form.terms().domestic_cap == 2_500_000_000
        assert form.terms().roaming_cap is None


def test_a_carrier_of_another_tenant_is_no_choice(in_contoso, fabrikam):
    theirs = CarrierFactory(tenant=fabrikam)
    assert "carrier" in errors_of(PlanForm({"carrier": theirs.pk}))
    assert "carrier" in errors_of(LineForm({"carrier": theirs.pk, "reference": "A"}))


def test_a_new_line_reads_the_national_number_and_gets_the_default_plan(in_contoso):
    plan = PlanFactory(tenant=in_contoso, is_default=True)
    form = LineForm({"carrier": plan.carrier_id, "msisdn": "06 1234 5678"})
    assert form.is_valid(), form.errors
    assert form.terms().key.msisdn == "+31612345678"
    assert form.terms().plan == plan


def test_a_line_is_known_by_something_and_its_plan_is_of_its_carrier(in_contoso):
    carrier = CarrierFactory(tenant=in_contoso)
    other = PlanFactory(tenant=in_contoso)
    assert errors_of(LineForm({"carrier": carrier.pk, "plan": other.pk})) == {"msisdn", "plan"}


def test_people_and_devices_are_named_by_what_fits_one_only(in_contoso):
    carrier = CarrierFactory(tenant=in_contoso)
    data = {"carrier": carrier.pk, "reference": "A"}
    device = make_device(in_contoso)
    for email in ("kim@contoso.example", "kim.too@contoso.example"):
        PersonFactory(tenant=in_contoso, name="Kim", email=email)
    assert errors_of(LineForm({**data, "person": "Kim"})) == {"person"}
    assert errors_of(LineForm({**data, "person": "Nobody"})) == {"person"}
    assert errors_of(LineForm({**data, "device": "no such"})) == {"device"}
    form = LineForm({**data, "person": "KIM@contoso.example", "device": device.imei})
    assert form.is_valid(), form.errors
    assert form.terms().person.email == "kim@contoso.example"
    assert form.terms().device == device


def thresholds(*rows: dict[str, str], **forged: str) -> dict[str, str]:
    data = {f"{PREFIX}-TOTAL_FORMS": str(len(rows)), f"{PREFIX}-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        data |= {f"{PREFIX}-{number}-{name}": value for name, value in row.items()}
    return data | forged


ROW = {"scope": "domestic", "amount": "80", "unit": "percent", "period": "cycle"}


@pytest.mark.parametrize(
    ("row", "value"),
    [
        (ROW, 80),
        ({**ROW, "amount": "2,5", "unit": "GB"}, 2_500_000_000),
        ({**ROW, "amount": "0", "unit": "MB"}, 0),
        ({**ROW, "amount": "0"}, None),
        ({**ROW, "amount": "1001"}, None),
        ({**ROW, "amount": "33,3333"}, None),
        ({**ROW, "amount": ""}, None),
        ({**ROW, "scope": "zone"}, None),
        ({**ROW, "unit": "money"}, 80),
        ({**ROW, "unit": "money", "amount": "80,005"}, None),
        ({**ROW, "unit": "money", "period": "day"}, None),
        ({**ROW, "unit": "left-MB", "amount": "5"}, 5_000_000),
        ({**ROW, "grace": "10"}, None),
        ({**ROW, "grace": "10", "block_cellular": "on"}, 80),
        ({}, None),
    ],
)
def test_thresholds(in_contoso, row, value):
    rows = ThresholdList(thresholds(row), prefix=PREFIX)
    assert rows.is_valid() == (value is not None)
    if value is not None:
        assert rows.terms()[0].value == value


def test_the_same_limit_twice_is_named(in_contoso):
    rows = ThresholdList(thresholds(ROW, {**ROW, "amount": "80,0"}), prefix=PREFIX)
    assert not rows.is_valid()
    assert "Threshold 1" in str(rows.forms[1].errors)


@pytest.mark.parametrize("total", ["x", "1e9", "99999999999", ""])
def test_a_forged_number_of_rows_is_an_error_and_not_a_crash(in_contoso, total):
    data = thresholds(ROW, **{f"{PREFIX}-TOTAL_FORMS": total})
    assert not ThresholdList(data, prefix=PREFIX).is_valid()
    assert rearranged({**data, "arrange": "add"}) in (
        [{"scope": "domestic", "unit": "percent"}],
        [],
    )


@pytest.mark.parametrize(
    ("button", "order"),
    [
        ("up-1", ["b", "a", "c"]),
        ("down-0", ["b", "a", "c"]),
        ("up-0", ["a", "b", "c"]),
        ("down-2", ["a", "b", "c"]),
        ("remove-1", ["a", "c"]),
        ("remove-99", ["a", "b", "c"]),
        ("sideways", ["a", "b", "c"]),
        ("up-٣", ["a", "b", "c"]),
        ("add", ["a", "b", "c", None]),
    ],
)
def test_the_buttons_of_the_list_move_what_was_typed_unjudged(button, order):
    rows = [{**ROW, "amount": amount} for amount in "abc"]
    moved = rearranged(thresholds(*rows, arrange=button))
    assert [row.get("amount") for row in moved] == order


def test_a_policy_in_use_is_offered_to_a_line(in_contoso):
    policy = PolicyFactory(tenant=in_contoso)
    carrier = CarrierFactory(tenant=in_contoso)
    form = LineForm({"carrier": carrier.pk, "reference": "A", "policy": policy.pk})
    assert form.is_valid(), form.errors
    assert form.terms().policy == policy
