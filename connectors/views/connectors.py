"""Connectors: list, status page, and the switch that lets signals through or not."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import ConfirmForm, form_methods, form_status, sent
from common.tables import Column, Table
from connectors.actions.switch import set_enabled
from connectors.forms.switch import SwitchForm
from connectors.models import Connector
from connectors.queries.connections import last_sync, rows_of
from connectors.queries.releases import release_progress, would_release
from tenants.views.tokens import tabs

CONNECTORS = Table(
    name="connectors",
    columns=(
        Column("connector", gettext_lazy("Connector"), order=("display_name",)),
        Column("provider", gettext_lazy("Provider")),
        Column("directory", gettext_lazy("Microsoft tenant")),
        Column("state", gettext_lazy("State")),
        Column("contact", gettext_lazy("Last connection"), order=("last_connection_at",)),
    ),
    sort="connector",
)


@require(Permission.VIEW_CONNECTORS)
@require_safe
def connectors(request: HttpRequest) -> HttpResponse:
    """All connectors of the tenant."""
    view = CONNECTORS.view(request, Connector.objects.all())
    for row in view.rows:
        row.page = tenant_url(request, "connectors:connector", pk=row.pk)
    context = {"connectors": view, "tabs": tabs(request)}
    return render_page(request, "connectors/connectors.html", context, parts=(CONNECTORS.part,))


@require(Permission.VIEW_CONNECTORS)
@require_safe
def connector(request: HttpRequest, pk: int) -> HttpResponse:
    """The status page, with the switch for those who may throw it."""
    connector = get_object_or_404(Connector, pk=pk)
    form = SwitchForm(initial={"enabled": "1" if connector.portal_enabled else "0"})
    return _status_page(request, connector, form)


@require(Permission.MANAGE_CONNECTORS)
@form_methods
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Save the switch. Turning off asks first, because it releases devices."""
    connector = get_object_or_404(Connector, pk=pk)
    page = tenant_url(request, "connectors:connector", pk=pk)
    form = SwitchForm(sent(request))
    if form.is_valid() and form.cleaned_data["enabled"] == connector.portal_enabled:
        messages.info(request, _("Nothing was changed."))
        return redirect(page)
    if form.is_valid() and not form.cleaned_data["enabled"]:
        return redirect(tenant_url(request, "connectors:turn_off", pk=pk))
    if form.is_valid():
        set_enabled(connector=connector, enabled=True, by=request.user, now=timezone.now())
        messages.success(request, _("Enabled. Every line is judged afresh."))
        return redirect(page)
    return _status_page(request, connector, form)


def _status_page(request: HttpRequest, connector: Connector, form: SwitchForm) -> HttpResponse:
    context = {
        "connector": connector,
        "form": form,
        "in_force": would_release(connector=connector),
        "progress": release_progress(connector=connector),
        "rows": rows_of(connector=connector),
        "last_sync": last_sync(connector=connector),
        "may_manage": request.membership.may(Permission.MANAGE_CONNECTORS),
    }
    return render_page(
        request,
        "connectors/connector.html",
        context,
        parts=("connector-release",),
        status=form_status(form),
    )


@require(Permission.MANAGE_CONNECTORS)
@form_methods
def turn_off(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before turning off, with what it releases; and the deed."""
    connector = get_object_or_404(Connector, pk=pk, portal_enabled=True)
    page = tenant_url(request, "connectors:connector", pk=pk)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        count = set_enabled(connector=connector, enabled=False, by=request.user, now=timezone.now())
        messages.success(request, _released(count))
        return redirect(page)
    release = would_release(connector=connector)
    context = {"form": form, "connector": connector, "release": release, "back": page}
    return render_page(
        request,
        "connectors/turn_off.html",
        context,
        parts=("turn-off-question",),
        status=form_status(form),
    )


def _released(count: int) -> str:
    return ngettext(
        "Disabled. %(count)s device is being released.",
        "Disabled. %(count)s devices are being released.",
        count,
    ) % {"count": count}
