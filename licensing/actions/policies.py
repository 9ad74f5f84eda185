"""Auto-claim policies are added, changed as a whole, and deleted; holders keep what they have.

A draft holds everything and is saved in one transaction or not at all. What it may not be is
refused in a sentence; that one app has one enabled policy is asked of the database.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.actions import Actor, changes, record
from common.refusals import Refused, refusing
from licensing.drafts import MOST_PRODUCTS, Draft, DraftProduct
from licensing.models import (
    AccountGroup,
    App,
    AutoClaimPolicy,
    PolicyProduct,
    Product,
    ServicePlan,
)
from licensing.workers.judge_nudges import make_waiting_due


class AutoClaimRefused(Refused):
    """The policy cannot be like this."""


CONSTRAINTS = {
    "auto_claim_name_once": ("name", gettext_lazy("Another policy already has this name.")),
    "auto_claim_one_enabled_per_app": (
        "enabled",
        gettext_lazy("Another policy is on for this app. Turn that one off first."),
    ),
}


@transaction.atomic
def add(*, draft: Draft, now: datetime, by: Actor) -> AutoClaimPolicy:
    """A new policy. Raises AutoClaimRefused."""
    check(draft)
    policy = AutoClaimPolicy(app_id=draft.app, created_at=now)
    _fill(policy, draft)
    with refusing(AutoClaimRefused, CONSTRAINTS):
        policy.save()
    _write_products(policy, draft)
    record(by=by, action="auto_claim_policy.added", subject=policy, after=_in_words(draft))
    return policy


@transaction.atomic
def edit(*, policy: AutoClaimPolicy, draft: Draft, now: datetime, by: Actor) -> bool:
    """Make the policy what the draft says; whether anything changed. Raises AutoClaimRefused."""
    policy = AutoClaimPolicy.objects.select_for_update(no_key=True).get(pk=policy.pk)
    if policy.deleted_at is not None:
        raise AutoClaimRefused(_("This policy has been deleted."))
    check(draft)
    old, new = _in_words(draft_of(policy)), _in_words(draft)
    before, after = changes(before=old, after=new)
    if not after:
        return False
    _fill(policy, draft)
    with refusing(AutoClaimRefused, CONSTRAINTS):
        policy.save()
    _write_products(policy, draft)
    record(by=by, action="auto_claim_policy.edited", subject=policy, before=before, after=after)
    make_waiting_due(now=now)
    return True


@transaction.atomic
def delete(*, policy: AutoClaimPolicy, now: datetime, by: Actor) -> None:
    """No more claims by it. What it gave stays given, and the report goes on naming it."""
    done = AutoClaimPolicy.objects.filter(pk=policy.pk, deleted_at=None).update(
        deleted_at=now, enabled=False
    )
    if not done:
        raise AutoClaimRefused(_("This policy has been deleted."))
    record(by=by, action="auto_claim_policy.deleted", subject=policy)
    make_waiting_due(now=now)


def draft_of(policy: AutoClaimPolicy) -> Draft:
    """The policy as it is saved."""
    rows = policy.products.order_by("position").values_list("product_id", "off")
    return Draft(
        name=policy.name,
        app=policy.app_id,
        enabled=policy.enabled,
        products=tuple(DraftProduct(product, tuple(sorted(off))) for product, off in rows),
        reserve=policy.reserve,
        daily_cap=policy.daily_cap,
        default_country=policy.default_country,
        included=tuple(sorted(policy.included)),
        excluded=tuple(sorted(policy.excluded)),
    )


def check(draft: Draft) -> None:
    """Raises AutoClaimRefused with the first thing that is not in order."""
    if not draft.name.strip():
        raise AutoClaimRefused(_("Policy name is missing."), field="name")
    app = App.objects.filter(pk=draft.app).first()
    if app is None:
        raise AutoClaimRefused(_("Choose an app."), field="app")
    check_products(app=app, draft=draft)


def check_products(*, app: App, draft: Draft) -> None:
    """The number of products, each once, and the app in each of them."""
    if not draft.products:
        raise AutoClaimRefused(
            _("At least one product must stay. To stop claims, turn the policy off."),
            field="product",
        )
    if len(draft.products) > MOST_PRODUCTS:
        raise AutoClaimRefused(_("A policy has at most four backup products."), field="product")
    if len(set(draft.keys)) < len(draft.keys):
        raise AutoClaimRefused(_("Each product can be in a policy once."), field="product")
    names = dict(Product.objects.filter(pk__in=draft.keys).values_list("pk", "name"))
    plans: dict[int, set[str]] = {key: set() for key in names}
    rows = ServicePlan.objects.filter(product_id__in=names)
    for product, plan in rows.values_list("product_id", "name"):
        plans[product].add(plan)
    for row in draft.products:
        if row.product not in names:
            raise AutoClaimRefused(_("Choose a product."), field="product")
        if not (plans[row.product] - set(row.off)) & set(app.plans):
            raise AutoClaimRefused(
                _("%(product)s would give no %(app)s: switch a service of it on.")
                % {"product": names[row.product], "app": app.name},
                field="services",
            )


def _fill(policy: AutoClaimPolicy, draft: Draft) -> None:
    policy.name = draft.name.strip()
    policy.enabled = draft.enabled
    policy.reserve = draft.reserve
    policy.daily_cap = draft.daily_cap
    policy.default_country = draft.default_country
    policy.included = list(draft.included)
    policy.excluded = list(draft.excluded)


def _write_products(policy: AutoClaimPolicy, draft: Draft) -> None:
    PolicyProduct.objects.filter(policy=policy).exclude(product_id__in=draft.keys).delete()
    rows = {row.product_id: row for row in policy.products.all()}
    for position, wanted in enumerate(draft.products, start=1):
        row = rows.get(wanted.product) or PolicyProduct(policy=policy, product_id=wanted.product)
        row.position, row.off = position, list(wanted.off)
        row.save()


def _in_words(draft: Draft) -> dict[str, Any]:
    names = dict(Product.objects.filter(pk__in=draft.keys).values_list("pk", "name"))
    groups = dict(
        AccountGroup.objects.filter(group_id__in=[*draft.included, *draft.excluded]).values_list(
            "group_id", "name"
        )
    )
    return {
        "name": draft.name.strip(),
        "enabled": draft.enabled,
        "products": [
            f"{names.get(row.product, row.product)}"
            + (f" (-{', -'.join(row.off)})" if row.off else "")
            for row in draft.products
        ],
        "reserve": draft.reserve,
        "daily_cap": draft.daily_cap,
        "default_country": draft.default_country,
        "included": [groups.get(key, key) for key in draft.included],
        "excluded": [groups.get(key, key) for key in draft.excluded],
    }
