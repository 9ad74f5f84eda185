"""Volumes typed by people: read exactly, or refused in a sentence."""

import contextlib

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from common.fields import VolumeField, parse_volume
from common.units import MAX_VOLUME


@pytest.mark.parametrize(
    ("language", "text", "in_bytes"),
    [
        ("en", "5 GB", 5_000_000_000),
        ("en", "5gb", 5_000_000_000),
        ("en", "1.5 GB", 1_500_000_000),
        ("en", "1,5 GB", 1_500_000_000),
        ("en", "1,500 MB", 1_500_000_000),
        ("en", "1.500 GB", 1_500_000_000),
        ("nl", "1,5 GB", 1_500_000_000),
        ("nl", "1.500 MB", 1_500_000_000),
        ("nl", "1.5 GB", 1_500_000_000),
        ("fr", "1\u202f500,5 MB", 1_500_500_000),
        ("en", "1 GiB", 1_073_741_824),
        ("en", "0 B", 0),
    ],
)
def test_a_volume_is_read_in_the_language_in_use(language, text, in_bytes):
    with translation.override(language):
        assert parse_volume(text) == in_bytes


@pytest.mark.parametrize(
    "text",
    ["500", "GB", "-1 GB", "1e309 GB", "NaN GB", "5 parsecs", "1.2.3 GB", "1,23,4 GB", "\u0665 GB",
     "99999999999999999999 TB", "5 GB; DROP TABLE", "<script> GB"],
)  # fmt: skip
def test_anything_else_is_refused_with_a_sentence(text):
    with pytest.raises(ValidationError) as refusal:
        parse_volume(text)
    assert refusal.value.messages[0].endswith(".")


@given(st.text(max_size=40))
def test_no_text_whatever_makes_the_field_fail(text):
    with contextlib.suppress(ValidationError):
        VolumeField(required=False).clean(text)


@given(st.integers(min_value=0, max_value=MAX_VOLUME), st.sampled_from(["en", "nl", "fr"]))
def test_what_the_form_shows_reads_back_to_the_same_bytes(in_bytes, language):
    with translation.override(language):
        assert parse_volume(VolumeField().prepare_value(in_bytes)) == in_bytes


def test_an_untouched_volume_has_not_changed():
    class PlanForm(forms.Form):
        cap = VolumeField()

    assert not PlanForm({"cap": "1.234567 MB"}, initial={"cap": 1_234_567}).has_changed()
