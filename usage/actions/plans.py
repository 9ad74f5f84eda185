"""Plans are added, edited, made the default of their carrier, and retired.

A change of caps or cycle is felt at once by every line on the plan: they all become due.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, changes, record
from common.refusals import Refused, refusing
from usage.models import Carrier, CycleKind, Plan, Policy
from usage.queries import lines_of
from usage.workers.due import make_due


@dataclass(frozen=True)
class PlanTerms:
    """What a person may say about a plan. Caps in bytes, None without limit; price per MB."""

    name: str
    domestic_cap: int | None = None
    roaming_cap: int | None = None
    overage_price: Decimal | None = None
    cycle_kind: str = CycleKind.MONTHLY
    billing_day: int = 1
    cycle_days: int | None = None
    first_day: date | None = None
    policy: Policy | None = None

    def values(self) -> dict:
        """Field names and values of the model."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class PlanRefused(Refused):
    """The plan cannot be added, changed or retired like this."""


TAKEN = {
    "plan_name_once": ("name", _("The carrier already has a plan with this name.")),
    "plan_days_complete": (
        "cycle_days",
        _("A cycle of so many days wants their number and a first day."),
    ),
}


@transaction.atomic
def add(*, carrier: Carrier, terms: PlanTerms, by: Actor) -> Plan:
    """A new plan; the first of a carrier becomes its default. Raises PlanRefused."""
    carrier = Carrier.objects.select_for_update().get(pk=carrier.pk)
    if carrier.retired_at is not None:
        raise PlanRefused(_("This carrier is retired."), field="carrier")
    first = not Plan.objects.filter(carrier=carrier, is_default=True).exists()
    plan = Plan(carrier=carrier, is_default=first, **terms.values())
    with refusing(PlanRefused, TAKEN):
        plan.save()
    after = changes(before={}, after=terms.values())[1]
    record(by=by, action="plan.added", subject=plan, after=after)
    return plan


@transaction.atomic
def edit(*, plan: Plan, terms: PlanTerms, by: Actor) -> Plan:
    """Other terms. Raises PlanRefused when the name is taken."""
    locked = Plan.objects.select_for_update(of=("self",), no_key=True)
    plan = locked.select_related("policy").get(pk=plan.pk)
    new = terms.values()
    before, after = changes(before={name: getattr(plan, name) for name in new}, after=new)
    if not after:
        return plan
    if after.keys() - {"name", "overage_price"}:
        make_due(queryset=lines_of.of_plan(plan))  # before the name, see make_due()
    for name, value in new.items():
        setattr(plan, name, value)
    with refusing(PlanRefused, TAKEN):
        plan.save(update_fields=list(new))
    record(by=by, action="plan.edited", subject=plan, before=before, after=after)
    return plan


@transaction.atomic
def make_default(*, plan: Plan, by: Actor) -> None:
    """New lines of the carrier get this plan. The carrier's row keeps two people apart."""
    Carrier.objects.select_for_update().get(pk=plan.carrier_id)
    if not Plan.objects.filter(pk=plan.pk, retired_at=None).exists():
        raise PlanRefused(_("This plan is retired."))
    former = Plan.objects.filter(carrier_id=plan.carrier_id, is_default=True).first()
    if former is not None and former.pk == plan.pk:
        return
    Plan.objects.filter(carrier_id=plan.carrier_id, is_default=True).update(is_default=False)
    Plan.objects.filter(pk=plan.pk).update(is_default=True)
    record(
        by=by,
        action="plan.made_default",
        subject=plan,
        before={"default": str(former) if former else None},
        after={"default": str(plan)},
    )


@transaction.atomic
def retire(*, plan: Plan, now: datetime, by: Actor) -> None:
    """No line gets it any more. Raises PlanRefused while active lines are on it."""
    plan = Plan.objects.select_for_update().get(pk=plan.pk)
    if lines_of.of_plan(plan).exists():
        raise PlanRefused(_("Move the lines of this plan to another plan first."))
    unretired = Plan.objects.filter(pk=plan.pk, retired_at=None)
    if not unretired.update(retired_at=now, is_default=False):
        raise PlanRefused(_("This plan was already retired."))
    record(by=by, action="plan.retired", subject=plan)
