"""Putting devices into an assigned group, and taking them out: these ones, or all that match."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.selection import Verb, back_to, chosen
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from devices.actions import groups as acts
from devices.models import Group, GroupKind
from devices.queries.group_lists import GROUP_DEVICES, devices_in, devices_outside


def _assigned(pk: int) -> Group:
    return get_object_or_404(Group, pk=pk, kind=GroupKind.ASSIGNED)


@require(Permission.MANAGE_DEVICES)
@require_safe
def devices(request: HttpRequest, pk: int) -> HttpResponse:
    """Which devices could be put in: those in service that are not in the group."""
    group = _assigned(pk)
    view = GROUP_DEVICES.view(request, devices_outside(group))
    base = tenant_url(request, "devices:devices")
    for row in view.rows:
        row.url, row.choice_label = f"{base}{row.pk}/", row.name
    verbs = [Verb(_("Add"), tenant_url(request, "devices:group_put_in", pk=pk), "plus")]
    context = {"group": group, "devices": view, "verbs": verbs}
    return render_page(request, "devices/group_devices.html", context, parts=(GROUP_DEVICES.part,))


@require(Permission.MANAGE_DEVICES)
@form_methods
def put_in(request: HttpRequest, pk: int) -> HttpResponse:
    """How many were chosen, and putting them into the group."""
    group = _assigned(pk)
    picked = chosen(table=GROUP_DEVICES, request=request, queryset=devices_outside(group))
    ids = list(picked.order_by().values_list("pk", flat=True))
    form = ConfirmForm(sent(request))
    if ids and form.is_valid():
        with refusals_on(form):
            count = acts.put_in(group=group, device_ids=ids, now=timezone.now(), by=request.user)
            said = ngettext("%(count)s device was added.", "%(count)s devices were added.", count)
            messages.success(request, said % {"count": count})
            return redirect(tenant_url(request, "devices:group", pk=pk))
    title = ngettext(
        "Add %(count)s device to %(group)s", "Add %(count)s devices to %(group)s", len(ids)
    )
    context = {
        "title": title % {"count": len(ids), "group": group},
        "sentence": _("What is assigned to the group holds for them from now on."),
        "verb": _("Add"),
        "tone": "primary",
    }
    back = back_to(tenant_url(request, "devices:group_devices", pk=pk), request)
    return _ask(request, form, len(ids), back, group, context)


@require(Permission.MANAGE_DEVICES)
@form_methods
def take_out(request: HttpRequest, pk: int) -> HttpResponse:
    """How many were chosen, and taking them out of the group."""
    group = _assigned(pk)
    picked = chosen(table=GROUP_DEVICES, request=request, queryset=devices_in(group))
    ids = list(picked.order_by().values_list("pk", flat=True))
    form = ConfirmForm(sent(request))
    back = back_to(tenant_url(request, "devices:group", pk=pk), request)
    if ids and form.is_valid():
        with refusals_on(form):
            count = acts.take_out(group=group, device_ids=ids, now=timezone.now(), by=request.user)
            said = ngettext(
                "%(count)s device was removed.", "%(count)s devices were removed.", count
            )
            messages.success(request, said % {"count": count})
            return redirect(back)
    title = ngettext(
        "Remove %(count)s device from %(group)s",
        "Remove %(count)s devices from %(group)s",
        len(ids),
    )
    context = {
        "title": title % {"count": len(ids), "group": group},
        "sentence": _("The devices stay as they are; they only leave this group."),
        "verb": _("Remove"),
    }
    return _ask(request, form, len(ids), back, group, context)


def _ask(
    request: HttpRequest,
    form: ConfirmForm,
    count: int,
    back: str,
    group: Group,
    context: dict[str, str],
) -> HttpResponse:
    if not count:
        messages.info(request, _("No device was chosen."))
        return redirect(back)
    asked = {"form": form, "back": back, "back_label": str(group), **context}
    return render_page(request, "confirm_page.html", asked, status=form_status(form))
