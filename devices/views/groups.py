"""Groups of devices: list, page, add, edit, delete, pause, and trying a rule."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.selection import Verb
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from devices.actions import groups as acts
from devices.forms.groups import DynamicGroupForm, GroupForm
from devices.models import Group, GroupKind
from devices.queries.group_lists import GROUP_DEVICES, GROUPS, devices_in
from devices.queries.rule_check import check, find_devices, trials
from devices.rules import RuleError, parse
from devices.statuses import group_state


@require(Permission.VIEW_DEVICES)
@require_safe
def groups(request: HttpRequest) -> HttpResponse:
    """All groups, with how many devices are in each and how far each is."""
    view = GROUPS.view(request, Group.objects.select_related("watch"))
    base = tenant_url(request, "devices:groups")
    for row in view.rows:
        row.url, row.state = f"{base}{row.pk}/", group_state(row)
    context = {"groups": view, "may_manage": request.membership.may(Permission.MANAGE_DEVICES)}
    return render_page(request, "devices/groups.html", context, parts=(GROUPS.part,))


@require(Permission.VIEW_DEVICES)
@require_safe
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """One group and its devices; htmx asks for `group-live` until the rule has been applied."""
    group = get_object_or_404(Group.objects.select_related("watch"), pk=pk)
    state = group_state(group)
    is_pending = state in ("not_started", "evaluating")
    if request.htmx and request.htmx.target == "group-live" and not is_pending:
        return HttpResponseClientRefresh()
    view = GROUP_DEVICES.view(request, devices_in(group))
    base = tenant_url(request, "devices:devices")
    for row in view.rows:
        row.url, row.choice_label = f"{base}{row.pk}/", row.name
    may_manage = request.membership.may(Permission.MANAGE_DEVICES)
    remove = Verb(_("Remove"), tenant_url(request, "devices:group_take_out", pk=pk), "circle-minus")
    context = {
        "group": group,
        "state": state,
        "is_pending": is_pending,
        "devices": view,
        "verbs": [remove] if may_manage and not group.is_dynamic else [],
        "may_manage": may_manage,
    }
    parts = (GROUP_DEVICES.part, "group-live")
    return render_page(request, "devices/group.html", context, parts=parts)


@require(Permission.MANAGE_DEVICES)
@form_methods
def group_add(request: HttpRequest) -> HttpResponse:
    """The form of a new assigned group."""
    return _form_page(request, GroupForm(sent(request)), None)


@require(Permission.MANAGE_DEVICES)
@form_methods
def group_add_dynamic(request: HttpRequest) -> HttpResponse:
    """The form of a new dynamic group."""
    return _form_page(request, DynamicGroupForm(sent(request)), None)


@require(Permission.MANAGE_DEVICES)
@form_methods
def group_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a group that is there."""
    group = get_object_or_404(Group, pk=pk)
    kind = DynamicGroupForm if group.kind == GroupKind.DYNAMIC else GroupForm
    return _form_page(request, kind(sent(request), initial=GroupForm.of(group)), group)


def _form_page(request: HttpRequest, form: GroupForm, group: Group | None) -> HttpResponse:
    """Save what was sent, unless only a check of the rule was asked for."""
    only_check = "check" in request.POST
    if form.is_valid() and not only_check:
        with refusals_on(form):
            kept = _save(request, form, group)
            return redirect(tenant_url(request, "devices:group", pk=kept.pk))
    context: dict[str, Any] = {"form": form, "group": group}
    if isinstance(form, DynamicGroupForm):
        url = tenant_url(request, "devices:rule_check")
        form.live(f"{url}?group={group.pk}" if group else url)
        context["is_dynamic"] = True
        if form.is_bound and form.data.get("rule"):
            context["check"] = _check(form.data, group)
    status = 200 if only_check else form_status(form)
    return render_page(request, "devices/group_form.html", context, status=status)


def _save(request: HttpRequest, form: GroupForm, group: Group | None) -> Group:
    now = timezone.now()
    if group is None:
        group = acts.add(terms=form.terms(), now=now, by=request.user)
        messages.success(request, _("%(name)s was added.") % {"name": group})
        return group
    group = acts.edit(group=group, terms=form.terms(), now=now, by=request.user)
    messages.success(request, _("Saved."))
    return group


@require(Permission.MANAGE_DEVICES)
@require_POST
def rule_check(request: HttpRequest) -> HttpResponse:
    """What is wrong with the rule in the form, or whom it takes; asked for while typing."""
    pk = request.GET.get("group", "")
    group = get_object_or_404(Group, pk=int(pk)) if pk.isascii() and pk.isdigit() else None
    context = {"check": _check(request.POST, group) if request.POST.get("rule") else None}
    return render_page(request, "devices/rule_check.html", context)


def _check(data: Any, group: Group | None) -> Any:
    return check(text=data["rule"], group=group, device=_searched(data.get("device", "")))


def _searched(text: str) -> str:
    return text.replace("\0", "").strip()[:120]


@require(Permission.MANAGE_DEVICES)
@form_methods
def group_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before deleting, and the deed."""
    group = get_object_or_404(Group.objects.select_related("watch"), pk=pk)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.delete(group=group, by=request.user)
            messages.success(request, _("%(name)s was deleted.") % {"name": group})
            return redirect(tenant_url(request, "devices:groups"))
    count = group.watch.member_count
    sentence = ngettext(
        "%(count)s device is in it and stays as it is. Deleting the group cannot be undone.",
        "%(count)s devices are in it and stay as they are. Deleting the group cannot be undone.",
        count,
    )
    context = {
        "form": form,
        "title": _("Delete %(name)s") % {"name": group},
        "sentence": sentence % {"count": count},
        "verb": _("Delete"),
        "back": tenant_url(request, "devices:group", pk=pk),
        "back_label": str(group),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


@require(Permission.MANAGE_DEVICES)
@require_POST
def group_pause(request: HttpRequest, pk: int) -> HttpResponse:
    """The rule rests: nobody joins or leaves by it."""
    group = get_object_or_404(Group, pk=pk)
    return _done(request, group, lambda: acts.pause(group=group, by=request.user))


@require(Permission.MANAGE_DEVICES)
@require_POST
def group_resume(request: HttpRequest, pk: int) -> HttpResponse:
    """The rule holds again."""
    group = get_object_or_404(Group, pk=pk)
    now = timezone.now()
    return _done(request, group, lambda: acts.resume(group=group, now=now, by=request.user))


def _done(request: HttpRequest, group: Group, act: Any) -> HttpResponse:
    try:
        act()
        messages.success(request, _("Saved."))
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    return redirect(tenant_url(request, "devices:group", pk=group.pk))


@require(Permission.VIEW_DEVICES)
@require_safe
def group_test(request: HttpRequest, pk: int) -> HttpResponse:
    """The rule of a group tried on the devices that are searched for, each with the trace."""
    group = get_object_or_404(Group, pk=pk, kind=GroupKind.DYNAMIC)
    text = _searched(request.GET.get("q", ""))
    try:
        tried = trials(parse(group.rule), find_devices(text)) if text else []
    except RuleError:
        tried = []
    context = {"group": group, "text": text, "trials": tried}
    return render_page(request, "devices/group_test.html", context)
