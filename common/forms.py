"""What every form shares on the screen: problems named twice in the same words.

Once in a summary on top that links to the field, once beside the field (GOV.UK's pattern). How
a single field is drawn stands in templates/django/forms/field.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.forms import BaseForm, BaseFormSet, BoundField
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Problem:
    """One error: its sentence, and the id of the control that mends it (empty: the whole form)."""

    sentence: str
    target: str


def collect_problems(*forms: BaseForm | BaseFormSet[Any] | None) -> list[Problem]:
    """Every error of the forms and formsets, in the order of the screen."""
    return [problem for form in forms if form is not None for problem in _problems(form)]


def _problems(form: BaseForm | BaseFormSet[Any]) -> Iterator[Problem]:
    if not form.is_bound:
        return
    for sentence in form.non_form_errors() if isinstance(form, BaseFormSet) else ():
        yield Problem(sentence=str(sentence), target="")
    if isinstance(form, BaseFormSet):
        for member in form.forms:
            yield from _problems(member)
        return
    for sentence in form.non_field_errors():
        yield Problem(sentence=str(sentence), target="")
    for field in form:
        for sentence in field.errors:
            yield Problem(sentence=str(sentence), target=first_control(field))


def first_control(field: BoundField) -> str:
    """The id of the control a link should land on: the first of a group of choices."""
    if field.is_hidden:
        return ""
    if not field.use_fieldset:
        return field.id_for_label
    subwidgets: list[Any] = field.subwidgets
    return subwidgets[0].id_for_label if subwidgets else ""


class NamesItsFields:
    """Mixin of forms: "Name is missing." instead of "This field is required." for each of them.

    In a summary, three identical sentences would tell nobody what to do.
    """

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            label = field.label or name.replace("_", " ").capitalize()
            field.error_messages = {
                **field.error_messages,
                "required": _missing(label),
            }


def _missing(label: Any) -> str:
    return _("%(field)s is missing.") % {"field": label}
