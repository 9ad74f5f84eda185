"""What the walk over all addresses puts into the addresses of licences."""

from __future__ import annotations

from django.utils import timezone

from common.tenancy import tenant_scope
from jobs import files
from jobs.models import Job
from licensing.drafts import Draft
from licensing.models import App, AutoClaimPolicy, Claim, PolicyProduct, Product
from licensing.workers.dry_run import KIND
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


def make_claim(tenant: Tenant) -> Claim:
    """A claim that got nothing."""
    policy = make_policy(tenant)
    with tenant_scope(tenant.pk):
        claim, _new = Claim.objects.get_or_create(
            sign_in_key="walked",
            defaults={
                "signed_in_at": timezone.now(), "app_id": policy.app_id, "policy": policy,
                "policy_name": policy.name, "entra_id": guid("user walked"), "upn": "w@c.example",
                "state": "nothing", "reason": "claim_guest", "created_at": timezone.now(),
            },
        )  # fmt: skip
        return claim


def make_dry_run(tenant: Tenant) -> Job:
    """A dry run that is done, with a list."""
    policy = make_policy(tenant)
    now = timezone.now()
    with tenant_scope(tenant.pk):
        output = files.keep(name="dry-run.csv", parts=[b"x"], now=now, days=1)
        draft = Draft(name="x", app=policy.app_id).to_json()
        return Job.objects.create(
            kind=KIND, key="walked", state="done", parameters={"draft": draft, "days": 7},
            output=output, created_at=now, due_at=now, finished_at=now,
        )  # fmt: skip


OBJECTS = {
    "licensing:price": lambda tenant: {"pk": make_product(tenant).pk},
    "licensing:app_ids": lambda tenant: {"pk": make_policy(tenant).app_id},
    **{
        f"licensing:policy{act}": lambda tenant: {"pk": make_policy(tenant).pk}
        for act in ("", "_created", "_delete", "_undo")
    },
    **{
        f"licensing:claim{act}": lambda tenant: {"pk": make_claim(tenant).pk}
        for act in ("", "_retry", "_clear")
    },
    **{
        f"licensing:dry_run{act}": lambda tenant: {"pk": make_dry_run(tenant).pk}
        for act in ("", "_again", "_list")
    },
}
