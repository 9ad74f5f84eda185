"""The operators' pages: tenants by name and state, and nothing of what is inside them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from common.pages import render_page
from common.refusals import Refused
from tenants import second_factor
from tenants.actions import create_tenant, resume, suspend
from tenants.forms import TenantForm
from tenants.models import Tenant
from tenants.queries import tenants_for_operators
from tenants.tables import TENANTS

View = Callable[..., HttpResponse]


def operators_only(view: View) -> View:
    """Refuse the view (403) to everybody but operators; they need a second factor too."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_operator:
            raise PermissionDenied(_("Only operators of the portal may see this."))
        return second_factor.missing(request) or view(request, *args, **kwargs)

    guarded.for_operators = True  # type: ignore[attr-defined] - read by the test of all addresses
    return guarded


@operators_only
@require_safe
def tenants(request: HttpRequest) -> HttpResponse:
    listed = TENANTS.view(request, tenants_for_operators())
    for tenant in listed.rows:
        tenant.suspend_url = reverse("operators:suspend", args=[tenant.slug])
        tenant.resume_url = reverse("operators:resume", args=[tenant.slug])
    context = {"tenants": listed}
    return render_page(request, "tenants/operators/tenants.html", context, parts=(TENANTS.part,))


@operators_only
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    form = TenantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            tenant = create_tenant(**form.cleaned_data, by=request.user)
        except Refused as refusal:
            form.add_error(refusal.field, refusal.sentence)
        else:
            messages.success(request, _("%s was created.") % tenant.name)
            return redirect("operators:tenants")
    status = 422 if form.is_bound else 200
    return render_page(request, "tenants/operators/create.html", {"form": form}, status=status)


@operators_only
@require_POST
def suspend_tenant(request: HttpRequest, slug: str) -> HttpResponse:
    return _change(request, slug, suspend, _("%s is suspended: nobody can enter it."))


@operators_only
@require_POST
def resume_tenant(request: HttpRequest, slug: str) -> HttpResponse:
    return _change(request, slug, resume, _("%s is open again."))


def _change(request: HttpRequest, slug: str, act: Callable[..., None], done: str) -> HttpResponse:
    tenant = get_object_or_404(Tenant, slug=slug)
    try:
        act(tenant=tenant, by=request.user)
    except Refused as refusal:
        messages.error(request, refusal.sentence)
    else:
        messages.success(request, done % tenant.name)
    return redirect("operators:tenants")
