"""The portal's addresses, an empty view and an empty call behind the same middleware."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from common.api import Body, PortalApi
from tem_portal.urls import urlpatterns as portal
from tenants.api_frame import Bearer, api_urls
from tenants.models import Scope

handler429 = "tem_portal.errors.too_many_requests"

api = PortalApi(title="Benchmarks", version="1", urls_namespace="bench-api")


@api.post("/empty", auth=Bearer(Scope.USAGE_WRITE))
def empty_call(request: HttpRequest, body: Body) -> dict:
    return {}


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(b"")


urlpatterns = [
    path("t/<slug:tenant_slug>/empty/", empty),
    path("bench-api/", include((api_urls(api), "bench-api"))),
    *portal,
]
