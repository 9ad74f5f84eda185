"""The portal's addresses and an empty view behind the same session and middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from tem_portal.urls import urlpatterns as portal

handler429 = "tem_portal.errors.too_many_requests"


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"")


urlpatterns = [path("t/<slug:tenant_slug>/empty/", empty), *portal]
