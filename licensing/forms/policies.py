"""The panes of a policy: each changes the draft that travels with the form, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from common.forms import NamesItsFields
from licensing.drafts import MOST_PRODUCTS, Draft
from licensing.models import AccountGroup, App
from licensing.queries.products import Suitable

ALL = "all"
MOST = MOST_PRODUCTS
country = RegexValidator(r"^[A-Z]{2}$", _("Use the two letters of the country, as in NL."))


class NameForm(NamesItsFields, forms.Form):
    """What the policy is called."""

    name = forms.CharField(label=_("Policy name"), max_length=80)


class AppAndProductForm(NamesItsFields, forms.Form):
    """Step 2 of the wizard: the app, the product, and up to four backup products."""

    app = forms.TypedChoiceField(label=_("App"), coerce=int)

    def __init__(
        self, *args: Any, products: Sequence[Suitable], apps: Sequence[App], count: int, **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        self.fields["app"].choices = [("", _("Choose an app")), *((a.pk, a.name) for a in apps)]
        choices = [("", _("Choose a product")), *((p.pk, told(p)) for p in products)]
        for number in range(count):
            label = _("Product") if number == 0 else _("Backup product %(number)s")
            field = forms.TypedChoiceField(
                label=label if number == 0 else label % {"number": number},
                coerce=int,
                choices=choices,
                required=number == 0,
                empty_value=None,
            )
            self.fields[f"product-{number}"] = field
            field.error_messages["required"] = _("Choose a product.")
        self.count = count

    def keys(self) -> list[int]:
        """The chosen products in order; an empty backup product is none."""
        found = (self.cleaned_data.get(f"product-{number}") for number in range(self.count))
        return [key for key in found if key is not None]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        seen: set[int] = set()
        for number in range(self.count):
            key = data.get(f"product-{number}")
            if key in seen:
                self.add_error(f"product-{number}", _("Each product can be in a policy once."))
            elif key is not None:
                seen.add(key)
        return data


def told(product: Suitable) -> str:
    """A product as a choice, with the seats it has left."""
    return _("%(product)s (%(free)s available)") % {"product": product.name, "free": product.free}


class ServicesForm(NamesItsFields, forms.Form):
    """The apps and services of one product, or of all; a tick switches one on."""

    services = forms.MultipleChoiceField(
        label=_("Apps and services"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, products: Sequence[Suitable], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.products = products
        labels = {name: label for product in products for name, label in product.services}
        self.fields["services"].choices = sorted(labels.items(), key=lambda item: item[1])

    @staticmethod
    def ticked(draft: Draft, products: Sequence[Suitable]) -> dict[str, Any]:
        """Initial values: what is on in each of these products that has it."""
        off_of = {row.product: set(row.off) for row in draft.products}
        off = {n for p in products for n, _l in p.services if n in off_of.get(p.pk, set())}
        return {"services": [n for p in products for n, _l in p.services if n not in off]}

    def applied(self, draft: Draft) -> Draft:
        on = set(self.cleaned_data["services"])
        for product in self.products:
            draft = draft.with_off(product.pk, {name for name, _l in product.services} - on)
        return draft


class AddProductForm(NamesItsFields, forms.Form):
    """The pane *Add a product*."""

    product = forms.TypedChoiceField(label=_("Product"), coerce=int, widget=forms.RadioSelect)

    def __init__(self, *args: Any, products: Sequence[Suitable], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["product"].choices = [(product.pk, told(product)) for product in products]


class RemoveProductForm(NamesItsFields, forms.Form):
    """The pane *Remove a product from the policy*; `form.remove` must stay the browser's own."""

    taken_out = forms.TypedMultipleChoiceField(
        label=_("Products"), coerce=int, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, products: Sequence[Suitable], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["taken_out"].choices = [(product.pk, product.name) for product in products]


class LimitsForm(NamesItsFields, forms.Form):
    """Whom the policy is for, and how much of the seats it may use."""

    included = forms.MultipleChoiceField(
        label=_("Only members of these groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: everybody."),
    )
    excluded = forms.MultipleChoiceField(
        label=_("Never members of these groups"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    reserve = forms.IntegerField(
        label=_("Seats to keep free"), min_value=0, max_value=1_000_000, initial=0
    )
    daily_cap = forms.IntegerField(
        label=_("Claims a day, at most"), min_value=1, max_value=1_000_000, required=False
    )
    default_country = forms.CharField(
        label=_("Usage location where none is set"),
        max_length=2,
        required=False,
        validators=[country],
        help_text=_("Two letters, as in NL. Empty: a person without one gets no licence."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = list(AccountGroup.objects.order_by("name", "pk").values_list("group_id", "name"))
        for name in ("included", "excluded"):
            known = {key for key, _name in groups}
            chosen = (self.initial or {}).get(name) or ()
            gone = [(key, key) for key in chosen if key not in known]
            self.fields[name].choices = [*groups, *gone]

    @staticmethod
    def of(draft: Draft) -> dict[str, Any]:
        names = ("included", "excluded", "reserve", "daily_cap", "default_country")
        return {name: getattr(draft, name) for name in names}

    def applied(self, draft: Draft) -> Draft:
        data = self.cleaned_data
        return replace(
            draft,
            included=tuple(sorted(data["included"])),
            excluded=tuple(sorted(data["excluded"])),
            reserve=data["reserve"],
            daily_cap=data["daily_cap"],
            default_country=data["default_country"],
        )
