"""What a person may do to a device: retire it, change its SIMs, block and release it by hand."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from devices.actions import device_tokens, devices, restrictions
from devices.forms.devices import SimForm
from devices.forms.restrictions import BlockForm, ReasonForm
from devices.models import Device, DeviceSim, DeviceState, Restriction


def _managed(pk: int) -> Device:
    return get_object_or_404(Device.objects.exclude(state=DeviceState.RETIRED), pk=pk)


def _page(request: HttpRequest, device: Device, form: Any, **words: str) -> HttpResponse:
    context = {
        "form": form,
        "back": tenant_url(request, "devices:device", pk=device.pk),
        "back_label": str(device),
        **words,
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


def _back(request: HttpRequest, device: Device, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect(tenant_url(request, "devices:device", pk=device.pk))


@require(Permission.MANAGE_DEVICES)
@form_methods
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before retiring, and the deed."""
    device = _managed(pk)
    form = ReasonForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            reason = form.cleaned_data["reason"]
            devices.retire(device=device, now=timezone.now(), by=request.user, reason=reason)
            messages.success(request, _("%(name)s was retired.") % {"name": device})
            return redirect(tenant_url(request, "devices:devices"))
    title = _("Retire %(name)s") % {"name": device}
    sentence = _(
        "Its SIMs are out of it and no command is sent to it any more. A restriction that is on "
        "the device now stays on it: release it first if the device goes on being used."
    )
    return _page(request, device, form, title=title, sentence=sentence, verb=_("Retire"))


@require(Permission.MANAGE_DEVICES)
@form_methods
def put_sim_in(request: HttpRequest, pk: int) -> HttpResponse:
    """A SIM that is known goes in a slot of the device."""
    device = _managed(pk)
    form = SimForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            devices.put_sim_in(
                device=device,
                sim=form.cleaned_data["sim"],
                slot=form.cleaned_data["slot"],
                now=timezone.now(),
                by=request.user,
            )
            return _back(request, device, _("The SIM is in the device."))
    title = _("Put a SIM in %(name)s") % {"name": device}
    sentence = _("A SIM that is in the slot now, or in another device, leaves it.")
    return _page(request, device, form, title=title, sentence=sentence, verb=_("Put in"))


@require(Permission.MANAGE_DEVICES)
@require_POST
def take_sim_out(request: HttpRequest, pk: int, sim_pk: int) -> HttpResponse:
    """The SIM is in no device any more."""
    device = _managed(pk)
    seat = get_object_or_404(
        DeviceSim.objects.open().select_related("sim"), device=device, sim_id=sim_pk
    )
    devices.take_sim_out(sim=seat.sim, now=timezone.now(), by=request.user)
    return _back(request, device, _("The SIM is out of the device."))


@require(Permission.MANAGE_DEVICES)
@form_methods
def give_token(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before a new token, and the token, shown once."""
    device = _managed(pk)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            secret = device_tokens.give_token(device=device, now=timezone.now(), by=request.user)
            context = {"device": device, "secret": secret}
            return render_page(request, "devices/token_given.html", context)
    title = _("Give %(name)s a token") % {"name": device}
    sentence = _(
        "With it the agent on the phone speaks to the portal, for this device only. A phone gets "
        "one when it is enrolled; the token it has now ends."
    )
    words = {"title": title, "sentence": sentence, "verb": _("Give a token"), "tone": "primary"}
    return _page(request, device, form, **words)


@require(Permission.MANAGE_DEVICES)
@require_POST
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """The phone is not listened to any more."""
    device = _managed(pk)
    try:
        device_tokens.revoke_token(device=device, now=timezone.now(), by=request.user)
    except device_tokens.TokenRefused as refused:
        messages.error(request, str(refused.sentence))
        return redirect(tenant_url(request, "devices:device", pk=pk))
    return _back(request, device, _("The token was revoked."))


@require(Permission.BLOCK)
@form_methods
def block(request: HttpRequest, pk: int) -> HttpResponse:
    """A restriction by hand."""
    device = _managed(pk)
    form = BlockForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            restrictions.block_by_hand(
                device=device,
                restriction=form.cleaned_data["restriction"],
                by=request.user,
                reason=form.cleaned_data["reason"],
            )
            return _back(request, device, _("Blocking was asked for."))
    title = _("Block %(name)s by hand") % {"name": device}
    sentence = _(
        "The device stays blocked until somebody releases it here. On iOS and iPadOS a block of "
        "cellular data binds managed apps only."
    )
    return _page(request, device, form, title=title, sentence=sentence, verb=_("Block"))


@require(Permission.BLOCK)
@require_POST
def release(request: HttpRequest, pk: int, restriction: str) -> HttpResponse:
    """Takes back what was blocked by hand."""
    if restriction not in Restriction.values:
        raise Http404
    device = _managed(pk)
    try:
        restrictions.release_by_hand(device=device, restriction=restriction, by=request.user)
    except restrictions.Refused as refused:
        messages.error(request, str(refused.sentence))
        return redirect(tenant_url(request, "devices:device", pk=pk))
    return _back(request, device, _("Releasing was asked for."))
