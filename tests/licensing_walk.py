"""What the walk over all addresses puts into the addresses of licences."""

from __future__ import annotations

from django.utils import timezone

from common.tenancy import tenant_scope
from licensing.models import App, AutoClaimPolicy, PolicyProduct, Product
from tenants.models import Tenant
from tests.licensing.cloud import guid


def make_product(tenant: Tenant, part: str = "SPE_E3") -> Product:
    """A product with ten seats of which none is used."""
    with tenant_scope(tenant.pk):
        made, _new = Product.objects.get_or_create(
            sku_id=guid(part),
            defaults={
                "part_number": part, "name": part, "status": "Enabled", "enabled": 10,
                "read_at": timezone.now(),
            },
        )  # fmt: skip
        return made


def make_policy(tenant: Tenant, name: str = "Teams for all") -> AutoClaimPolicy:
    """A policy that is off, with one product."""
    product = make_product(tenant)
    with tenant_scope(tenant.pk):
        app, _new = App.objects.get_or_create(
            name="Microsoft Teams", defaults={"plans": ["TEAMS1"]}
        )
        policy, new = AutoClaimPolicy.objects.get_or_create(
            name=name, defaults={"app": app, "enabled": False, "created_at": timezone.now()}
        )
        if new:
            PolicyProduct.objects.create(policy=policy, product=product, position=1)
        return policy


OBJECTS = {
    "licensing:price": lambda tenant: {"pk": make_product(tenant).pk},
    **{
        f"licensing:policy{act}": lambda tenant: {"pk": make_policy(tenant).pk}
        for act in ("", "_created", "_delete")
    },
}
