"""allauth's pages, with refusals told by status as everywhere else in the portal.

A form with mistakes is 422; too many attempts are 429 with Retry-After. Only the pages that
`tenants.account_urls` routes exist.
"""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from allauth.mfa.totp import views as totp
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from tenants.actions import choose_language
from tenants.models.tenant import Cloud
from tenants.views.entra import clouds_for_sign_in

RETRY_AFTER = 300
"""Seconds until the slowest of the limits in ACCOUNT_RATE_LIMITS lets somebody try again."""
LIMITS = {"too_many_login_attempts", "rate_limited"}


class Refusing:
    """Gives the answer to a form with mistakes its status."""

    def form_invalid(self, form: Form) -> HttpResponse:
        response = super().form_invalid(form)  # type: ignore[misc] - a mixin of form views
        codes = {error.code for errors in form.errors.as_data().values() for error in errors}
        response.status_code = 422
        if codes & LIMITS:
            response.status_code = 429
            response["Retry-After"] = str(RETRY_AFTER)
        return response


class SignIn(Refusing, account.LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        clouds = clouds_for_sign_in()
        labels = dict(Cloud.choices)
        return {
            **context,
            "microsoft": [(cloud, labels[cloud] if len(clouds) > 1 else "") for cloud in clouds],
        }


class Reauthenticate(Refusing, account.ReauthenticateView):
    pass


class ChangePassword(Refusing, account.PasswordChangeView):
    pass


class SetPassword(Refusing, account.PasswordSetView):
    pass


class ForgotPassword(Refusing, account.PasswordResetView):
    pass


class ResetPassword(Refusing, account.PasswordResetFromKeyView):
    pass


class Code(Refusing, mfa.AuthenticateView):
    pass


class ReauthenticateByCode(Refusing, mfa.ReauthenticateView):
    pass


class SetUpApp(Refusing, totp.ActivateTOTPView):
    pass


class RemoveApp(Refusing, totp.DeactivateTOTPView):
    pass


class NewRecoveryCodes(Refusing, recovery_codes.GenerateRecoveryCodesView):
    pass


@login_not_required
@require_POST
def language(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Sets the language for the browser and, when signed in, for the account."""
    response = set_language(request)
    if request.user.is_authenticated:
        choose_language(user=request.user, language=request.POST.get("language", ""))
    return response
