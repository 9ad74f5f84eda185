"""POST /api/v1/sign-ins: Graph's own shape, an answer for each, and nothing twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from common.tenancy import tenant_scope
from licensing.models import Claim, SignIn
from licensing.workers.catalogue import ensure_apps
from tests.api.conftest import code, token_for
from tests.licensing.cloud import TEAMS_DESKTOP
from tests.licensing_walk import make_policy

PATH = "/api/v1/sign-ins"


def body(**changes: Any) -> dict[str, Any]:
    """A sign-in as Graph tells it, with more properties than anybody needs."""
    return {
        "id": str(uuid4()),
        "createdDateTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.1234567Z"),
        "userId": str(uuid4()),
        "userPrincipalName": "kim@contoso.example",
        "appId": TEAMS_DESKTOP,
        "isInteractive": True,
        "status": {"errorCode": 0, "failureReason": "Other."},
        "deviceDetail": {"operatingSystem": "Ios"},
        **changes,
    }


@pytest.fixture
def apps(contoso):
    with tenant_scope(contoso.pk):
        ensure_apps()
    return contoso


def outcomes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["outcome"] for row in answer.json()["results"]]


def test_each_is_answered_for_itself_and_the_good_ones_are_kept(program, apps):
    known = body()
    far = timezone.now() + timedelta(hours=1)
    answer = program.send(
        {
            "value": [
                known,
                known,
                body(status={"errorCode": 50126}),
                body(isInteractive=False),
                body(appId=str(uuid4())),
                body(createdDateTime=far.isoformat()),
                body(createdDateTime="yesterday"),
                body(userId="kim"),
                body(status={"errorCode": True}),
                {},
                body(),
            ]
        },
        PATH,
    )
    assert outcomes(answer) == [
        "accepted", "duplicate", "ignored", "ignored", "ignored", "rejected", "rejected",
        "rejected", "rejected", "rejected", "accepted",
    ]  # fmt: skip
    told = answer.json()
    assert (told["accepted"], told["duplicate"], told["ignored"], told["rejected"]) == (2, 1, 3, 5)
    assert told["results"][7]["reason"] == "userId is missing or not a GUID."
    assert all(
        row["reason"] for row in told["results"] if row["outcome"] in ("ignored", "rejected")
    )
    with tenant_scope(apps.pk):
        assert SignIn.objects.filter(source="api").count() == 2
    assert outcomes(program.send({"value": [known]}, PATH)) == ["duplicate"]


def test_where_a_policy_is_on_a_claim_is_made(program, apps, alice):
    from licensing.actions.switch import set_switch

    policy = make_policy(apps)
    with tenant_scope(apps.pk):
        set_switch(on=True, by=alice)
        type(policy).objects.filter(pk=policy.pk).update(enabled=True)
        assert outcomes(program.send({"value": [body()]}, PATH)) == ["accepted"]
        assert Claim.objects.get().state == "new"


@pytest.mark.parametrize(
    "sent",
    [
        {}, {"value": []}, {"value": [{}] * 501}, {"value": "x"}, {"value": [1]},
        {"value": [], "more": 1},
    ],
    ids=["nothing", "empty", "too many", "text", "numbers", "unknown field"],
)  # fmt: skip
def test_what_is_no_list_of_sign_ins_is_refused_whole(program, apps, sent):
    answer = program.send(sent, PATH)
    assert (answer.status_code, code(answer)) == (422, "invalid")


def test_it_wants_its_own_scope_and_stays_in_its_tenant(program, apps, alice, fabrikam):
    other = token_for(alice, apps, "signals:write")
    assert other.send({"value": [body()]}, PATH).status_code == 403
    assert outcomes(program.send({"value": [body()]}, PATH)) == ["accepted"]
    with tenant_scope(fabrikam.pk):
        assert not SignIn.objects.exists()
