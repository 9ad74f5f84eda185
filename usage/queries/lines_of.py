"""Which active lines something holds for: what must be judged again when it changes."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet

from usage.models import Carrier, Line, LinePlan, LinePolicy, LineState, Plan, Policy


def active() -> QuerySet[Line]:
    """All lines in service."""
    return Line.objects.filter(state=LineState.ACTIVE)


def of_carrier(carrier: Carrier) -> QuerySet[Line]:
    return active().filter(carrier=carrier)


def of_plan(plan: Plan) -> QuerySet[Line]:
    return active().filter(Exists(_open(LinePlan).filter(plan=plan)))


def of_policy(policy: Policy) -> QuerySet[Line]:
    """Lines with the policy of their own, by their plan, or (if it is the tenant's) by default."""
    own = Exists(_open(LinePolicy).filter(policy=policy))
    by_plan = Exists(_open(LinePlan).filter(plan__policy=policy))
    if not policy.is_default:
        return active().filter(own | by_plan)
    return active().filter(own | by_plan | by_default())


def by_default() -> Q:
    """Condition on a line: neither it nor its plan names a policy, so the tenant's holds."""
    names_one = Exists(_open(LinePlan).filter(plan__policy__isnull=False))
    return ~Exists(_open(LinePolicy)) & ~names_one


def _open(link: type[LinePlan] | type[LinePolicy]) -> QuerySet:
    return link.objects.open().filter(line=OuterRef("pk"))
