"""Where Microsoft sends the browser back to: one address, from which each answer is handed on."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tenants.microsoft import where_to


@login_not_required
@require_safe
def answer(request: HttpRequest) -> HttpResponse:
    """To the page that asked; an answer that nobody asked for ends here, whatever it says."""
    page = where_to(request)
    if page is None:
        return render(request, "tenants/not_asked.html", status=400)
    return HttpResponseRedirect(f"{page}?{request.GET.urlencode()}")
