"""Addresses of sign-in and of one's own account, under /accounts/.

The names are allauth's, because its views look one another up by them. What is not listed here
(sign-up, e-mail addresses, sign-in by code) does not exist.
"""

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery_codes
from django.urls import path, re_path

from tenants.views import entra, microsoft, profile
from tenants.views.account import (
    ChangePassword,
    Code,
    ForgotPassword,
    NewRecoveryCodes,
    Reauthenticate,
    ReauthenticateByCode,
    RemoveApp,
    ResetPassword,
    SetPassword,
    SetUpApp,
    SignIn,
    language,
)
from tenants.views.invitation import invitation

urlpatterns = [
    path("login/", SignIn.as_view(), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", Reauthenticate.as_view(), name="account_reauthenticate"),
    path("microsoft/answer/", microsoft.answer, name="microsoft_answer"),
    path("microsoft/", entra.start, name="microsoft_sign_in"),
    path("microsoft/finish/", entra.finish, name="microsoft_finish"),
    path("language/", language, name="set_language"),
    path("profile/", profile.profile, name="account_profile"),
    path("theme/", profile.theme, name="set_theme"),
    path("sessions/", profile.open_sessions, name="account_sessions"),
    path("sessions/end-others/", profile.end_other_sessions, name="account_sessions_end_others"),
    path("sessions/<slug:key>/end/", profile.end_session, name="account_session_end"),
    path("invitation/<str:key>/", invitation, name="account_invitation"),
    path("password/change/", ChangePassword.as_view(), name="account_change_password"),
    path("password/set/", SetPassword.as_view(), name="account_set_password"),
    path("password/reset/", ForgotPassword.as_view(), name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        ResetPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", mfa.index, name="mfa_index"),
    path("2fa/authenticate/", Code.as_view(), name="mfa_authenticate"),
    path("2fa/reauthenticate/", ReauthenticateByCode.as_view(), name="mfa_reauthenticate"),
    path("2fa/totp/activate/", SetUpApp.as_view(), name="mfa_activate_totp"),
    path("2fa/totp/deactivate/", RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", recovery_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        NewRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        recovery_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]
