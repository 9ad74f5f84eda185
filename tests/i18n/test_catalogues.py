"""The Dutch and the French catalogue: complete, sound, compiled, and in use."""

from __future__ import annotations

import gettext as standard_gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from common import wording
from tests.conftest import client_of
from tests.i18n.catalogues import marked_in_python, marked_in_template, read_po
from tests.i18n.test_marked_text import MODULES, ROOT, TEMPLATES

LANGUAGES = ["nl", "fr"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|%%|<[^>]+>")


def folder(language: str) -> Path:
    return Path(settings.LOCALE_PATHS[0]) / language / "LC_MESSAGES"


def entries(language: str):
    return [entry for entry in read_po(folder(language) / "django.po") if entry.text]


def marked() -> set[tuple[str, str, str]]:
    found = set()
    for name in TEMPLATES:
        found |= marked_in_template((ROOT / name).read_text())
    for name in MODULES:
        found |= marked_in_python((ROOT / name).read_text())
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_holds_what_is_marked_and_nothing_else(language):
    """How to mend it: docs/guide/languages.md."""
    held, wanted = {entry.key for entry in entries(language)}, marked()
    assert sorted(wanted - held) == []
    assert sorted(held - wanted) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_is_translated(language):
    found = entries(language)
    assert [entry.text for entry in found if not all(entry.forms)] == []
    assert [entry.text for entry in found if "fuzzy" in entry.flags] == []
    assert [e.text for e in found if len(e.forms) != (2 if e.plural else 1)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_entry_stands_twice(language):
    keys = [entry.key[:2] for entry in entries(language)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_placeholders_are_those_of_the_text(language):
    def placeholders(text: str) -> list[str]:
        return sorted(PLACEHOLDER.findall(text))

    wrong = [
        (entry.text, form)
        for entry in entries(language)
        for form in entry.forms
        if placeholders(form) not in (placeholders(entry.text), placeholders(entry.plural))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_begin_and_end_alike(language):
    """A sentence stays a sentence, and a label gets no full stop."""
    ends = ".:;?"
    wrong = [
        (entry.text, form)
        for entry in entries(language)
        for form in entry.forms
        if (entry.text[-1] in ends) != (form[-1] in ends) or form != form.strip()
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_holds_the_same(language):
    expected: dict[object, str] = {}
    for entry in read_po(folder(language) / "django.po"):
        text = f"{entry.context}\x04{entry.text}" if entry.context else entry.text
        if entry.plural:
            expected |= {(text, number): form for number, form in enumerate(entry.forms)}
        else:
            expected[text] = entry.forms[0]
    with (folder(language) / "django.mo").open("rb") as file:
        compiled = standard_gettext.GNUTranslations(file)._catalog
    assert compiled == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_header_names_no_person_and_no_machine(language):
    header = read_po(folder(language) / "django.po")[0].forms[0]
    assert f"Language: {language}\n" in header
    assert "@" not in header
    assert "/" not in header.replace("text/plain", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_french_and_dutch_set_their_own_punctuation(language):
    """French: a space that does not break before : ; ? ! and inside quotation marks."""
    wrong = re.compile(
        r"(?<![\xa0\d])[;?!»]|(?<=\w) [:;?!»]|«(?!\xa0)" if language == "fr" else "«"
    )
    found = [form for entry in entries(language) for form in entry.forms if wrong.search(form)]
    assert found == []


# --- in use -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("nl", ("Lijnen", "Abonnement", "Aanbieder", "Afmelden", "Nog geen lijnen")),
        ("fr", ("Lignes", "Forfait", "Opérateur", "Se déconnecter", "Aucune ligne pour l")),
    ],
)
def test_the_switch_of_languages_shows_the_page_in_it(contoso, alice, language, words):
    client = client_of(alice)
    path = f"/t/{contoso.slug}/lines/"
    client.post("/accounts/language/", {"language": language, "next": path})
    page = client.get(path).content.decode()
    assert f'<html lang="{language}"' in page
    assert [word for word in words if word not in page] == []


@pytest.mark.parametrize(
    ("language", "volume", "number"),
    [
        ("en", "1.25\xa0GB", "1,234,567.5"),
        ("nl", "1,25\xa0GB", "1.234.567,5"),
        ("fr", "1,25\xa0GB", "1\u202f234\u202f567,5"),
    ],
)
def test_figures_are_in_the_form_of_the_language(language, volume, number):
    with translation.override(language):
        assert wording.volume(1_250_000_000) == volume
        shown = number_format(1234567.5, decimal_pos=1, use_l10n=True, force_grouping=True)
        assert shown.replace("\xa0", "\u202f") == number


@pytest.mark.parametrize(
    ("language", "number", "expected"),
    [
        ("nl", 0, "Uitgeschakeld. 0 apparaten worden vrijgegeven."),
        ("nl", 1, "Uitgeschakeld. 1 apparaat wordt vrijgegeven."),
        ("nl", 2, "Uitgeschakeld. 2 apparaten worden vrijgegeven."),
        ("fr", 0, "Désactivé. 0 appareil est en cours de libération."),
        ("fr", 1, "Désactivé. 1 appareil est en cours de libération."),
        ("fr", 2, "Désactivé. 2 appareils sont en cours de libération."),
    ],
)
def test_a_plural_is_that_of_the_language(language, number, expected):
    with translation.override(language):
        words = ngettext(
            "Disabled. %(count)s device is being released.",
            "Disabled. %(count)s devices are being released.",
            number,
        )
    assert words % {"count": number} == expected


def test_our_words_go_before_those_of_django():
    with translation.override("nl"):
        assert gettext("Home") == "Start"


# --- the readers themselves read -----------------------------------------------------------------


def test_marked_words_of_a_template_are_read():
    source = (
        '{% translate "A" %}{% translate "B" context "c" as b %}{{ x|default:_("D") }}'
        "{% blocktranslate with n=1 %}E {{ n }}{% endblocktranslate %}"
        "{% blocktranslate count n=2 %}it's one{% plural %}{{ n }} %{% endblocktranslate %}"
    )
    assert marked_in_template(source) == {
        ("", "A", ""), ("c", "B", ""), ("", "D", ""), ("", "E %(n)s", ""),
        ("", "it's one", "%(n)s %%"),
    }  # fmt: skip


def test_marked_words_of_a_module_are_read():
    source = (
        "from django.utils.translation import gettext_lazy as _, ngettext, pgettext\n"
        '_("a" "b"); ngettext("one", "more", 2); pgettext("c", "d"); other("e")'
    )
    assert marked_in_python(source) == {("", "ab", ""), ("", "one", "more"), ("c", "d", "")}


def test_a_name_that_makemessages_does_not_know_is_refused():
    with pytest.raises(AssertionError, match="_lazy"):
        marked_in_python("from django.utils.translation import gettext_lazy as _lazy")
