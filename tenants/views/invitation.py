"""Where the link of an invitation leads: a new account, a sign-in, or one press of a button."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.debug import sensitive_post_parameters

from common.pages import render_page
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from tenants import invitations
from tenants.forms import NewAccountForm
from tenants.models import Membership

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@login_not_required
@sensitive_post_parameters()
@cache_control(private=True, no_store=True)
@form_methods
def invitation(request: HttpRequest, key: str) -> HttpResponse:
    """The page for whoever holds the link; what it asks for depends on their account."""
    try:
        membership = invitations.invitation_of(key=key, now=timezone.now())
    except invitations.InvitationGone:
        answered = request.user.is_authenticated and invitations.answered_by(
            key=key, user=request.user
        )
        if answered:  # a second press, or the link opened again
            return redirect("home", tenant_slug=answered.tenant.slug)
        return render(request, "account/invitation_gone.html", status=410)
    if request.user.is_authenticated:
        return _signed_in(request, membership)
    if invitations.needs_password(membership.user):
        return _new_account(request, membership)
    sign_in = f"{reverse('account_login')}?{urlencode({'next': request.path})}"
    context = {"membership": membership, "sign_in_url": sign_in}
    return render_page(request, "account/invitation.html", context)


def _signed_in(request: HttpRequest, membership: Membership) -> HttpResponse:
    is_theirs = request.user.pk == membership.user_id
    form = ConfirmForm(sent(request) if is_theirs else None)
    if form.is_valid():
        with refusals_on(form):
            invitations.accept(membership=membership, now=timezone.now())
            return _welcome(request, membership)
    context = {"membership": membership, "form": form, "is_theirs": is_theirs}
    return render_page(request, "account/invitation.html", context, status=form_status(form))


def _new_account(request: HttpRequest, membership: Membership) -> HttpResponse:
    form = NewAccountForm(sent(request), user=membership.user)
    if form.is_valid():
        with refusals_on(form):
            user = invitations.open_account(
                membership=membership, **form.cleaned_data, now=timezone.now()
            )
            login(request, user, backend=BACKEND)
            return _welcome(request, membership)
    context = {"membership": membership, "form": form, "is_new": True}
    return render_page(request, "account/invitation.html", context, status=form_status(form))


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    messages.success(request, _("You are now a member of %s.") % membership.tenant.name)
    return redirect("home", tenant_slug=membership.tenant.slug)
