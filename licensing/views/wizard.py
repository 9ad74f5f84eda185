"""The wizard *Add a policy*: name, app and products, the services of each, review.

The draft travels through the steps in the form; nothing is written before *Create policy*.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.submission import form_methods, form_status, refusals_on
from licensing.actions import policies as acts
from licensing.drafts import BadDraft, Draft, draft_from
from licensing.forms.policies import MOST, AppAndProductForm, NameForm, ServicesForm
from licensing.models import App
from licensing.queries.pace import Overlap, overlaps
from licensing.queries.policies import feature_is_on, policies
from licensing.queries.products import Suitable, suitable
from licensing.views.dry_runs import begin

NAME, PRODUCTS, SERVICES, REVIEW = "name", "products", "services", "review"


@dataclass(frozen=True)
class Steps:
    """For components/steps.html."""

    names: list[str]
    at: int


class Wizard:
    """Where somebody is, what they have chosen, and the form of the page."""

    def __init__(self, data: QueryDict | None) -> None:
        self.draft, self.step, self.place, self.count = Draft(), NAME, 0, 1
        self.is_finished = self.wants_dry_run = False
        self.products = suitable(None)
        self.form: forms.Form = NameForm()
        if data is not None:
            self._take(data)

    def _take(self, data: QueryDict) -> None:
        try:
            self.draft = draft_from(data.get("draft", ""))
        except BadDraft as bad:
            raise BadRequest(str(bad)) from bad
        step = data.get("step", "")
        self.step = step if step in (NAME, PRODUCTS, SERVICES, REVIEW) else NAME
        self.place = min(_number(data, "place"), max(0, len(self.draft.products) - 1))
        self.count = max(1, min(_number(data, "count"), MOST))
        act = data.get("act", "next")
        if act == "back":
            self._back()
        elif act == "dry-run" and self.step == REVIEW:
            self.wants_dry_run = True
            self.form = forms.Form(data)
        elif act == "add-backup":
            self._more_products(data)
        else:
            getattr(self, f"_leave_{self.step}")(data)

    # --- one step on ----------------------------------------------------------------------------

    def _leave_name(self, data: QueryDict) -> None:
        self.form = NameForm(data)
        if self.form.is_valid():
            self.draft = replace(self.draft, name=self.form.cleaned_data["name"])
            self._enter(PRODUCTS)

    def _leave_products(self, data: QueryDict) -> None:
        form = self._products_form(data)
        self.form = form
        if not form.is_valid():
            return
        app, keys = form.cleaned_data["app"], form.keys()
        changed = replace(self.draft.with_products(keys), app=app)
        try:
            acts.check_products(app=App.objects.get(pk=app), draft=_all_on(changed))
        except Refused as refused:
            form.add_error("product-0", refused.sentence)
            return
        self.draft = changed
        self._enter(SERVICES, place=0)

    def _leave_services(self, data: QueryDict) -> None:
        product = self._in_place()
        form = ServicesForm(data, products=[product])
        self.form = form
        if not form.is_valid():
            return
        changed = form.applied(self.draft)
        one = replace(changed, products=(changed.products[self.place],))
        try:
            acts.check_products(app=App.objects.get(pk=self.draft.app), draft=one)
        except (Refused, App.DoesNotExist) as refused:
            form.add_error("services", getattr(refused, "sentence", _("Choose an app.")))
            return
        self.draft = changed
        if self.place + 1 < len(self.draft.products):
            self._enter(SERVICES, place=self.place + 1)
        else:
            self._enter(REVIEW)

    def _leave_review(self, data: QueryDict) -> None:
        self.form = forms.Form(data)
        self.is_finished = True

    def _back(self) -> None:
        if self.step == SERVICES and self.place > 0:
            self._enter(SERVICES, place=self.place - 1)
        elif self.step == REVIEW and self.draft.products:
            self._enter(SERVICES, place=len(self.draft.products) - 1)
        elif self.step == SERVICES:
            self._enter(PRODUCTS)
        else:
            self._enter(NAME)

    def _more_products(self, data: QueryDict) -> None:
        """Another backup product: what was chosen stays chosen and is not judged yet."""
        self.step = PRODUCTS
        if self.count >= MOST:
            self.form = self._products_form(data)
            self.form.full_clean()
            self.form.add_error(None, _("A policy has at most four backup products."))
            return
        self.count += 1
        initial = {name: data.get(name) for name in data if name == "app" or "product-" in name}
        self.form = self._products_form(None, initial)

    def _enter(self, step: str, *, place: int = 0) -> None:
        self.step, self.place = step, place
        if step == NAME:
            self.form = NameForm(initial={"name": self.draft.name})
        elif step == PRODUCTS:
            chosen = {f"product-{n}": key for n, key in enumerate(self.draft.keys)}
            self.count = max(1, min(len(chosen), MOST))
            self.form = self._products_form(None, {"app": self.draft.app, **chosen})
        elif step == SERVICES:
            products = [self._in_place()]
            ticked = ServicesForm.ticked(self.draft, products)
            self.form = ServicesForm(products=products, initial=ticked)
        else:
            self.form = forms.Form()

    def _products_form(
        self, data: QueryDict | None, initial: dict[str, Any] | None = None
    ) -> AppAndProductForm:
        apps = list(App.objects.order_by("name", "pk"))
        return AppAndProductForm(
            data, initial=initial, products=self.products, apps=apps, count=self.count
        )

    def _in_place(self) -> Suitable:
        known = {product.pk: product for product in self.products}
        try:
            return known[self.draft.keys[self.place]]
        except (IndexError, KeyError) as bad:
            raise BadRequest("This is not a draft of a policy.") from bad

    # --- for the template -----------------------------------------------------------------------

    @property
    def json(self) -> str:
        return self.draft.to_json()

    @property
    def steps(self) -> Steps:
        names = [_("Name"), _("App and product"), _("Select apps"), _("Review and finish")]
        return Steps(names, (NAME, PRODUCTS, SERVICES, REVIEW).index(self.step) + 1)

    @property
    def title(self) -> str:
        titles = {
            NAME: _("Name this auto-claim policy"),
            PRODUCTS: _("Set an auto-claim app and product"),
            SERVICES: _("Select apps"),
            REVIEW: _("Review and finish"),
        }
        return titles[self.step]

    @property
    def product(self) -> Suitable | None:
        """The product whose services are being chosen."""
        return self._in_place() if self.step == SERVICES else None

    @property
    def may_add(self) -> bool:
        return len(self.products) > 1

    @property
    def app(self) -> App | None:
        return App.objects.filter(pk=self.draft.app).first()

    @property
    def overlaps(self) -> list[Overlap]:
        """Policies that are on and take seats of the same products."""
        return overlaps(keys=self.draft.keys)

    @property
    def shelf(self) -> list[tuple[str, list[str], list[str]]]:
        """(product, services on, services off) in the order of use."""
        known = {product.pk: product for product in self.products}
        found = []
        for row in self.draft.products:
            if row.product in known:
                services, off = known[row.product].services, set(row.off)
                on = [label for name, label in services if name not in off]
                found.append(
                    (known[row.product].name, on, [lab for name, lab in services if name in off])
                )
        return found


def _all_on(draft: Draft) -> Draft:
    for key in draft.keys:
        draft = draft.with_off(key, set())
    return draft


def _number(data: QueryDict, name: str) -> int:
    text = data.get(name, "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


@require(Permission.MANAGE_LICENCES)
@form_methods
def policy_add(request: HttpRequest) -> HttpResponse:
    """One page of the wizard."""
    wizard = Wizard(request.POST if request.method == "POST" else None)
    if wizard.wants_dry_run:
        with refusals_on(wizard.form):
            return begin(request, wizard.draft)
    if wizard.is_finished:
        try:
            added = acts.add(draft=wizard.draft, now=timezone.now(), by=request.user)
        except Refused as refused:
            wizard.form.add_error(None, refused.sentence)
        else:
            return redirect(tenant_url(request, "licensing:policy_created", pk=added.pk))
    context = {"wizard": wizard, "form": wizard.form}
    return render_page(
        request, "licensing/policy_add.html", context, status=form_status(wizard.form)
    )


@require(Permission.MANAGE_LICENCES)
@require_safe
def policy_created(request: HttpRequest, pk: int) -> HttpResponse:
    """The wizard's last page, with *Close*."""
    policy = get_object_or_404(policies(), pk=pk)
    context = {"policy": policy, "is_on": feature_is_on()}
    return render_page(request, "licensing/policy_created.html", context)
