"""Which policy holds for a line, and where each candidate comes from."""

from __future__ import annotations

from dataclasses import dataclass

from usage.models import Line, LinePlan, LinePolicy, Policy, Threshold


@dataclass(frozen=True)
class EffectivePolicy:
    """`origin` is "line", "plan", "tenant" or None; candidates go from most to least specific."""

    policy: Policy | None
    origin: str | None
    thresholds: tuple[Threshold, ...]
    candidates: tuple[tuple[str, Policy | None], ...]


def effective_policy(*, line: Line) -> EffectivePolicy:
    """The line's own policy, else its plan's, else the tenant's (four queries)."""
    own = LinePolicy.objects.open().filter(line=line).select_related("policy").first()
    plan = LinePlan.objects.open().filter(line=line).select_related("plan__policy").first()
    candidates = (
        ("line", own.policy if own else None),
        ("plan", plan.plan.policy if plan else None),
        ("tenant", Policy.objects.filter(is_default=True).first()),
    )
    origin, policy = next(((o, p) for o, p in candidates if p is not None), (None, None))
    thresholds = Threshold.objects.filter(policy=policy).order_by("position") if policy else ()
    return EffectivePolicy(policy, origin, tuple(thresholds), candidates)
