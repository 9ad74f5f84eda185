"""Moving many devices to a category: the question, the progress, the result, and taking it back."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.selection import Verb, back_to, chosen
from common.submission import form_methods, form_status, refusals_on, sent
from common.tables import Column, Table
from devices.actions import category_moves as acts
from devices.forms.categories import CategoryMoveForm
from devices.models import CategoryMove, Device, DeviceState, MoveState
from devices.queries.device_list import DEVICES

PROGRESS = "category-move-progress"
LEFT = (MoveState.LEFT, MoveState.KEPT)
SHOWN = 50
MOVES = Table(
    name="category-moves",
    columns=(
        Column("category", gettext_lazy("Category")),
        Column("state", gettext_lazy("State")),
        Column("devices", gettext_lazy("Devices"), order=("devices",), numeric=True),
        Column("when", gettext_lazy("When"), order=("created_at",)),
        Column("by", gettext_lazy("By")),
    ),
    sort="-when",
)


def verbs(request: HttpRequest) -> list[Verb]:
    """What may be done with the rows that are chosen in the list of devices."""
    if not request.membership.may(Permission.MANAGE_DEVICES):
        return []
    return [Verb(_("Change category"), tenant_url(request, "devices:category_move_add"), "tags")]


@require(Permission.VIEW_DEVICES)
@require_safe
def category_moves(request: HttpRequest) -> HttpResponse:
    """All moves of many devices, the latest first."""
    rows = CategoryMove.objects.select_related("by", "job", "undo_job")
    view = MOVES.view(request, rows)
    return render_page(request, "devices/category_moves.html", {"moves": view}, parts=(MOVES.part,))


@require(Permission.MANAGE_DEVICES)
@form_methods
def category_move_add(request: HttpRequest) -> HttpResponse:
    """How many devices were chosen, and where they shall be."""
    back = back_to(tenant_url(request, "devices:devices"), request)
    picked = chosen(table=DEVICES, request=request, queryset=Device.objects.all())
    picked = picked.exclude(state=DeviceState.RETIRED)
    count = picked.order_by().count()
    if not count:
        messages.info(request, _("No device was chosen."))
        return redirect(back)
    form = CategoryMoveForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            move = acts.begin(
                devices=picked, category=form.chosen(), now=timezone.now(), by=request.user
            )
            return redirect(tenant_url(request, "devices:category_move", pk=move.pk))
    counted = ngettext("%(count)s device is chosen.", "%(count)s devices are chosen.", count)
    follows = _(
        "In a personal category their usage is no longer collected, what is restricted on them is "
        "released, and their history is hidden from the helpdesk."
    )
    context = {
        "form": form,
        "title": _("Change category"),
        "sentence": f"{counted % {'count': count}} {follows}",
        "verb": ngettext("Move %(count)s device", "Move %(count)s devices", count)
        % {"count": count},
        "tone": "primary",
        "back": back,
        "back_label": _("Devices"),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


@require(Permission.VIEW_DEVICES)
@require_safe
def category_move(request: HttpRequest, pk: int) -> HttpResponse:
    """One move: how far it is, how many devices came out of it how, and which were left."""
    rows = CategoryMove.objects.select_related("by", "job", "undo_job")
    move = get_object_or_404(rows, pk=pk)
    if request.htmx.target == PROGRESS and not move.under_way:
        return HttpResponseClientRefresh()  # the whole page is another one
    counts = acts.counts_of(move)
    left = move.items.filter(state__in=LEFT).select_related("device").order_by("device__name", "pk")
    may_manage = request.membership.may(Permission.MANAGE_DEVICES)
    context = {
        "move": move,
        "job": move.latest_job,
        "figures": [(state.label, counts[state.value]) for state in MoveState if state in counts],
        "left": left[:SHOWN],
        "left_count": sum(counts.get(state.value, 0) for state in LEFT),
        "may_undo": may_manage and acts.may_be_undone(move),
    }
    return render_page(request, "devices/category_move.html", context, parts=(PROGRESS,))


@require(Permission.MANAGE_DEVICES)
@form_methods
def category_move_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before taking it back, and the deed."""
    move = get_object_or_404(CategoryMove, pk=pk)
    back = tenant_url(request, "devices:category_move", pk=pk)
    form = forms.Form(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.undo(move=move, now=timezone.now(), by=request.user)
            return redirect(back)
    context = {
        "form": form,
        "title": _("Undo this move"),
        "sentence": _(
            "Every device that was moved goes back where it was. Devices that somebody has moved "
            "since stay where they are. Usage that was not collected meanwhile cannot be had back."
        ),
        "verb": _("Undo"),
        "back": back,
        "back_label": str(move),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))
