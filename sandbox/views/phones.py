"""The simulated phones of a tenant, to play with: move one abroad, lock it, lose its pushes."""

from __future__ import annotations

import django_filters
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import form_methods, form_status, sent
from common.tables import Column, Search, Table
from devices.gateways.simulator.hands import enrol_again, leave_management, play
from devices.models import Bearer, DeviceState, SimulatedDevice
from sandbox.phone_form import PhoneForm


class PhoneFilters(django_filters.FilterSet):
    q = Search("device__name__icontains", "device__imei__startswith", label=gettext_lazy("Search"))
    bearer = django_filters.ChoiceFilter(
        label=gettext_lazy("On the network by"),
        empty_label=gettext_lazy("Any"),
        choices=Bearer.choices,
    )

    class Meta:
        model = SimulatedDevice
        fields = ()


PHONES = Table(
    name="phones",
    columns=(
        Column("device", gettext_lazy("Device"), order=("device__name",)),
        Column("online", gettext_lazy("Switched on"), order=("online",)),
        Column("bearer", gettext_lazy("On the network by"), order=("bearer",)),
        Column("country", gettext_lazy("Roams in"), order=("abroad_in",)),
        Column("locked", gettext_lazy("Locked"), order=("locked",)),
        Column("data_roaming", gettext_lazy("Data roaming")),
        Column("cellular_data", gettext_lazy("Cellular data")),
    ),
    sort="device",
    filters=PhoneFilters,
)


@require(Permission.MANAGE_DEVICES)
@require_safe
def phones(request: HttpRequest) -> HttpResponse:
    """Every simulated phone, as it is inside."""
    here = SimulatedDevice.objects.exclude(device__state=DeviceState.RETIRED)
    view = PHONES.view(request, here.select_related("device"))
    base = tenant_url(request, "phones:phones")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
    return render_page(request, "sandbox/phones.html", {"phones": view}, parts=(PHONES.part,))


@require(Permission.MANAGE_DEVICES)
@form_methods
def phone(request: HttpRequest, pk: int) -> HttpResponse:
    """One phone's inside, as a form."""
    found = get_object_or_404(
        SimulatedDevice.objects.select_related("device").exclude(device__state=DeviceState.RETIRED),
        pk=pk,
    )
    form = PhoneForm(sent(request), instance=found)
    if form.is_valid():
        play(device_id=pk, state=form.cleaned_data, by=request.user, now=timezone.now())
        messages.success(request, _("The phone is as you said."))
        return redirect(tenant_url(request, "devices:device", pk=pk))
    context = {"form": form, "phone": found}
    return render_page(request, "sandbox/phone.html", context, status=form_status(form))


@require(Permission.MANAGE_DEVICES)
@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Its user takes the phone out of management."""
    _in_service(pk)
    leave_management(device_id=pk, by=request.user, now=timezone.now())
    messages.success(request, _("The phone has left management."))
    return redirect(tenant_url(request, "devices:device", pk=pk))


@require(Permission.MANAGE_DEVICES)
@require_POST
def enrol(request: HttpRequest, pk: int) -> HttpResponse:
    """The phone comes under management again."""
    _in_service(pk)
    enrol_again(device_id=pk, by=request.user, now=timezone.now())
    messages.success(request, _("The phone is under management."))
    return redirect(tenant_url(request, "devices:device", pk=pk))


def _in_service(pk: int) -> SimulatedDevice:
    here = SimulatedDevice.objects.exclude(device__state=DeviceState.RETIRED)
    return get_object_or_404(here, pk=pk)
