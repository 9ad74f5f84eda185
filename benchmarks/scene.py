"""The tenant that benchmarks work in: lines, plans and phones, made in bulk."""

from __future__ import annotations

from django.utils import timezone

from devices.actions.devices import add_simulated_devices
from devices.models import Sim
from tenants.actions import create_tenant
from tenants.models import Tenant, User
from usage.actions.lines import NewLine, add_lines
from usage.models import Carrier, LineSim, Plan

PASSWORD = "benchmark-password-2026"  # noqa: S105 - of a database that lives for a minute
EMAIL = "bench@example.com"
GB = 10**9


def make_tenant() -> Tenant:
    """A tenant with one administrator, who has a password."""
    tenant = create_tenant(slug="bench", name="Bench", admin_email=EMAIL, by=None)
    user = User.objects.get(email=EMAIL)
    user.set_password(PASSWORD)
    user.save()
    return tenant


def make_carrier(*, domestic_cap: int = 5 * GB) -> tuple[Carrier, Plan]:
    carrier = Carrier.objects.create(name="Bench", country="NL", time_zone="Europe/Amsterdam")
    plan = Plan.objects.create(
        carrier=carrier, name="5 GB", domestic_cap=domestic_cap, roaming_cap=GB, is_default=True
    )
    return carrier, plan


def make_lines(*, carrier: Carrier, plan: Plan, count: int, phones: bool) -> list[str]:
    """Lines with the references 0 to count-1; with `phones` each in a simulated device."""
    now = timezone.now()
    references = [f"{number:08d}" for number in range(count)]
    for start in range(0, count, 5_000):
        keys = [NewLine(reference=reference) for reference in references[start : start + 5_000]]
        lines = add_lines(carrier=carrier, keys=keys, plan=plan, now=now)
        if phones:
            links = LineSim.objects.open().filter(line__in=lines)
            sims = Sim.objects.filter(pk__in=links.values("sim_id")).order_by("pk")
            add_simulated_devices(sims=list(sims), now=now)
    return references
