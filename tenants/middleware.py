"""Opens the tenant's scope for everything under /t/<slug>/.

1. No such tenant, a suspended one, or no membership: 404, the same for all three.
2. `request.tenant` and `request.membership` are set and the scope opened for the view.
3. A streamed response is consumed after the view returned, so it reopens the scope itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _

from audit.actions import request_address
from common.tenancy import across_tenants, tenant_scope
from tenants.models import Membership


class TenantMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.tenant = request.membership = None
        token = request_address.set(request.META.get("REMOTE_ADDR"))
        try:
            return self.get_response(request)
        finally:
            request_address.reset(token)

    def process_view(
        self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        slug = kwargs.pop("tenant_slug", None)
        if slug is None or not request.user.is_authenticated:
            return None
        with across_tenants("finding the membership that opens a tenant's scope"):
            membership = (
                Membership.objects.select_related("tenant")
                .filter(
                    user_id=request.user.pk, tenant__slug=slug, tenant__suspended_at__isnull=True
                )
                .first()
            )
        if membership is None:
            raise Http404(_("There is no such tenant, or you are not a member of it."))
        request.tenant, request.membership = membership.tenant, membership
        with tenant_scope(membership.tenant_id):
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and callable(response.render):
                response = response.render()
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = _in_scope(membership.tenant_id, response.streaming_content)
        return response


def _in_scope(tenant_id: int, parts: Iterable[bytes]) -> Iterator[bytes]:
    iterator = iter(parts)
    while True:
        with tenant_scope(tenant_id):
            try:
                part = next(iterator)
            except StopIteration:
                return
        yield part
