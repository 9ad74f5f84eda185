"""What a person may do to a line: retire it, block it by hand, release it."""

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
from common.submission import form_methods, form_status, refusals_on, sent
from devices.actions import restrictions
from devices.forms.restrictions import BlockForm, ReasonForm
from devices.models import Device, DeviceSim, Restriction
from usage.actions import lines
from usage.models import Line, LineState


def _active(pk: int) -> Line:
    return get_object_or_404(Line, pk=pk, state=LineState.ACTIVE)


def _device_of(line: Line) -> Device:
    """The device that the line's SIM is in; 404 where there is none, since no page offers it."""
    seat = (
        DeviceSim.objects.open()
        .filter(sim__line_links__line=line, sim__line_links__unlinked_at=None)
        .select_related("device")
        .first()
    )
    if seat is None:
        raise Http404(_("This line has no device."))
    return seat.device


def _page(request: HttpRequest, line: Line, form: Any, **words: str) -> HttpResponse:
    context = {
        "form": form,
        "back": tenant_url(request, "usage:line", pk=line.pk),
        "back_label": str(line),
        **words,
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


@require(Permission.MANAGE_LINES)
@form_methods
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before retiring, and the deed."""
    line = _active(pk)
    form = ReasonForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            reason = form.cleaned_data["reason"]
            lines.retire(line=line, now=timezone.now(), by=request.user, reason=reason)
            messages.success(request, _("%(name)s was retired.") % {"name": line})
            return redirect(tenant_url(request, "usage:lines"))
    title = _("Retire %(name)s") % {"name": line}
    sentence = _("Its number and SIM become free, and what its usage blocked is released.")
    return _page(request, line, form, title=title, sentence=sentence, verb=_("Retire"))


@require(Permission.BLOCK)
@form_methods
def block(request: HttpRequest, pk: int) -> HttpResponse:
    """A restriction of the line's device, by hand."""
    line = _active(pk)
    device = _device_of(line)
    form = BlockForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            restrictions.block_by_hand(
                device=device,
                restriction=form.cleaned_data["restriction"],
                by=request.user,
                reason=form.cleaned_data["reason"],
            )
            messages.success(request, _("Blocking was asked for. The timeline shows the rest."))
            return redirect(tenant_url(request, "usage:line", pk=pk))
    title = _("Block %(name)s by hand") % {"name": line}
    sentence = _(
        "%(device)s stays blocked until somebody releases it here, whatever the line uses. On iOS "
        "and iPadOS a block of cellular data binds managed apps only."
    ) % {"device": device}
    return _page(request, line, form, title=title, sentence=sentence, verb=_("Block"))


@require(Permission.BLOCK)
@require_POST
def release(request: HttpRequest, pk: int, restriction: str) -> HttpResponse:
    """Takes back what was blocked by hand; what usage blocks stays blocked."""
    if restriction not in Restriction.values:
        raise Http404
    device = _device_of(_active(pk))
    try:
        restrictions.release_by_hand(device=device, restriction=restriction, by=request.user)
    except restrictions.Refused as refused:
        messages.error(request, str(refused.sentence))
    else:
        messages.success(request, _("Releasing was asked for. The timeline shows the rest."))
    return redirect(tenant_url(request, "usage:line", pk=pk))
