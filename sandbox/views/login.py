"""The pretend Microsoft sign-in: pages for people, endpoints for programs.

The pages keep nothing between two steps but the address of the request itself, and in a cookie
whom the browser last pretended to be: as with the real one, who has just signed in is not asked
again. That is a choice from a list, without a password. Public, since the portal's own
sign-in leads here; routed only where SANDBOX is set.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sandbox.cloud import sign_in, tokens
from sandbox.cloud.sign_in import EntraRefusal
from sandbox.cloud.tenants import ANY, tenant_named
from sandbox.models import CloudObject, CloudRegistration, CloudTenant, Kind

SHOWN = 12
COOKIE, COOKIE_SECONDS = "sandbox_account", 3600
page_methods = require_http_methods(["GET", "HEAD", "POST"])


def _unknown_tenant(name: str) -> EntraRefusal:
    return EntraRefusal(
        "invalid_tenant",
        90002,
        f"Tenant '{name[:60]}' not found. Check to make sure you have the correct tenant ID and "
        "are signing into the correct cloud.",
    )


def _required_tenant(name: str) -> CloudTenant:
    found = tenant_named(name)
    if found is None:
        raise _unknown_tenant(name)
    return found


def _tenant_or_any(name: str) -> CloudTenant | None:
    return None if name == ANY else _required_tenant(name)


def _as_json(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Answer an EntraRefusal as the token endpoint does."""

    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except EntraRefusal as refusal:
            body = {
                "error": refusal.error,
                "error_description": str(refusal),
                "error_codes": [refusal.number],
                "timestamp": timezone.now().strftime("%Y-%m-%d %H:%M:%SZ"),
                "trace_id": str(uuid4()),
                "correlation_id": request.headers.get("client-request-id") or str(uuid4()),
            }
            return JsonResponse(body, status=refusal.status)

    return answering


@login_not_required
@require_safe
@_as_json
def configuration(request: HttpRequest, tenant: str) -> HttpResponse:
    """`/{tenant}/v2.0/.well-known/openid-configuration`."""
    browser = f"{request.scheme}://{request.get_host()}"
    return JsonResponse(sign_in.openid_configuration(_tenant_or_any(tenant), browser=browser))


@login_not_required
@require_safe
@_as_json
def keys(request: HttpRequest, tenant: str) -> HttpResponse:
    """`/{tenant}/discovery/v2.0/keys`."""
    found = _tenant_or_any(tenant)
    tokens.signing_key()
    return JsonResponse(tokens.key_set(found))


@csrf_exempt
@login_not_required
@require_POST
@_as_json
def token(request: HttpRequest, tenant: str) -> HttpResponse:
    """`/{tenant}/oauth2/v2.0/token`."""
    answer = sign_in.token_answer(
        tenant=_tenant_or_any(tenant), form=request.POST.dict(), now=timezone.now()
    )
    response = JsonResponse(answer)
    response["Cache-Control"] = "no-store"
    return response


@login_not_required
@page_methods
def authorize(request: HttpRequest, tenant: str) -> HttpResponse:
    """`/{tenant}/oauth2/v2.0/authorize`: who are you, may the application know, and back."""
    query = request.GET
    try:
        registration, organisation = _asked(request, tenant)
        if query.get("response_type") != "code":
            raise EntraRefusal("unsupported_response_type", 70005, "Only code is supported.")
        if query.get("code_challenge_method") != "S256" or not query.get("code_challenge"):
            raise EntraRefusal("invalid_request", 9002325, "Proof Key for Code Exchange needed.")
        user = _chosen(request, organisation) or _remembered(request, organisation)
        if user is None:
            return _pick(request, registration, organisation)
        _require_enabled(user)
    except EntraRefusal as refusal:
        return _failure(request, refusal)
    home = user.cloud_tenant
    known = sign_in.consent_in(home, registration) is not None
    answer = request.POST.get("answer")
    if answer == "cancel":
        return _back(request, **_cancelled())
    if answer != "accept" and (not known or query.get("prompt") == "consent"):
        return _ask(request, registration, user, sorted(sign_in.BASIC_SCOPES), for_all=False)
    code = sign_in.new_grant(
        tenant=home,
        registration=registration,
        user_id=user.object_id,
        scope=query.get("scope", ""),
        now=timezone.now(),
        redirect_uri=query["redirect_uri"],
        nonce=query.get("nonce", ""),
        challenge=query["code_challenge"][:128],
    )
    info = tokens.client_info(tenant=home, user_id=user.object_id)
    return _remembering(
        request, user, _back(request, code=code, client_info=info, session_state=str(uuid4()))
    )


