"""Products for the screen: seats, prices, and what is in them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from licensing.models import App, Product, ServicePlan
from licensing.queries.offers import seats_of


def listed() -> QuerySet[Product]:
    """Products with `price` (None: not known) and `left`, what Microsoft's figures leave free."""
    left = Greatest(F("enabled") - F("consumed"), Value(0))
    return Product.objects.annotate(
        price=F("prices__amount"),
        left=Case(When(status="Enabled", then=left), default=Value(0), output_field=IntegerField()),
    )


@dataclass(frozen=True)
class Suitable:
    """A product that contains an app, as a choice. `services`: [(name, label)] in order."""

    pk: int
    name: str
    free: int
    status: str
    services: tuple[tuple[str, str], ...]


def suitable(app: App | None, *, besides: Collection[int] = ()) -> list[Suitable]:
    """The products that contain the app (no app: all), by name.

    A product without any subscription is no choice any more, but for those in `besides`.
    """
    wanted_rows = ~Q(status="Deleted") | Q(pk__in=besides)
    products = list(Product.objects.filter(wanted_rows).order_by("name", "pk"))
    services: dict[int, list[tuple[str, str]]] = {product.pk: [] for product in products}
    rows = ServicePlan.objects.filter(product__in=products).order_by("label", "pk")
    for product_id, name, label in rows.values_list("product_id", "name", "label"):
        services[product_id].append((name, label))
    free = seats_of(products).free
    wanted = set(app.plans) if app else None
    return [
        Suitable(
            pk=product.pk,
            name=product.name,
            free=free[product.pk],
            status=product.status,
            services=tuple(services[product.pk]),
        )
        for product in products
        if wanted is None or wanted & {name for name, _label in services[product.pk]}
    ]
