"""Sentences that were kept in English reach the reader in the reader's language."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from common.retelling import is_known, retold
from tests.i18n.catalogues import sentences_in

KEPT = [
    "usage/carrier_files.py", "usage/dialects.py", "usage/actions/import_rows.py",
    "usage/actions/imports.py", "usage/queries/line_keys.py", "devices/platforms/apple.py",
    "devices/platforms/knox.py",
]  # fmt: skip
"""Modules whose sentences are kept with rows."""
FOR_PROGRAMMERS = {"7 is not one of 7."}


@pytest.mark.parametrize("name", KEPT)
def test_every_sentence_that_is_kept_is_known(name):
    source = (Path(settings.BASE_DIR) / name).read_text()
    found = sentences_in(source) - FOR_PROGRAMMERS
    assert [sentence for sentence in sorted(found) if not is_known(sentence)] == []


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "The row has 3 values, the header 4."),
        ("nl", "De rij heeft 3 waarden, de kopregel 4."),
        ("fr", "La rangée compte 3 valeurs, l'en-tête 4."),
    ],
)
def test_a_kept_sentence_is_said_in_the_language_in_use(language, expected):
    with translation.override(language):
        assert retold("The row has 3 values, the header 4.") == expected


def test_words_of_a_device_stand_as_they_are():
    with translation.override("nl"):
        assert retold("MCMDMErrorDomain 12021: Unknown command") == (
            "MCMDMErrorDomain 12021: Unknown command"
        )
        assert retold("") == ""


def test_a_percent_sign_in_a_kept_value_does_no_harm():
    with translation.override("fr"):
        assert "%(x)s 100%" in retold("There is no column '%(x)s 100%'. The file has: a, %d.")
