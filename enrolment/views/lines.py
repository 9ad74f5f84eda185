"""Lines by how far their enrolment is: a list, and a panel of each line's page."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.tables import Column, Search, Table
from enrolment.models import Enrolment, Invitation
from enrolment.queries.invitation_states import state_of
from enrolment.queries.line_states import devices_of, with_states
from enrolment.statuses import LINE_STATES
from usage.models import Line


class LineFilters(django_filters.FilterSet):
    q = Search("label__startswith", label=gettext_lazy("Number or reference"))
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"),
        empty_label=gettext_lazy("Any"),
        choices=LINE_STATES,
        field_name="enrol_state",
    )

    class Meta:
        model = Line
        fields = ()


LINES = Table(
    name="line-states",
    columns=(
        Column("line", gettext_lazy("Line"), order=("label",)),
        Column("state", gettext_lazy("State")),
        Column("device", gettext_lazy("Device")),
        Column("told", gettext_lazy("Last heard of the phone")),
    ),
    sort="line",
    filters=LineFilters,
)


@require(Permission.VIEW_LINES)
@require_safe
def lines(request: HttpRequest) -> HttpResponse:
    """Every line with its state; the filter answers who is still to be enrolled."""
    found: QuerySet[Any] = with_states(Line.objects.all(), now=timezone.now())
    view = LINES.view(request, found)
    names = devices_of(lines=view.rows)
    lines_url = tenant_url(request, "usage:lines")
    devices_url = tenant_url(request, "devices:devices")
    for row in view.rows:
        row.url = f"{lines_url}{row.pk}/"
        row.device = names.get(row.enrol_device, "")
        row.device_url = f"{devices_url}{row.enrol_device}/"
    return render_page(request, "enrolment/lines.html", {"lines": view}, parts=(LINES.part,))


@require(Permission.VIEW_LINES)
@require_safe
def of_line(request: HttpRequest, pk: int) -> HttpResponse:
    """How far one line is: a panel of its page, and a page."""
    now = timezone.now()
    line = get_object_or_404(with_states(Line.objects.all(), now=now), pk=pk)
    invitations = Invitation.objects.filter(line=line).order_by("-pk")
    invitation = invitations.first()
    finished = Enrolment.objects.filter(line=line, finished_at__isnull=False)
    context = {
        "line": line,
        "enrolment": finished.select_related("device").order_by("-finished_at", "-pk").first(),
        "invitation": invitation,
        "invitation_state": state_of(invitation, now=now) if invitation else "",
        "may_manage": request.membership.may(Permission.MANAGE_DEVICES),
    }
    return render_page(request, "enrolment/of_line.html", context, parts=("line-enrolment",))
