"""One's own account: name, language and theme, and the sessions that are open."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from common.pages import render_page
from common.refusals import Refused
from common.submission import form_methods, form_status, refusals_on, sent
from tenants import actions, sessions
from tenants.forms import AS_IT_IS, ProfileForm

YEAR = 365 * 24 * 60 * 60


@form_methods
def profile(request: HttpRequest) -> HttpResponse:
    """What the portal calls the person, and how it looks to them."""
    user = request.user
    initial = {
        "name": user.name,
        "language": user.language or AS_IT_IS,
        "theme": user.theme or AS_IT_IS,
    }
    form = ProfileForm(sent(request), initial=initial)
    if form.is_valid():
        with refusals_on(form):
            actions.change_profile(user=user, **form.cleaned_data)
            with translation.override(user.language or translation.get_language()):
                messages.success(request, _("Your profile was saved."))
            return _with_theme(redirect("account_profile"), user.theme)
    context = {"form": form}
    return render_page(request, "account/profile.html", context, status=form_status(form))


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """The theme, from the account menu; the browser keeps it too, for the sign-in page."""
    chosen = request.POST.get("theme", "")
    if chosen not in actions.THEMES:
        return HttpResponse(status=422)
    actions.change_profile(user=request.user, theme=chosen)
    if request.htmx:
        return _with_theme(HttpResponse(status=204), chosen)
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return _with_theme(redirect(back if is_ours else "start"), chosen)


@require_safe
def open_sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in."""
    found = sessions.sessions_of(
        user=request.user, current_key=request.session.session_key, now=timezone.now()
    )
    context = {"sessions": found, "has_others": any(not one.is_current for one in found)}
    return render_page(request, "account/sessions.html", context)


@require_POST
def end_session(request: HttpRequest, key: str) -> HttpResponse:
    """End one of them; the current one is a sign-out."""
    if key == sessions.name_of(request.session.session_key or ""):
        return redirect("account_logout")
    try:
        sessions.end(name=key, user=request.user, now=timezone.now())
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    else:
        messages.success(request, _("The session was ended."))
    return redirect("account_sessions")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    """End all but the one that asks."""
    count = sessions.end_others(
        current_key=request.session.session_key, user=request.user, now=timezone.now()
    )
    said = ngettext("%(count)s session was ended.", "%(count)s sessions were ended.", count)
    messages.success(request, said % {"count": count})
    return redirect("account_sessions")


def _with_theme(response: HttpResponse, theme: str) -> HttpResponse:
    response.set_cookie(
        "theme",
        theme,
        max_age=YEAR if theme else 0,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
    return response
