"""What a seat costs, entered by hand."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from audit.actions import Actor, record
from licensing.models import Product, ProductPrice


@transaction.atomic
def set_price(*, product: Product, amount: Decimal | None, by: Actor) -> None:
    """The price per seat and month in the tenant's currency; None: not known."""
    product = Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    row = ProductPrice.objects.filter(product=product).first()
    before = row.amount if row else None
    if before == amount:
        return
    if amount is None:
        ProductPrice.objects.filter(product=product).delete()
    else:
        row = row or ProductPrice(product=product)
        row.amount = amount
        row.save()
    record(
        by=by,
        action="product.priced",
        subject=product,
        before={"seat_price": str(before) if before is not None else None},
        after={"seat_price": str(amount) if amount is not None else None},
    )
