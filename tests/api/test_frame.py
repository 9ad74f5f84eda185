"""What holds for every call: who may make it, what is refused unread, and how errors look."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from common.tenancy import tenant_scope
from connectors.models import Signal
from tenants import idempotency, rate_limits
from tenants.models import ApiToken, IdempotentAnswer, Tenant
from tests.addresses import every_address
from tests.api.conftest import code, token_for

SIGNALS = "/api/v1/signals"


def signal(**changes):
    return {
        "id": str(uuid4()),
        "device": {"imei": "356938035643809"},
        "restriction": "roaming_data",
        "action": "block",
        "reason": "Over 5 GB",
        "occurred_at": timezone.now().isoformat(),
        **changes,
    }


# --- who --------------------------------------------------------------------------------------


def test_every_call_of_the_api_wants_a_token(db):
    calls = [address for address in every_address() if address.name.startswith("api:")]
    assert len(calls) > 2
    for address in calls:
        if address.name in {"api:openapi-json", "api:api-root", "api:nowhere"}:
            continue
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = Client().generic(method, address.url())
            assert (answer.status_code, code(answer)) == (401, "unauthorized"), address
            assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YWxpY2U6eA==", "Bearer tem_abcdefgh_x", "Bearer é_x",
     "Bearer tem_", "bearer nobody_knows_this", "tem_abcdefgh_x"],
)  # fmt: skip
def test_whoever_is_not_known_is_told_how_to_introduce_themselves(db, header):
    answer = Client().post(SIGNALS, headers={"Authorization": header})
    assert (answer.status_code, code(answer)) == (401, "unauthorized")


def test_a_session_opens_nothing(signed_in):
    answer = signed_in.post(SIGNALS, signal(), content_type="application/json")
    assert (answer.status_code, code(answer)) == (401, "unauthorized")


def test_a_token_opens_its_own_tenant_only(program, provider, fabrikam, charlie):
    stranger = token_for(charlie, fabrikam)
    assert program.send(signal()).status_code == 201
    assert code(stranger.send(signal())) == "connector_not_set_up"
    with tenant_scope(fabrikam.pk):
        assert not Signal.objects.exists()


def test_a_scope_that_the_token_lacks_is_named(contoso, alice, provider):
    reader = token_for(alice, contoso, "reports:read")
    answer = reader.send(signal())
    assert (answer.status_code, code(answer)) == (403, "scope_missing")
    assert "signals:write" in answer.json()["error"]["message"]


def test_an_expired_or_revoked_token_says_so(contoso, alice, provider):
    past = timezone.now() - timedelta(seconds=1)
    expired = token_for(alice, contoso, expires_at=past)
    assert code(expired.send(signal())) == "token_expired"
    revoked = token_for(alice, contoso)
    with tenant_scope(contoso.pk):
        ApiToken.objects.filter(prefix=revoked.secret.split("_")[1]).update(revoked_at=past)
    assert code(revoked.send(signal())) == "token_revoked"


def test_nobody_enters_a_suspended_tenant(contoso, program, provider):
    Tenant.objects.filter(pk=contoso.pk).update(suspended_at=timezone.now())
    answer = program.send(signal())
    assert (answer.status_code, code(answer)) == (403, "tenant_suspended")


def test_a_token_goes_on_while_its_pepper_is_among_the_fallbacks(program, provider, settings):
    old = settings.SECRET_KEY
    settings.SECRET_KEY = "x" * 60
    assert program.send(signal()).status_code == 401
    settings.SECRET_KEY_FALLBACKS = [old]
    assert program.send(signal()).status_code == 201


def test_the_last_use_is_noted_once_a_minute(contoso, program, provider):
    program.send(signal())
    with tenant_scope(contoso.pk):
        first = ApiToken.objects.get().last_used_at
    assert first is not None
    program.send(signal())
    with tenant_scope(contoso.pk):
        assert ApiToken.objects.get().last_used_at == first


# --- what is refused unread -------------------------------------------------------------------


def test_bodies_that_are_not_plain_json_are_refused(program, provider):
    bomb = gzip.compress(b"0" * 10_000_000)
    for encoding in ("gzip", "deflate", "br", "gzip, gzip"):
        answer = program.send(bomb, **{"Content-Encoding": encoding})
        assert (answer.status_code, code(answer)) == (415, "content_encoding")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"):
        answer = program.send(b"{}", **{"Content-Type": kind})
        assert (answer.status_code, code(answer)) == (415, "content_type")
    answer = program.send(b"{}", **{"Content-Type": "application/json; charset=utf-16"})
    assert answer.status_code == 415


def test_a_body_beyond_the_cap_is_refused(program, provider):
    answer = program.send(b" " * 2_000_001)
    assert (answer.status_code, code(answer)) == (413, "too_large")


DOUBLE = b'{"id": 1, "id": 2}'
BAD = {
    "empty": (b" ", "not JSON"),
    "cut": (b'{"id": ', "line 1, column"),
    "not utf-8": (b'{"id": "\xff"}', "byte 8"),
    "utf-16": ('{"id": 1}'.encode("utf-16"), "not UTF-8"),
    "twice": (DOUBLE, '"id" stands twice'),
    "NaN": (b'{"id": NaN}', "NaN is not"),
    "infinite": (b'{"id": -Infinity}', "-Infinity is not"),
    "1e999": (b'{"id": 1e999}', "too large"),
    "long": (b'{"id": ' + b"9" * 5000 + b"}", "too many digits"),
    "half": (rb'{"id": "\ud800"}', "surrogate"),
    "half name": (rb'{"\udfff": 1}', "surrogate"),
    "nul": (rb'{"id": "\u0000"}', "NUL"),
    "deep": (b"[" * 100_000 + b"]" * 100_000, "nested"),
    "deep text": (b"[" * 100_000, "nested"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_bad_json_is_told_where_it_is_bad(program, provider, name):
    body, words = BAD[name]
    answer = program.send(body)
    assert (answer.status_code, code(answer)) == (400, "invalid_json")
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "body", [[], "x", 1, None, {}, [0] * 500_000, {"id": [[[]]]}], ids=range(7)
)
def test_another_shape_names_its_fields(program, provider, body):
    answer = program.send(body)
    assert (answer.status_code, code(answer)) == (422, "invalid")
    assert answer.json()["error"]["details"]


def test_an_unknown_field_is_an_error(program, provider):
    answer = program.send(signal(restrictions="roaming_data"))
    assert code(answer) == "invalid"
    assert [d["field"] for d in answer.json()["error"]["details"]] == ["restrictions"]


# --- the one shape ----------------------------------------------------------------------------


def test_what_is_not_there_has_the_shape_too(db):
    for path in ("/api/v1/", "/api/v1/nothing", "/api/v1/signals/", "/api/v1/é%00"):
        answer = Client().post(path)
        assert (answer.status_code, code(answer)) == (404, "not_found"), path


def test_another_method_has_the_shape_too(program):
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"):
        answer = program.send(b"{}", method=method)
        assert (answer.status_code, code(answer)) == (405, "method_not_allowed")
        assert answer["Allow"] == "POST"


def test_a_fault_of_the_portal_has_the_shape_and_no_trace(program, provider, monkeypatch):
    def fail(**_):
        raise RuntimeError("secret inner workings")

    monkeypatch.setattr("connectors.api.receive_external", fail)
    answer = program.send(signal())
    assert (answer.status_code, code(answer)) == (500, "internal")
    assert b"secret" not in answer.content


def test_errors_are_in_english_whatever_the_client_reads(program):
    answer = program.send(b" ", **{"Accept-Language": "nl"})
    assert answer.json()["error"]["message"].startswith("The body is not JSON")


def test_answers_are_not_kept_by_anybody_between(program, provider):
    answer = program.send(signal())
    assert answer["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers


def test_the_description_is_open_and_complete(db):
    described = Client().get("/api/v1/openapi.json").json()
    call = described["paths"]["/api/v1/signals"]["post"]
    assert call["security"] == [{"Bearer": []}]
    assert described["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"
    assert {"201", "401", "422", "429"} <= set(call["responses"])
    problem = call["responses"]["422"]["content"]["application/json"]["schema"]["$ref"]
    assert problem.endswith("/ErrorAnswer")


# --- limits -----------------------------------------------------------------------------------


def test_a_program_is_told_how_many_calls_are_left(program, provider, settings):
    settings.API_CALLS_PER_MINUTE = 2
    left = [program.send(signal())["RateLimit-Remaining"] for _ in range(2)]
    refused = program.send(signal())
    assert left == ["1", "0"]
    assert (refused.status_code, code(refused)) == (429, "too_many_calls")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused["RateLimit-Limit"] == "2"


def test_all_programs_of_a_tenant_share_a_limit(contoso, alice, provider, settings):
    settings.API_CALLS_PER_MINUTE_OF_TENANT = 1
    assert token_for(alice, contoso).send(signal()).status_code == 201
    assert token_for(alice, contoso).send(signal()).status_code == 429


def test_guessing_tokens_is_slowed_down_by_address(db, monkeypatch):
    monkeypatch.setattr(rate_limits, "FAILURES_PER_MINUTE", 3)
    guesses = [
        Client().post(SIGNALS, headers={"Authorization": "Bearer tem_x_y"}).status_code
        for _ in range(5)
    ]
    assert guesses == [401, 401, 401, 429, 429]


def test_without_redis_everybody_is_served(program, provider, settings, monkeypatch):
    monkeypatch.setattr(rate_limits, "_resting_until", 0.0)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = program.send(signal())
    assert answer.status_code == 201
    assert "RateLimit-Limit" not in answer.headers


# --- Idempotency-Key --------------------------------------------------------------------------


def test_the_same_call_is_done_once_and_answered_twice(contoso, program, provider):
    body = signal()
    first = program.send(body, **{"Idempotency-Key": "k-1"})
    again = program.send(body, **{"Idempotency-Key": "k-1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert again["Idempotency-Replayed"] == "true"
    with tenant_scope(contoso.pk):
        assert Signal.objects.count() == 1  # not even a duplicate


def test_a_refusal_is_repeated_too(program, provider):
    body = signal(action="x")
    first = program.send(body, **{"Idempotency-Key": "k"})
    again = program.send(body, **{"Idempotency-Key": "k"})
    assert (first.status_code, again.status_code) == (422, 422)
    assert first.content == again.content


def test_another_call_under_the_same_key_is_refused(program, provider):
    program.send(signal(), **{"Idempotency-Key": "k-1"})
    answer = program.send(signal(), **{"Idempotency-Key": "k-1"})
    assert (answer.status_code, code(answer)) == (422, "idempotency_key_reused")


def test_keys_of_two_programs_have_nothing_to_do_with_each_other(contoso, alice, provider):
    body = signal()
    outcomes = [
        token_for(alice, contoso).send(body, **{"Idempotency-Key": "k"}).json()["outcome"]
        for _ in range(2)
    ]
    assert outcomes == ["rejected", "duplicate"]


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"], ids=range(4))
def test_a_key_that_cannot_be_kept_is_refused(program, provider, key):
    answer = program.send(signal(), **{"Idempotency-Key": key})
    assert (answer.status_code, code(answer)) == (400, "invalid_idempotency_key")


def test_a_failure_is_not_kept(contoso, program, provider, monkeypatch):
    body = signal()
    with monkeypatch.context() as patch:
        patch.setattr("connectors.api.receive_external", lambda **_: 1 / 0)
        assert program.send(body, **{"Idempotency-Key": "k"}).status_code == 500
    assert program.send(body, **{"Idempotency-Key": "k"}).status_code == 201


def test_a_key_is_forgotten_after_a_day(contoso, program, provider):
    program.send(signal(), **{"Idempotency-Key": "old"})
    program.send(signal(), **{"Idempotency-Key": "new"})
    day_ago = timezone.now() - timedelta(hours=24, seconds=1)
    with tenant_scope(contoso.pk):
        IdempotentAnswer.objects.filter(key="old").update(created_at=day_ago)
    assert program.send(signal(), **{"Idempotency-Key": "old"}).status_code == 201
    with tenant_scope(contoso.pk):
        IdempotentAnswer.objects.filter(key="old").update(created_at=day_ago)
        assert idempotency.forget_answers(now=timezone.now()) == 1
        assert IdempotentAnswer.objects.get().key == "new"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_done_once(contoso, program, provider):
    body = json.dumps(signal()).encode()
    answers = []

    def call():
        try:
            answers.append(program.send(body, **{"Idempotency-Key": "k"}))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    with tenant_scope(contoso.pk):
        assert Signal.objects.count() == 1


def test_the_portal_has_limits_by_default():
    assert settings.API_CALLS_PER_MINUTE > 0
    assert settings.API_CALLS_PER_MINUTE_OF_TENANT > settings.API_CALLS_PER_MINUTE
