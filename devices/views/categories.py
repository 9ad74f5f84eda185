"""Device categories: list, add, edit, delete, and moving a device from one to another."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from common.tables import Column, Table
from devices.actions import categories as acts
from devices.forms.categories import CategoryChoiceForm, CategoryForm
from devices.models import Device, DeviceCategory, DeviceState
from devices.queries.rule_check import groups_naming_category

CATEGORIES = Table(
    name="categories",
    columns=(
        Column("category", gettext_lazy("Category"), order=("name",)),
        Column("kind", gettext_lazy("Kind"), order=("is_personal", "name")),
        Column("devices", gettext_lazy("Devices"), numeric=True),
    ),
    sort="category",
)
IN_SERVICE = ~Q(devices__state=DeviceState.RETIRED)


@require(Permission.VIEW_DEVICES)
@require_safe
def categories(request: HttpRequest) -> HttpResponse:
    """All categories, with how many devices are in each and in none."""
    counted = DeviceCategory.objects.annotate(count=Count("devices", filter=IN_SERVICE))
    view = CATEGORIES.view(request, counted)
    base = tenant_url(request, "devices:categories")
    devices = tenant_url(request, "devices:devices")
    for row in view.rows:
        row.url = f"{base}{row.pk}/edit/"
        row.devices_url = f"{devices}?category={row.pk}"
    here = Device.objects.exclude(state=DeviceState.RETIRED)
    context = {
        "categories": view,
        "unassigned": here.filter(category=None).count(),
        "unassigned_url": f"{devices}?category=none",
        "may_manage": request.membership.may(Permission.MANAGE_DEVICES),
    }
    return render_page(request, "devices/categories.html", context, parts=(CATEGORIES.part,))


@require(Permission.MANAGE_DEVICES)
@form_methods
def category_add(request: HttpRequest) -> HttpResponse:
    """The form of a new category."""
    form = CategoryForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            added = acts.add(terms=form.terms(), by=request.user)
            messages.success(request, _("%(name)s was added.") % {"name": added})
            return redirect(tenant_url(request, "devices:categories"))
    context = {"form": form}
    return render_page(request, "devices/category_form.html", context, status=form_status(form))


@require(Permission.MANAGE_DEVICES)
@form_methods
def category_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a category that is there."""
    category = get_object_or_404(DeviceCategory, pk=pk)
    form = CategoryForm(sent(request), initial=CategoryForm.of(category))
    if form.is_valid():
        with refusals_on(form):
            acts.edit(category=category, terms=form.terms(), now=timezone.now(), by=request.user)
            messages.success(request, _("Saved."))
            return redirect(tenant_url(request, "devices:categories"))
    context = {"form": form, "category": category, "named_by": _named_by(request, category)}
    return render_page(request, "devices/category_form.html", context, status=form_status(form))


def _named_by(request: HttpRequest, category: DeviceCategory) -> list[dict[str, str]]:
    """Name and address of the groups whose rules mention the category."""
    base = tenant_url(request, "devices:groups")
    named = groups_naming_category(category.name)
    return [{"name": group.name, "url": f"{base}{group.pk}/"} for group in named]


@require(Permission.MANAGE_DEVICES)
@form_methods
def category_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before deleting, and the deed."""
    category = get_object_or_404(DeviceCategory, pk=pk)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            count = acts.delete(category=category, now=timezone.now(), by=request.user)
            said = ngettext(
                "%(name)s was deleted; %(count)s device is unassigned now.",
                "%(name)s was deleted; %(count)s devices are unassigned now.",
                count,
            )
            messages.success(request, said % {"name": category, "count": count})
            return redirect(tenant_url(request, "devices:categories"))
    count = category.devices.exclude(state=DeviceState.RETIRED).count()
    sentence = ngettext(
        "%(count)s device in it becomes unassigned. This cannot be undone.",
        "%(count)s devices in it become unassigned. This cannot be undone.",
        count,
    )
    said = sentence % {"count": count}
    names = [group.name for group in groups_naming_category(category.name)]
    if names:
        named = _("The rules of these groups mention it and match it no more: %(groups)s.")
        said = f"{said} {named % {'groups': ', '.join(names)}}"
    context = {
        "form": form,
        "title": _("Delete %(name)s") % {"name": category},
        "sentence": said,
        "verb": _("Delete"),
        "back": tenant_url(request, "devices:category_edit", pk=pk),
        "back_label": str(category),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


@require(Permission.MANAGE_DEVICES)
@form_methods
def device_category(request: HttpRequest, pk: int) -> HttpResponse:
    """Which category one device is in."""
    device = get_object_or_404(Device.objects.exclude(state=DeviceState.RETIRED), pk=pk)
    form = CategoryChoiceForm(sent(request), initial={"category": device.category_id or ""})
    if form.is_valid():
        with refusals_on(form):
            acts.move(device=device, category=form.chosen(), now=timezone.now(), by=request.user)
            messages.success(request, _("Saved."))
            return redirect(tenant_url(request, "devices:device", pk=pk))
    context = {"form": form, "device": device}
    return render_page(request, "devices/device_category.html", context, status=form_status(form))
