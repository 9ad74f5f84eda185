"""The feature's switch: on from the tab, on and off from the organisation's settings."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import form_methods, form_status, sent
from licensing.actions.switch import set_switch
from licensing.forms.switch import SwitchForm
from licensing.queries.policies import feature_is_on


@require(Permission.SWITCH_AUTO_CLAIM)
@require_POST
def turn_on(request: HttpRequest) -> HttpResponse:
    """The button *Turn on setting* of the tab."""
    if set_switch(on=True, by=request.user):
        messages.success(request, _("The setting is on. A policy is needed before anybody claims."))
    return redirect(tenant_url(request, "licensing:policies"))


@require(Permission.SWITCH_AUTO_CLAIM)
@require_safe
def org_settings(request: HttpRequest) -> HttpResponse:
    """Settings > Org settings: the settings there are."""
    return render_page(request, "licensing/org_settings.html", {"is_on": feature_is_on()})


@require(Permission.SWITCH_AUTO_CLAIM)
@form_methods
def user_owned(request: HttpRequest) -> HttpResponse:
    """Settings > Org settings > User owned apps and services."""
    form = SwitchForm(sent(request), initial={"on": feature_is_on()})
    if form.is_valid():
        changed = set_switch(on=form.cleaned_data["on"], by=request.user)
        messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return redirect(tenant_url(request, "licensing:user_owned"))
    context = {"form": form}
    return render_page(request, "licensing/user_owned.html", context, status=form_status(form))
