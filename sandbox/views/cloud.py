"""The sandbox's own pages: which pretend organisations there are, and what goes wrong in them.

For anybody who is signed in: the pretend cloud belongs to no tenant.
"""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.pages import render_page
from common.submission import form_methods, form_status, sent
from sandbox.actions import generate_devices, revoke_consent, set_fault
from sandbox.forms import DevicesForm, FaultForm
from sandbox.models import CloudConsent, CloudObject, CloudTenant, Fault, Kind


@require_safe
def clouds(request: HttpRequest) -> HttpResponse:
    """All pretend organisations."""
    there = Q(objects_of__removed=False)
    found = CloudTenant.objects.annotate(
        people=Count("pk", filter=there & Q(objects_of__kind=Kind.USER)),
        devices=Count("pk", filter=there & Q(objects_of__kind=Kind.MANAGED_DEVICE)),
    ).order_by("name", "pk")
    return render_page(request, "sandbox/clouds.html", {"organisations": found})


@form_methods
def organisation(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """One organisation: ids to copy, who is in it, consents, and the switch of faults."""
    tenant = get_object_or_404(CloudTenant, pk=pk)
    form = FaultForm(sent(request)) if request.method == "POST" else FaultForm.of(tenant)
    if form.is_valid():
        fault = form.cleaned_data["fault"]
        set_fault(tenant=tenant, fault=fault, answers=form.cleaned_data["faults_left"])
        messages.success(request, _("From now on: %(fault)s.") % {"fault": Fault(fault).label})
        return redirect("sandbox:organisation", pk=pk)
    return _page(request, tenant, form, DevicesForm())


@require_POST
def revoke(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """As if an administrator took the application out of the directory."""
    tenant = get_object_or_404(CloudTenant, pk=pk)
    try:
        registration_id = uuid.UUID(request.POST.get("registration", ""))
    except ValueError:
        registration_id = uuid.UUID(int=0)
    if revoke_consent(tenant=tenant, registration_id=registration_id):
        messages.success(request, _("The consent is gone."))
    return redirect("sandbox:organisation", pk=pk)


@require_POST
def more_devices(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Add managed devices, for trying things at size."""
    tenant = get_object_or_404(CloudTenant, pk=pk)
    form = DevicesForm(request.POST)
    if form.is_valid():
        generate_devices(tenant=tenant, count=form.cleaned_data["count"], now=timezone.now())
        messages.success(request, _("Devices added."))
        return redirect("sandbox:organisation", pk=pk)
    return _page(request, tenant, FaultForm.of(tenant), form)


def _page(
    request: HttpRequest, tenant: CloudTenant, form: FaultForm, devices_form: DevicesForm
) -> HttpResponse:
    people = CloudObject.objects.filter(
        cloud_tenant=tenant, kind=Kind.USER, removed=False, hidden__has_key="shown"
    )
    consents = CloudConsent.objects.filter(cloud_tenant=tenant).select_related("registration")
    context = {
        "organisation": tenant,
        "people": people.order_by("hidden__shown", "pk"),
        "consents": consents.order_by("registration__name", "pk"),
        "form": form,
        "devices_form": devices_form,
    }
    status = form_status(form, devices_form)
    return render_page(request, "sandbox/organisation.html", context, status=status)
