"""Profiles of Intune: the list, and for one device the groups that make a profile apply to it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.entra import EntraError
from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from connectors import graph_profiles
from connectors.actions import profile_groups as acts
from connectors.graph import GraphError
from connectors.models import Connector, InventoryItem, ItemKind

FAILURES = (GraphError, EntraError, Refused)


@require(Permission.VIEW_CONNECTORS)
@require_safe
def profiles(request: HttpRequest, pk: int) -> HttpResponse:
    """The profiles of Intune and the groups that they are linked to, as of now."""
    connector = get_object_or_404(Connector, pk=pk)
    context: dict[str, Any] = {"connector": connector, "is_on": acts.is_on(connector=connector)}
    if context["is_on"]:
        try:
            client = acts.client_of(connector=connector)
            context["profiles"] = graph_profiles.profiles(client)
        except FAILURES as error:
            context["trouble"] = _sentence(error)
    return render_page(request, "connectors/profiles.html", context)


@require(Permission.VIEW_CONNECTORS)
@require_safe
def of_item(request: HttpRequest, pk: int) -> HttpResponse:
    """The same for one managed device: which groups it is in, and may be put into."""
    item = _item(pk)
    context: dict[str, Any] = {
        "item": item,
        "is_on": acts.is_on(connector=item.connector),
        "may_manage": request.membership.may(Permission.MANAGE_CONNECTORS),
    }
    if context["is_on"]:
        try:
            context["profiles"] = acts.profiles_of(item=item)
        except FAILURES as error:
            context["trouble"] = _sentence(error)
    return render_page(request, "connectors/device_profiles.html", context)


@require(Permission.MANAGE_CONNECTORS)
@require_POST
def put_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the device into a group."""
    item = _item(pk)
    try:
        group = acts.put_in(item=item, group=request.POST.get("group", ""), by=request.user)
        said = _("%(device)s is in the group %(group)s. Intune applies its profiles at the next "
                 "check-in.") % {"device": item.name, "group": group.name}  # fmt: skip
        messages.success(request, said)
    except FAILURES as error:
        messages.error(request, _sentence(error))
    return redirect(tenant_url(request, "connectors:device_profiles", pk=pk))


@require(Permission.MANAGE_CONNECTORS)
@require_POST
def take_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the device out of a group."""
    item = _item(pk)
    try:
        group = acts.take_out(item=item, group=request.POST.get("group", ""), by=request.user)
        said = _("%(device)s is not in the group %(group)s any more.")
        messages.success(request, said % {"device": item.name, "group": group.name})
    except FAILURES as error:
        messages.error(request, _sentence(error))
    return redirect(tenant_url(request, "connectors:device_profiles", pk=pk))


def _item(pk: int) -> InventoryItem:
    devices = InventoryItem.objects.filter(kind=ItemKind.DEVICE)
    return get_object_or_404(devices.select_related("connector__tenant"), pk=pk)


def _sentence(error: GraphError | EntraError | Refused) -> str:
    """What went wrong, and the reference that support can look it up by."""
    said = str(error.sentence)
    reference = getattr(error, "reference", "")
    if reference:
        said += " " + _("Reference for support: %s") % reference
    return said
