"""People groups: the list in its order, a group with its people, and who could join it."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.selection import Verb, back_to, chosen
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from common.tables import TableView
from tenants import people_groups as acts
from tenants.forms import PeopleGroupForm
from tenants.models import PeopleGroup, Person
from tenants.queries import groups_of, people_groups, people_in, people_outside
from tenants.tables import DIRECTORY, GROUPS


@require(Permission.VIEW_LINES)
@require_safe
def groups(request: HttpRequest) -> HttpResponse:
    """All groups, the highest priority first."""
    view = GROUPS.view(request, people_groups())
    base = tenant_url(request, "people_groups:groups")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
    context = {"groups": view, "may_manage": _may_manage(request)}
    return render_page(request, "tenants/groups/groups.html", context, parts=(GROUPS.part,))


@require(Permission.VIEW_LINES)
@require_safe
def group(request: HttpRequest, pk: int) -> HttpResponse:
    """One group and its people."""
    group = get_object_or_404(people_groups(), pk=pk)
    view = _directory(request, people_in(group=group))
    may_change = _may_manage(request) and group.retired_at is None
    remove = Verb(_("Remove"), tenant_url(request, "people_groups:people_remove", pk=pk), "user-x")
    context = {
        "group": group,
        "people": view,
        "verbs": [remove] if may_change else [],
        "may_change": may_change,
    }
    return render_page(request, "tenants/groups/group.html", context, parts=(DIRECTORY.part,))


@require(Permission.MANAGE_LINES)
@form_methods
def group_add(request: HttpRequest) -> HttpResponse:
    """The form of a new group."""
    form = PeopleGroupForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            added = acts.add(**form.cleaned_data, by=request.user)
            messages.success(request, _("%(name)s was added.") % {"name": added})
            return redirect(tenant_url(request, "people_groups:group", pk=added.pk))
    context = {"form": form}
    return render_page(request, "tenants/groups/form.html", context, status=form_status(form))


@require(Permission.MANAGE_LINES)
@form_methods
def group_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a group that is there."""
    group = get_object_or_404(PeopleGroup, pk=pk, retired_at=None)
    form = PeopleGroupForm(sent(request), initial={"name": group.name, "note": group.note})
    if form.is_valid():
        with refusals_on(form):
            acts.edit(group=group, **form.cleaned_data, by=request.user)
            messages.success(request, _("Saved."))
            return redirect(tenant_url(request, "people_groups:group", pk=pk))
    context = {"form": form, "group": group}
    return render_page(request, "tenants/groups/form.html", context, status=form_status(form))


@require(Permission.MANAGE_LINES)
@require_POST
def group_up(request: HttpRequest, pk: int) -> HttpResponse:
    """A place higher in the order."""
    return _move(request, pk, acts.move_up)


@require(Permission.MANAGE_LINES)
@require_POST
def group_down(request: HttpRequest, pk: int) -> HttpResponse:
    """A place lower in the order."""
    return _move(request, pk, acts.move_down)


def _move(request: HttpRequest, pk: int, act: Callable[..., None]) -> HttpResponse:
    group = get_object_or_404(PeopleGroup, pk=pk)
    try:
        act(group=group, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    return redirect(tenant_url(request, "people_groups:groups"))


@require(Permission.MANAGE_LINES)
@form_methods
def group_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before retiring, and the deed."""
    group = get_object_or_404(PeopleGroup, pk=pk, retired_at=None)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            acts.retire(group=group, now=timezone.now(), by=request.user)
            messages.success(request, _("%(name)s was retired.") % {"name": group})
            return redirect(tenant_url(request, "people_groups:groups"))
    context = {
        "form": form,
        "title": _("Retire %(name)s") % {"name": group},
        "sentence": _("It leaves the order. Who was in it stays on record."),
        "verb": _("Retire"),
        "back": tenant_url(request, "people_groups:group", pk=pk),
        "back_label": str(group),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))


@require(Permission.MANAGE_LINES)
@require_safe
def people(request: HttpRequest, pk: int) -> HttpResponse:
    """Who could be added: the directory without those who are in the group."""
    group = get_object_or_404(PeopleGroup, pk=pk, retired_at=None)
    view = _directory(request, people_outside(group=group))
    verbs = [Verb(_("Add"), tenant_url(request, "people_groups:people_add", pk=pk), "user-plus")]
    context = {"group": group, "people": view, "verbs": verbs}
    return render_page(request, "tenants/groups/people.html", context, parts=(DIRECTORY.part,))


@require(Permission.MANAGE_LINES)
@form_methods
def people_add(request: HttpRequest, pk: int) -> HttpResponse:
    """How many were chosen, and putting them into the group."""
    group = get_object_or_404(PeopleGroup, pk=pk, retired_at=None)
    picked = chosen(table=DIRECTORY, request=request, queryset=people_outside(group=group))
    count, form = picked.order_by().count(), ConfirmForm(sent(request))
    back = back_to(tenant_url(request, "people_groups:people", pk=pk), request)
    title = ngettext(
        "Add %(count)s person to %(group)s", "Add %(count)s people to %(group)s", count
    )
    said = ngettext("%(count)s person was added.", "%(count)s people were added.", count)
    if count and form.is_valid():
        with refusals_on(form):
            acts.add_people(group=group, people=picked, by=request.user)
            messages.success(request, said % {"count": count})
            return redirect(tenant_url(request, "people_groups:group", pk=pk))
    context = {
        "title": title % {"count": count, "group": group},
        "sentence": _("They stay in the groups they are in; the order says which one comes first."),
        "verb": _("Add"),
        "tone": "primary",
    }
    return _ask(request, form, count, back, group, context)


@require(Permission.MANAGE_LINES)
@form_methods
def people_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """How many were chosen, and taking them out of the group."""
    group = get_object_or_404(PeopleGroup, pk=pk, retired_at=None)
    picked = chosen(table=DIRECTORY, request=request, queryset=people_in(group=group))
    count, form = picked.order_by().count(), ConfirmForm(sent(request))
    back = back_to(tenant_url(request, "people_groups:group", pk=pk), request)
    title = ngettext(
        "Remove %(count)s person from %(group)s", "Remove %(count)s people from %(group)s", count
    )
    said = ngettext("%(count)s person was removed.", "%(count)s people were removed.", count)
    if count and form.is_valid():
        with refusals_on(form):
            acts.remove_people(group=group, people=picked, by=request.user)
            messages.success(request, said % {"count": count})
            return redirect(back)
    context = {
        "title": title % {"count": count, "group": group},
        "sentence": _("They and their lines stay; they only leave this group."),
        "verb": _("Remove"),
    }
    return _ask(request, form, count, back, group, context)


def _ask(
    request: HttpRequest,
    form: ConfirmForm,
    count: int,
    back: str,
    group: PeopleGroup,
    context: dict[str, str],
) -> HttpResponse:
    if not count:
        messages.info(request, _("Nobody was chosen."))
        return redirect(back)
    asked = {"form": form, "back": back, "back_label": str(group), **context}
    return render_page(request, "confirm_page.html", asked, status=form_status(form))


def _directory(request: HttpRequest, people: QuerySet[Person]) -> TableView:
    """A page of people, each with the groups they are in."""
    view = DIRECTORY.view(request, people)
    found = groups_of(person_ids=[row.pk for row in view.rows])
    for row in view.rows:
        row.groups = ", ".join(group.name for group in found.get(row.pk, []))
        row.choice_label = row.name
    return view


def _may_manage(request: HttpRequest) -> bool:
    """Whether the page offers commands; the views behind them check again."""
    return request.membership.may(Permission.MANAGE_LINES)
