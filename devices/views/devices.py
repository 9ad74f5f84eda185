"""Devices: list, page, add, edit."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.http import optional_tenant_url, tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import form_methods, form_status, refusals_on, sent
from devices.actions import devices as acts
from devices.forms.devices import DeviceForm
from devices.models import Device, DeviceState
from devices.queries.device_list import DEVICES, devices_with_control
from devices.queries.device_page import device_page, labels
from devices.statuses import control_state
from devices.views.category_moves import verbs


@require(Permission.VIEW_DEVICES)
@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """The list, with what each device shall be and was last seen to be."""
    view = DEVICES.view(request, devices_with_control())
    base = tenant_url(request, "devices:devices")
    for row in view.rows:
        control = getattr(row, "control", None)
        row.url, row.choice_label = f"{base}{row.pk}/", row.name
        row.control_state = control_state(control)
        row.wanted = labels(control.desired) if control else []
        row.seen = labels(control.observed or []) if control else []
        row.was_seen = control is not None and control.observed is not None
    may_manage = request.membership.may(Permission.MANAGE_DEVICES)
    context = {"devices": view, "may_manage": may_manage, "verbs": verbs(request)}
    return render_page(request, "devices/devices.html", context, parts=(DEVICES.part,))


@require(Permission.VIEW_DEVICES)
@require_safe
def device(request: HttpRequest, pk: int) -> HttpResponse:
    """One device; htmx asks for its part `device-live` while something is pending."""
    device = get_object_or_404(Device.objects.select_related("category"), pk=pk)
    may = request.membership.may
    context = {
        "device": device,
        "page": device_page(
            device=device,
            page=request.GET.get("page", "1"),
            sees_personal=may(Permission.VIEW_PERSONAL_USAGE),
        ),
        "may_manage": may(Permission.MANAGE_DEVICES),
        "may_block": may(Permission.BLOCK),
        "may_see_lines": may(Permission.VIEW_LINES),
        "may_see_connectors": may(Permission.VIEW_CONNECTORS),
        "play_url": optional_tenant_url(request, "phones:phone", pk=pk),
    }
    return render_page(request, "devices/device.html", context, parts=("device-live",))


@require(Permission.MANAGE_DEVICES)
@form_methods
def device_add(request: HttpRequest) -> HttpResponse:
    """The form of a new device."""
    form = DeviceForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            added = acts.add(terms=form.terms(), now=timezone.now(), by=request.user)
            messages.success(request, _("%(name)s was added.") % {"name": added})
            return redirect(tenant_url(request, "devices:device", pk=added.pk))
    return render_page(
        request, "devices/device_form.html", {"form": form}, status=form_status(form)
    )


@require(Permission.MANAGE_DEVICES)
@form_methods
def device_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a device that is there."""
    device = get_object_or_404(Device.objects.exclude(state=DeviceState.RETIRED), pk=pk)
    form = DeviceForm(sent(request), initial=DeviceForm.of(device))
    if form.is_valid():
        with refusals_on(form):
            acts.edit(device=device, terms=form.terms(), by=request.user)
            messages.success(request, _("Saved."))
            return redirect(tenant_url(request, "devices:device", pk=pk))
    context = {"form": form, "device": device}
    return render_page(request, "devices/device_form.html", context, status=form_status(form))
