"""Lines: list, suggestions, add, edit, and the panel that a device's page asks for."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.meters import meter
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import form_methods, form_status, refusals_on, sent
from devices.models import Device, DeviceState
from tenants.models import Person
from usage.actions import lines as acts
from usage.forms.lines import LineForm
from usage.models import Line, LineState
from usage.queries.line_figures import figures_of
from usage.queries.line_list import LINES, lines_in_device
from usage.views.bulk_changes import verbs

SUGGESTIONS = 10


@require(Permission.VIEW_LINES)
@require_safe
def lines(request: HttpRequest) -> HttpResponse:
    """The list, with figures for the rows of this page only."""
    view = LINES.view(request, Line.objects.select_related("carrier"))
    _hang_figures(request, view.rows)
    may_manage = request.membership.may(Permission.MANAGE_LINES)
    context = {"lines": view, "may_manage": may_manage, "verbs": verbs(request)}
    return render_page(request, "usage/lines.html", context, parts=(LINES.part,))


def _hang_figures(request: HttpRequest, rows: list[Line]) -> None:
    figures = figures_of(lines=rows, now=timezone.now())
    base = tenant_url(request, "usage:lines")
    devices = tenant_url(request, "devices:devices")
    sees_personal = request.membership.may(Permission.VIEW_PERSONAL_USAGE)
    for row in rows:
        row.figures = figures[row.pk]
        row.url = f"{base}{row.pk}/"
        row.device_url = f"{devices}{row.figures.device_id}/" if row.figures.device_id else ""
        row.withheld = row.figures.is_personal and not sees_personal
        used = None if row.withheld else row.figures.usage
        row.domestic = used and meter(used=used.domestic, cap=used.domestic_cap, compact=True)
        row.roaming = used and meter(used=used.roaming, cap=used.roaming_cap, compact=True)


@require(Permission.VIEW_LINES)
@require_safe
def lines_of_device(request: HttpRequest, pk: int) -> HttpResponse:
    """The lines whose SIM is in the device now: a panel of its page, and a page of its own."""
    device = get_object_or_404(Device, pk=pk)
    rows = list(lines_in_device(device))
    _hang_figures(request, rows)
    context = {"device": device, "lines": rows}
    return render_page(request, "usage/lines_of_device.html", context, parts=("device-lines",))


@require(Permission.MANAGE_LINES)
@form_methods
def line_add(request: HttpRequest) -> HttpResponse:
    """The form of a new line."""
    form = LineForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            carrier = form.cleaned_data["carrier"]
            added = acts.add(
                carrier=carrier, terms=form.terms(), now=timezone.now(), by=request.user
            )
            messages.success(request, _("%(name)s was added.") % {"name": added})
            _warn_of_doubt(request, form)
            return redirect(tenant_url(request, "usage:line", pk=added.pk))
    return render_page(request, "usage/line_form.html", {"form": form}, status=form_status(form))


@require(Permission.MANAGE_LINES)
@form_methods
def line_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a line that is there."""
    line = get_object_or_404(Line.objects.select_related("carrier"), pk=pk, state=LineState.ACTIVE)
    form = LineForm(sent(request), line=line, initial=LineForm.of(line))
    if form.is_valid():
        with refusals_on(form):
            acts.edit(line=line, terms=form.terms(), now=timezone.now(), by=request.user)
            messages.success(request, _("Saved."))
            _warn_of_doubt(request, form)
            return redirect(tenant_url(request, "usage:line", pk=pk))
    context = {"form": form, "line": line}
    return render_page(request, "usage/line_form.html", context, status=form_status(form))


def _warn_of_doubt(request: HttpRequest, form: LineForm) -> None:
    if form.number_is_doubtful:
        messages.warning(
            request,
            _("No numbering plan we know has %(number)s. It was kept; check it once more.")
            % {"number": form.cleaned_data["msisdn"]},
        )


@require(Permission.MANAGE_LINES)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Options for the field Person: whose name or e-mail begins like what was typed."""
    text = request.GET.get("person", "").replace("\x00", "").strip()[:100]
    found = Person.objects.none()
    if text:
        named = Person.objects.filter(removed_at=None)
        found = (
            named.filter(name__istartswith=text) | named.filter(email__istartswith=text)
        ).order_by("name", "pk")[:SUGGESTIONS]
    options = [(person.email or person.name, person.name) for person in found]
    return render(request, "usage/options.html", {"options": options})


@require(Permission.MANAGE_LINES)
@require_safe
def phones(request: HttpRequest) -> HttpResponse:
    """Options for the field Device: whose IMEI, serial number or name begins like that."""
    text = request.GET.get("device", "").replace("\x00", "").strip()[:100]
    found = Device.objects.none()
    if text:
        here = Device.objects.exclude(state=DeviceState.RETIRED)
        found = (
            here.filter(imei__startswith=text)
            | here.filter(serial__startswith=text.upper())
            | here.filter(name__istartswith=text)
        ).order_by("name", "pk")[:SUGGESTIONS]
    options = [(device.imei or device.serial or device.name, device.name) for device in found]
    return render(request, "usage/options.html", {"options": options})
