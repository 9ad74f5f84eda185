"""The first page of a tenant. It may show parts of every app, so it stands above them all."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.permissions import Permission, require


@require(Permission.VIEW_HOME)
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "home.html")
