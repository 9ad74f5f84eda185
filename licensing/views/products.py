"""Billing > Licenses > Products: seats, states and prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import django_filters
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import form_methods, form_status, sent
from common.tables import Column, Search, Table
from licensing.actions.prices import set_price
from licensing.forms.prices import PriceForm
from licensing.models import Capability, Product, Reading
from licensing.queries.offers import under_way
from licensing.queries.products import listed
from licensing.views.tabs import tabs


class ProductFilters(django_filters.FilterSet):
    q = Search("name__icontains", "part_number__icontains", label=gettext_lazy("Search"))
    status = django_filters.ChoiceFilter(
        choices=Capability.choices, label=gettext_lazy("State"), empty_label=gettext_lazy("All")
    )

    class Meta:
        model = Product
        fields = ()


PRODUCTS = Table(
    name="products",
    columns=(
        Column("product", gettext_lazy("Product"), order=("name",)),
        Column("status", gettext_lazy("State"), order=("status",)),
        Column("bought", gettext_lazy("Bought"), order=("enabled",), numeric=True),
        Column("used", gettext_lazy("Used"), order=("consumed",), numeric=True),
        Column("under_way", gettext_lazy("Under way"), numeric=True),
        Column("left", gettext_lazy("Available"), order=("left",), numeric=True),
        Column("over", gettext_lazy("Overuse"), numeric=True),
        Column("price", gettext_lazy("Price per month"), order=("price",), numeric=True),
    ),
    sort="product",
    filters=ProductFilters,
)


def price_text(amount: Decimal | None) -> str:
    """With two decimals, or the four that it has."""
    if amount is None:
        return ""
    is_whole_cents = amount == round(amount, 2)
    return number_format(amount, decimal_pos=2 if is_whole_cents else 4, force_grouping=True)


@require(Permission.VIEW_LICENCES)
@require_safe
def products(request: HttpRequest) -> HttpResponse:
    """All products of the tenant, with what is bought, used and left."""
    view = PRODUCTS.view(request, listed())
    pending = under_way([row.pk for row in view.rows])
    base = tenant_url(request, "licensing:products")
    for row in view.rows:
        row.under_way = pending.get(row.pk, 0)
        row.available = max(0, row.left - row.under_way)
        row.price_text = price_text(row.price)
        row.price_url = f"{base}{row.pk}/price/"
    context = {
        "products": view,
        "tabs": tabs(request, "products"),
        "reading": Reading.objects.filter(what="products").first(),
        "may_price": request.membership.may(Permission.MANAGE_PRICES),
    }
    return render_page(request, "licensing/products.html", context, parts=(PRODUCTS.part,))


@require(Permission.MANAGE_PRICES)
@form_methods
def price(request: HttpRequest, pk: int) -> HttpResponse:
    """What a seat of the product costs."""
    product = get_object_or_404(Product, pk=pk)
    known = product.prices.values_list("amount", flat=True).first()
    initial: dict[str, Any] = {"amount": None if known is None else known.normalize()}
    form = PriceForm(sent(request), initial=initial)
    if form.is_valid():
        set_price(product=product, amount=form.cleaned_data["amount"], by=request.user)
        messages.success(request, _("Saved."))
        return redirect(tenant_url(request, "licensing:products"))
    context = {"form": form, "product": product}
    return render_page(request, "licensing/price.html", context, status=form_status(form))
