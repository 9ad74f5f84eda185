"""Where a signed-in person begins: their tenant, or the choice of one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from tenants.microsoft import opened_by
from tenants.queries import memberships_of


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """To the tenant used last or the only one; operators without one to the tenants' list."""
    memberships = memberships_of(user=request.user, opener=opened_by(request))
    last = [m for m in memberships if m.tenant_id == request.user.last_tenant_id]
    if len(memberships) == 1 or last:
        tenant = (last or memberships)[0].tenant
        return redirect("home", tenant_slug=tenant.slug)
    if request.user.is_operator and not memberships:
        return redirect("operators:tenants")
    return redirect("choose_tenant")


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """The person's tenants; with only one there is nothing to choose."""
    memberships = memberships_of(user=request.user, opener=opened_by(request))
    if len(memberships) == 1 and not request.user.is_operator:
        return redirect("home", tenant_slug=memberships[0].tenant.slug)
    return render(request, "tenants/choose.html", {"memberships": memberships})
