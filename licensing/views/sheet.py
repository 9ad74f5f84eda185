"""The details pane of a policy as it is being edited.

Every button of the pane sends the form with its draft. A button opens one of the panes within
(name, add, remove, services, limits), or moves what is ticked; `is_saved` is true for *Save* of
the whole pane only, and nothing is written before that.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.utils.translation import gettext as _

from common.refusals import Refused
from licensing.actions.policies import check_products, draft_of
from licensing.drafts import BadDraft, Draft, draft_from
from licensing.forms.policies import (
    ALL,
    AddProductForm,
    LimitsForm,
    NameForm,
    RemoveProductForm,
    ServicesForm,
)
from licensing.models import AccountGroup, AutoClaimPolicy
from licensing.queries.products import Suitable, suitable

PANES = ("name", "add", "remove", "services", "limits")


class Sheet:
    """What the template shows: `pane` ("" is the pane itself), `form`, `draft`, `rows`."""

    def __init__(self, *, policy: AutoClaimPolicy, data: QueryDict | None) -> None:
        self.policy = policy
        self.saved = draft_of(policy)
        self.draft = self.saved
        self.pane, self.is_saved = "", False
        self.wants_dry_run = False
        self.form: forms.Form = forms.Form(data)
        self.all = suitable(None, besides=self.saved.keys)
        self.choices = suitable(policy.app)
        self.asked = ALL
        if data is not None:
            self._take(data)

    def _take(self, data: QueryDict) -> None:
        try:
            self.draft = replace(draft_from(data.get("draft", "")), app=self.policy.app_id)
        except BadDraft as bad:
            raise BadRequest(str(bad)) from bad
        self.pane = data.get("pane", "") if data.get("pane") in PANES else ""
        act = data.get("act", "")
        if not self.pane:
            self.draft = replace(self.draft, enabled="enabled" in data)
        if act == "discard":
            self.draft, self.pane = self.saved, ""
        elif act == "back":
            self.pane = ""
        elif act.startswith("open-") and act[5:] in PANES:
            self._open(act[5:])
        elif act in ("up", "down"):
            self._move(data, -1 if act == "up" else 1)
        elif act == "show":
            self._show(data)
        elif act == "apply" and self.pane:
            self._apply(data)
        elif act == "dry-run":
            self.wants_dry_run = True
        elif act == "save":
            self.is_saved = True

    # --- panes --------------------------------------------------------------------------------

    def _open(self, pane: str) -> None:
        self.pane = pane
        self.form = self._form_of(pane, None)

    def _form_of(self, pane: str, data: QueryDict | None) -> forms.Form:
        if pane == "name":
            return NameForm(data, initial={"name": self.draft.name})
        if pane == "add":
            return AddProductForm(data, products=self.addable)
        if pane == "remove":
            return RemoveProductForm(data, products=self.rows)
        if pane == "limits":
            return LimitsForm(data, initial=LimitsForm.of(self.draft))
        products = self._asked_products()
        ticked = ServicesForm.ticked(self.draft, products)
        return ServicesForm(data, products=products, initial=ticked)

    def _show(self, data: QueryDict) -> None:
        """Another product in the drop-down *Product*."""
        self.pane = "services"
        self.asked = data.get("product", ALL)
        self.form = self._form_of("services", None)

    def _asked_products(self) -> list[Suitable]:
        one = [row for row in self.rows if str(row.pk) == self.asked]
        if not one:
            self.asked = ALL
        return one or self.rows

    def _apply(self, data: QueryDict) -> None:
        self.asked = data.get("shown", ALL)
        form = self._form_of(self.pane, data)
        self.form = form
        if not form.is_valid():
            return
        changed = self._changed(form)
        try:
            check_products(app=self.policy.app, draft=changed)
        except Refused as refused:
            form.add_error(None, refused.sentence)
            return
        self.draft, self.pane, self.form = changed, "", forms.Form()

    def _changed(self, form: Any) -> Draft:
        if self.pane == "name":
            return replace(self.draft, name=form.cleaned_data["name"])
        if self.pane == "add":
            return self.draft.with_products([*self.draft.keys, form.cleaned_data["product"]])
        if self.pane == "remove":
            gone = set(form.cleaned_data["taken_out"])
            return self.draft.with_products([key for key in self.draft.keys if key not in gone])
        return form.applied(self.draft)

    def _move(self, data: QueryDict, by: int) -> None:
        chosen = {int(text) for text in data.getlist("chosen") if text.isascii() and text.isdigit()}
        if chosen & set(self.draft.keys):
            self.draft, self.form = self.draft.moved(chosen, by=by), forms.Form()
        else:
            self.form.add_error(None, _("Tick the product that is to be moved."))
        self.chosen = chosen

    chosen: set[int] = set()

    # --- for the template ---------------------------------------------------------------------

    @property
    def json(self) -> str:
        return self.draft.to_json()

    @property
    def is_changed(self) -> bool:
        return self.draft != self.saved

    @property
    def rows(self) -> list[Suitable]:
        """The products of the draft, in order."""
        known = {product.pk: product for product in self.all}
        return [known[key] for key in self.draft.keys if key in known]

    @property
    def addable(self) -> list[Suitable]:
        """Suitable products that are not in the draft."""
        return [product for product in self.choices if product.pk not in self.draft.keys]

    @property
    def may_add(self) -> bool:
        """The link hides where the tenant owns only one suitable product."""
        return len(self.choices) > 1

    @property
    def off_labels(self) -> dict[int, list[str]]:
        labels = {name: label for product in self.all for name, label in product.services}
        return {
            row.product: [labels.get(name, name) for name in row.off] for row in self.draft.products
        }

    @property
    def shelf(self) -> list[tuple[Suitable, bool, list[str]]]:
        """(product, ticked, services off) in order."""
        off = self.off_labels
        return [(row, row.pk in self.chosen, off.get(row.pk, [])) for row in self.rows]

    @property
    def group_names(self) -> dict[str, list[str]]:
        keys = [*self.draft.included, *self.draft.excluded]
        found = AccountGroup.objects.filter(group_id__in=keys)
        names = dict(found.values_list("group_id", "name"))
        return {
            "included": [names.get(key, key) for key in self.draft.included],
            "excluded": [names.get(key, key) for key in self.draft.excluded],
        }
