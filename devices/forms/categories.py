"""What a person may say about a category, and which one a device is in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from devices.actions.categories import CategoryTerms
from devices.models import DeviceCategory


class CategoryForm(NamesItsFields, forms.Form):
    """Adding and editing; `terms()` gives what was said."""

    name = forms.CharField(label=_("Name"), max_length=80)
    is_personal = forms.BooleanField(
        label=_("Personal"),
        required=False,
        help_text=_(
            "Of a personal device no usage is collected, nothing is restricted, and the history "
            "of its lines is hidden from the helpdesk and from report readers."
        ),
    )

    @classmethod
    def of(cls, category: DeviceCategory) -> dict[str, Any]:
        """Initial values that show a category as it is."""
        return {name: getattr(category, name) for name in cls.base_fields}

    def terms(self) -> CategoryTerms:
        """The valid form's content."""
        return CategoryTerms(**self.cleaned_data)


def category_choices() -> list[tuple[str, Any]]:
    """Value and name of every category of the tenant in scope, Unassigned first."""
    names = DeviceCategory.objects.order_by("name", "pk").values_list("pk", "name")
    return [("", _("Unassigned")), *((str(pk), name) for pk, name in names)]


class CategoryChoiceForm(NamesItsFields, forms.Form):
    """The category of a device; nothing chosen is Unassigned."""

    category = forms.ChoiceField(label=_("Category"), choices=category_choices, required=False)

    def chosen(self) -> DeviceCategory | None:
        """The category of the valid form."""
        pk = self.cleaned_data["category"]
        return DeviceCategory.objects.filter(pk=pk).first() if pk else None


UNASSIGNED = "none"


def move_choices() -> list[tuple[str, Any]]:
    """As category_choices(), with nothing chosen beforehand."""
    return [("", _("Choose")), (UNASSIGNED, _("Unassigned")), *category_choices()[1:]]


class CategoryMoveForm(NamesItsFields, forms.Form):
    """The category of many devices; one must be chosen, Unassigned too."""

    category = forms.ChoiceField(label=_("Category"), choices=move_choices)

    def chosen(self) -> DeviceCategory | None:
        """The category of the valid form; None for Unassigned."""
        pk = self.cleaned_data["category"]
        return None if pk == UNASSIGNED else DeviceCategory.objects.filter(pk=pk).first()
