"""The audit log's page. Nothing here writes: the log is read, and only within its tenant."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from audit.queries import events as events_on_record
from audit.tables import EVENTS
from common.pages import render_page
from common.permissions import Permission, require


@require(Permission.VIEW_AUDIT)
@require_safe
def events(request: HttpRequest) -> HttpResponse:
    listed = EVENTS.view(request, events_on_record())
    return render_page(request, "audit/events.html", {"events": listed}, parts=(EVENTS.part,))
