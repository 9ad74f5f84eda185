"""Policies are added, edited, made the tenant's own, and retired.

Thresholds are edited as a list. A threshold that says the same as before keeps its row, because
an alert once raised for it must not be raised again by a save that changed nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit.actions import Actor, changes, record
from common.refusals import Refused, refusing
from usage.models import Period, Plan, Policy, Threshold
from usage.queries import lines_of
from usage.workers.due import make_due


@dataclass(frozen=True)
class ThresholdTerms:
    """One threshold; `value` in percent, bytes or money, as the measure says."""

    scope: str
    measure: str
    value: Decimal
    block_roaming: bool = False
    block_cellular: bool = False
    zone: str = ""
    period: str = "cycle"
    grace_seconds: int = 0

    def values(self) -> dict:
        """Field names and values of the model."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class PolicyRefused(Refused):
    """The policy cannot be added, changed or retired like this."""


TAKEN = {"policy_name_once": ("name", _("Another policy already has this name."))}


@transaction.atomic
def add(*, name: str, thresholds: Sequence[ThresholdTerms], by: Actor) -> Policy:
    """A new policy with its thresholds in order. Raises PolicyRefused when the name is taken."""
    policy = Policy(name=name)
    with refusing(PolicyRefused, TAKEN):
        policy.save()
    _write(policy, thresholds)
    after = {"name": name, "thresholds": _in_words(policy)}
    record(by=by, action="policy.added", subject=policy, after=after)
    return policy


@transaction.atomic
def edit(*, policy: Policy, name: str, thresholds: Sequence[ThresholdTerms], by: Actor) -> Policy:
    """Another name, another list. Its lines become due when the list differs."""
    policy = Policy.objects.select_for_update(no_key=True).get(pk=policy.pk)
    old = {"name": policy.name, "thresholds": _in_words(policy)}
    if _terms(policy) != list(thresholds):
        make_due(queryset=lines_of.of_policy(policy))  # before the name, see make_due()
    policy.name = name
    with refusing(PolicyRefused, TAKEN):
        policy.save(update_fields=["name"])
    _write(policy, thresholds)
    new = {"name": name, "thresholds": _in_words(policy)}
    before, after = changes(before=old, after=new)
    if after:
        record(by=by, action="policy.edited", subject=policy, before=before, after=after)
    return policy


def _terms(policy: Policy) -> list[ThresholdTerms]:
    names = ThresholdTerms.__dataclass_fields__
    return [
        ThresholdTerms(**{name: getattr(row, name) for name in names})
        for row in policy.thresholds.order_by("position", "pk")
    ]


def _write(policy: Policy, wanted: Sequence[ThresholdTerms]) -> None:
    """Make the policy's rows say `wanted`, keeping each row that already says one of them."""
    rows = list(policy.thresholds.order_by("position", "pk"))
    kept: dict[int, Threshold] = {}
    for place, terms in enumerate(wanted):
        same = next((row for row in rows if _limit(row) == _limit(terms)), None)
        if same is not None:
            rows.remove(same)
            kept[place] = same
    Threshold.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for place, terms in enumerate(wanted):
        row = kept.get(place) or Threshold(policy=policy)
        for name, value in terms.values().items():
            setattr(row, name, value)
        row.position = place + 1
        row.save()


def _limit(threshold: Threshold | ThresholdTerms) -> tuple[str, str, str, str, Decimal]:
    return (
        threshold.scope,
        threshold.zone,
        threshold.measure,
        threshold.period,
        threshold.value,
    )


def _in_words(policy: Policy) -> list[str]:
    return [
        f"{row.zone or row.scope} {row.value.normalize():f} {row.measure}"
        + (" a_day" if row.period == Period.DAY else "")
        + (f" after_{row.grace_seconds}_s" if row.grace_seconds else "")
        + (" block_roaming" if row.block_roaming else "")
        + (" block_cellular" if row.block_cellular else "")
        for row in policy.thresholds.order_by("position")
    ]


@transaction.atomic
def make_default(*, policy: Policy, by: Actor) -> None:
    """The tenant's policy: it holds where neither line nor plan names one."""
    everyone = list(Policy.objects.select_for_update(no_key=True).order_by("pk"))
    policy = next(row for row in everyone if row.pk == policy.pk)
    if policy.retired_at is not None:
        raise PolicyRefused(_("This policy is retired."))
    if policy.is_default:
        return
    former = next((row for row in everyone if row.is_default), None)
    Policy.objects.filter(is_default=True).update(is_default=False)
    Policy.objects.filter(pk=policy.pk).update(is_default=True)
    record(
        by=by,
        action="policy.made_default",
        subject=policy,
        before={"default": str(former) if former else None},
        after={"default": str(policy)},
    )
    make_due(queryset=lines_of.active().filter(lines_of.by_default()))


@transaction.atomic
def retire(*, policy: Policy, now: datetime, by: Actor) -> None:
    """It can no longer be given. Raises PolicyRefused while a line, plan or the tenant has it."""
    policy = Policy.objects.select_for_update().get(pk=policy.pk)
    if policy.is_default:
        raise PolicyRefused(_("This is the policy of the tenant; make another one that first."))
    if Plan.objects.filter(policy=policy, retired_at=None).exists():
        raise PolicyRefused(_("Give the plans of this policy another one first."))
    if lines_of.of_policy(policy).exists():
        raise PolicyRefused(_("Give the lines of this policy another one first."))
    if not Policy.objects.filter(pk=policy.pk, retired_at=None).update(retired_at=now):
        raise PolicyRefused(_("This policy was already retired."))
    record(by=by, action="policy.retired", subject=policy)
