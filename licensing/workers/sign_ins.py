"""Taking in sign-ins, from wherever they come: each once, and a claim where a policy asks for it.

Only sign-ins to apps of the catalogue are kept. With the feature or the policy off no claim is
made, then or later; the sign-in stays, so that a dry run can say what would have been.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from common.tenancy import current_tenant_id
from jobs.nudges import nudge
from licensing.models import ApplicationId, AutoClaimPolicy, AutoClaimSwitch, Claim
from licensing.ports import SignInFacts
from licensing.workers.judge_nudges import JUDGE

INSERT = """
INSERT INTO licensing_signin (tenant_id, key, app_id, entra_id, upn, at, source, received_at)
SELECT %(tenant)s, key, app_id, entra_id, upn, at, %(source)s, %(now)s
FROM unnest(%(keys)s::text[], %(apps)s::bigint[], %(people)s::uuid[], %(upns)s::text[],
            %(times)s::timestamptz[]) AS given (key, app_id, entra_id, upn, at)
ON CONFLICT (tenant_id, key) DO NOTHING
RETURNING key
"""


@dataclass(frozen=True)
class Taken:
    """The ids that were new and those of sign-ins to other apps; and how many claims were made."""

    new: frozenset[str]
    other: frozenset[str]
    claims: int


@transaction.atomic
def take_in(*, sign_ins: Sequence[SignInFacts], source: str, now: datetime) -> Taken:
    """Keep what is new, and make its claims due."""
    app_of = {str(row.value): row.app_id for row in ApplicationId.objects.all()}
    known = {one.key: one for one in sign_ins if one.app_id.lower() in app_of}
    rows = [known[key] for key in sorted(known)]
    new = _insert(rows, [app_of[row.app_id.lower()] for row in rows], source, now)
    claims = _claim([row for row in rows if row.key in new], app_of, now)
    other = {one.key for one in sign_ins} - known.keys()
    return Taken(frozenset(new), frozenset(other), claims)


def _insert(rows: list[SignInFacts], apps: list[int], source: str, now: datetime) -> set[str]:
    if not rows:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            {
                "tenant": current_tenant_id(),
                "source": source,
                "now": now,
                "keys": [row.key for row in rows],
                "apps": apps,
                "people": [row.entra_id for row in rows],
                "upns": [row.upn[:254] for row in rows],
                "times": [row.at for row in rows],
            },
        )
        return {key for (key,) in cursor.fetchall()}


def _claim(rows: list[SignInFacts], app_of: dict[str, int], now: datetime) -> int:
    if not rows or not AutoClaimSwitch.objects.filter(on=True).exists():
        return 0
    policies = {
        policy.app_id: policy
        for policy in AutoClaimPolicy.objects.filter(enabled=True, deleted_at=None)
    }
    made = [
        Claim(
            tenant_id=current_tenant_id(),
            sign_in_key=row.key,
            signed_in_at=row.at,
            app_id=policy.app_id,
            entra_id=UUID(row.entra_id),
            upn=row.upn[:254],
            policy=policy,
            policy_name=policy.name,
            created_at=now,
            due_at=now,
        )
        for row in rows
        if (policy := policies.get(app_of[row.app_id.lower()])) is not None
    ]
    Claim.objects.bulk_create(made, ignore_conflicts=True, batch_size=500)
    if made:
        nudge(JUDGE)
    return len(made)
