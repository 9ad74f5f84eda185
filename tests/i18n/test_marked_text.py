"""Every word a person reads is marked for translation."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from django import forms
from django.apps import apps
from django.conf import settings
from django.utils.functional import Promise

from tests.i18n.unmarked import in_python, in_template

ROOT = Path(settings.BASE_DIR)
PROJECT = (
    "alerts", "audit", "common", "connectors", "devices", "enrolment", "jobs", "licensing",
    "sandbox", "tem_portal", "tenants", "usage",
)  # fmt: skip
TEMPLATES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in (ROOT / "templates", *(ROOT / name / "templates" for name in PROJECT))
    for path in folder.rglob("*")
    if path.suffix in {".html", ".txt"}
)
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for name in PROJECT
    for path in (ROOT / name).rglob("*.py")
    if "migrations" not in path.parts
)
MODELS = [model for model in apps.get_models() if model.__module__.split(".")[0] in PROJECT]


SAMPLES = {"Business 5 GB"}
"""Names in the style guide's samples: data that a person would have typed."""


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_template_has_words_that_are_not_marked(name):
    found = in_template((ROOT / name).read_text())
    assert [item for item in found if item.split(": ", 1)[1] not in SAMPLES] == []


@pytest.mark.parametrize("name", MODULES)
def test_no_module_says_words_that_are_not_marked(name):
    assert in_python((ROOT / name).read_text()) == []


def all_forms() -> list[type[forms.BaseForm]]:
    for name in MODULES:
        if Path(name).name in {"forms.py", "tables.py"} or "/forms/" in name:
            importlib.import_module(
                name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            )
    found, waiting = [], [forms.BaseForm]
    while waiting:
        for form in waiting.pop().__subclasses__():
            waiting.append(form)
            if form.__module__.split(".")[0] in PROJECT and hasattr(form, "base_fields"):
                found.append(form)
    return found


def test_every_label_and_hint_of_a_form_is_marked():
    unmarked = [
        f"{form.__module__}.{form.__name__}.{name}: {words}"
        for form in all_forms()
        for name, field in form.base_fields.items()
        for words in (field.label, field.help_text)
        if words and not isinstance(words, Promise)
    ]
    assert unmarked == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_words_of_a_model_are_marked(model):
    history = model.__name__.endswith("History")
    assert history or isinstance(model._meta.verbose_name, Promise)
    unmarked = [
        f"{field.name}: {label}"
        for field in model._meta.concrete_fields
        for _value, label in (field.choices or [])
        if not isinstance(label, Promise)
    ]
    assert unmarked == []


# --- the finder itself finds --------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "<p>Save</p>",
        "<p>{{ name }} is gone</p>",
        '<a title="More">{{ x }}</a>',
        '<input placeholder="Search lines">',
        '<button aria-label="Close"></button>',
        '<img alt="A chart">',
        '<input type="submit" value="Save">',
        '{% button "Save" variant="primary" %}',
        '{% include "components/empty.html" with title="No lines yet" %}',
        '{{ name|default:"Nobody at all" }}',
        "{% if x %}{% translate 'Good' %} luck{% endif %}",
    ],
)
def test_unmarked_words_in_a_template_are_found(source):
    assert in_template(source) != []


@pytest.mark.parametrize(
    "source",
    [
        "<p>{% translate 'Save' %} 12 % – {{ name }}</p>",
        "<p>{% blocktranslate trimmed %}Save\nit{% endblocktranslate %}</p>",
        "{# a remark #}{% comment %}Another one{% endcomment %}",
        '<a class="button primary" href="/t/">{% icon "house" %}</a>',
        '{% button save variant="primary" icon="save" %}',
        '<code>person.added</code><script src="x">var words = 1</script>',
        '{% include "components/empty.html" with title=_("No lines yet") %}',
        '{{ day|date:"j M Y" }}{{ row.state|pill:"line" }}',
    ],
)
def test_marked_words_in_a_template_are_left_alone(source):
    assert in_template(source) == []


@pytest.mark.parametrize(
    "source",
    [
        'messages.success(request, "Saved.")',
        'messages.success(request, f"{line} saved.")',
        'form.add_error("name", "Taken.")',
        'raise ValidationError("Too long.")',
        'forms.CharField(label="Name")',
        'from django.utils.translation import gettext as _\ndef f(x): return _(f"{x} lines")',
        'from django.utils.translation import gettext as _\nLABEL = _("Lines")',
        'from django.utils.translation import gettext as _\nclass F:\n    label = _("Lines")',
    ],
)
def test_unmarked_words_in_python_are_found(source):
    assert in_python(source) != []


@pytest.mark.parametrize(
    "source",
    [
        'messages.success(request, _("Saved."))',
        'log.info("saved", line=1)',
        'from django.utils.translation import gettext_lazy as _\nLABEL = _("Lines")',
        'from django.utils.translation import gettext as _\ndef f(): return _("Lines")',
        "form.add_error(refusal.field, refusal.sentence)",
    ],
)
def test_marked_words_in_python_are_left_alone(source):
    assert in_python(source) == []