@login_not_required
@page_methods
def admin_consent(request: HttpRequest, tenant: str) -> HttpResponse:
    """`/{tenant}/v2.0/adminconsent`: an administrator grants what a registration asks for.

    As with the real one, a refusal comes back with `admin_consent=True` too.
    """
    try:
        registration, organisation = _asked(request, tenant)
        user = _chosen(request, organisation)
        if user is None:
            return _pick(request, registration, organisation)
        _require_enabled(user)
    except EntraRefusal as refusal:
        return _failure(request, refusal)
    answer = request.POST.get("answer")
    if not sign_in.may_consent(user) and answer != "cancel":
        context = {"user": user.body, "registration": registration}
        return render(request, "sandbox/need_approval.html", context, status=403)
    if answer == "accept":
        sign_in.grant_consent(
            tenant=user.cloud_tenant, registration=registration, by=user, now=timezone.now()
        )
        back = _back(request, admin_consent="True", tenant=str(user.cloud_tenant_id),
                     scope=request.GET.get("scope", ""))  # fmt: skip
        return _remembering(request, user, back)
    if answer == "cancel":
        denied = _denied() if not sign_in.may_consent(user) else _cancelled()
        return _back(request, admin_consent="True", tenant=str(user.cloud_tenant_id), **denied)
    return _ask(request, registration, user, registration.roles, for_all=True)


def _cancelled() -> dict[str, str]:
    refusal = EntraRefusal("access_denied", 65004, "User declined to consent to access the app.")
    return {"error": refusal.error, "error_description": str(refusal)}


def _denied() -> dict[str, str]:
    refusal = EntraRefusal("access_denied", 90094, "The grant requires admin permission.")
    return {"error": refusal.error, "error_description": str(refusal)}


def _asked(request: HttpRequest, tenant: str) -> tuple[CloudRegistration, CloudTenant | None]:
    """The application that asks, and the organisation of the address (None: any)."""
    organisation = _tenant_or_any(tenant)
    registration = sign_in.registration_of(request.GET.get("client_id", ""))
    sign_in.check_redirect(request.GET.get("redirect_uri", ""), host=request.get_host())
    return registration, organisation


def _chosen(request: HttpRequest, organisation: CloudTenant | None) -> CloudObject | None:
    """Whom the form says the visitor is. Raises EntraRefusal when there is no such account."""
    account = (request.POST.get("account") or request.POST.get("other") or "").strip()
    if not account:
        return None
    home = organisation or tenant_named(account.rpartition("@")[2])
    found = sign_in.user_of(home, account) if home else None
    if found is None:
        raise EntraRefusal(
            "invalid_request", 50034, f"The user account {account[:80]} does not exist in the "
            "directory. To sign into this application, the account must be added to it."
        )  # fmt: skip
    return found


def _remembered(request: HttpRequest, organisation: CloudTenant | None) -> CloudObject | None:
    """Whom the browser pretended to be a moment ago, if the application lets that count."""
    account = request.COOKIES.get(COOKIE, "")
    if request.method == "POST" or not account or "prompt" in request.GET:
        return None
    home = tenant_named(account.rpartition("@")[2])
    if home is None or organisation not in (None, home):
        return None
    return sign_in.user_of(home, account)


def _remembering(request: HttpRequest, user: CloudObject, response: HttpResponse) -> HttpResponse:
    response.set_cookie(
        COOKIE,
        user.body["userPrincipalName"],
        max_age=COOKIE_SECONDS,
        path=reverse("sandbox:clouds"),
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


def _require_enabled(user: CloudObject) -> None:
    if not user.body["accountEnabled"]:
        raise EntraRefusal("access_denied", 50057, "The user account is disabled.")


def _pick(
    request: HttpRequest, registration: CloudRegistration, organisation: CloudTenant | None
) -> HttpResponse:
    people = CloudObject.objects.filter(kind=Kind.USER, removed=False, hidden__has_key="shown")
    if organisation is not None:
        people = people.filter(cloud_tenant=organisation)
    accounts = list(people.select_related("cloud_tenant").order_by("hidden__shown", "pk")[:SHOWN])
    context = {
        "registration": registration,
        "organisation": organisation,
        "accounts": accounts,
        "hint": request.GET.get("login_hint", ""),
    }
    return render(request, "sandbox/pick_account.html", context)


def _ask(
    request: HttpRequest,
    registration: CloudRegistration,
    user: CloudObject,
    permissions: list[str],
    *,
    for_all: bool,
) -> HttpResponse:
    context = {
        "registration": registration,
        "user": user.body,
        "organisation": user.cloud_tenant,
        "permissions": permissions,
        "for_all": for_all,
    }
    return render(request, "sandbox/consent.html", context)


def _failure(request: HttpRequest, refusal: EntraRefusal) -> HttpResponse:
    context = {"refusal": refusal, "reference": str(uuid4())}
    return render(request, "sandbox/sign_in_failed.html", context, status=refusal.status)


def _back(request: HttpRequest, **answer: str) -> HttpResponse:
    """To the application's address, with its own state."""
    uri = request.GET["redirect_uri"]
    if "state" in request.GET:
        answer["state"] = request.GET["state"]
    joint = "&" if urlsplit(uri).query else "?"
    return HttpResponseRedirect(f"{uri}{joint}{urlencode(answer)}")
