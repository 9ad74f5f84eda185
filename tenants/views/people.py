"""Who signs in to the tenant: the list, inviting, roles, removing.

Not the people of the directory, who use lines: those stand in `tenants.models.Person`.
"""

from __future__ import annotations

from typing import Any

from allauth.core.ratelimit import consume, respond_429
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from audit.models import AuditEvent
from audit.queries import events_of
from common.http import tenant_url
from common.pages import render_page
from common.permissions import ROLE_LABELS, Permission, Role, require
from common.refusals import Refused
from common.submission import ConfirmForm, form_methods, form_status, refusals_on, sent
from tenants import actions, invitations
from tenants.forms import InvitationForm, RoleForm
from tenants.models import Membership
from tenants.queries import invitation_mail, members
from tenants.tables import MEMBERS

EVENTS_SHOWN = 20


@require(Permission.VIEW_PEOPLE)
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Everybody who signs in here, was invited or was removed."""
    view = MEMBERS.view(request, members())
    base = tenant_url(request, "tenants:people")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
    context = {"members": view, "may_manage": _may_manage(request)}
    return render_page(request, "tenants/people/people.html", context, parts=(MEMBERS.part,))


@require(Permission.VIEW_PEOPLE)
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One of them, with what is on record about the membership."""
    membership = get_object_or_404(members(), pk=pk)
    context = {
        "membership": membership,
        "mail": invitation_mail(membership=membership),
        "events": [_told(event) for event in _events(pk)],
        "valid_until": membership.invited_at and membership.invited_at + invitations.VALID_FOR,
        "may_manage": _may_manage(request) and membership.user_id != request.user.pk,
        "is_own": membership.user_id == request.user.pk,
    }
    return render_page(request, "tenants/people/person.html", context, parts=("drawer",))


@require(Permission.MANAGE_PEOPLE)
@form_methods
def invite(request: HttpRequest) -> HttpResponse:
    """The form of an invitation. Its answer is the same for every address that is not here yet."""
    initial = {"language": translation.get_language(), "role": Role.HELPDESK}
    form = InvitationForm(sent(request), initial=initial)
    if form.is_valid():
        if not consume(request, action="invite", user=request.user):
            return respond_429(request)
        with refusals_on(form):
            membership = invitations.invite(
                **form.cleaned_data, origin=_origin(request), now=timezone.now(), by=request.user
            )
            _tell(request, membership)
            return redirect(tenant_url(request, "tenants:people"))
    context = {"form": form, "days": invitations.VALID_FOR.days}
    return render_page(request, "tenants/people/invite.html", context, status=form_status(form))


@require(Permission.MANAGE_PEOPLE)
@form_methods
def role(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of another role."""
    membership = _one(pk, "member")
    form = RoleForm(sent(request), initial={"role": membership.role})
    if form.is_valid():
        with refusals_on(form):
            chosen = form.cleaned_data["role"]
            actions.change_role(membership=membership, role=chosen, by=request.user)
            messages.success(request, _("The role holds from now on."))
            return redirect(tenant_url(request, "tenants:person", pk=pk))
    context = {"form": form, "membership": membership}
    return render_page(request, "tenants/people/role.html", context, status=form_status(form))


@require(Permission.MANAGE_PEOPLE)
@form_methods
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before removing somebody, and the deed."""
    membership, form = _one(pk, "member"), ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            actions.remove_member(membership=membership, by=request.user)
            messages.success(request, _("%s was removed.") % membership.user)
            return redirect(tenant_url(request, "tenants:people"))
    context = {
        "title": _("Remove %(name)s") % {"name": membership.user},
        "sentence": _(
            "They lose access at once, on every device. Their account and what they did stay."
        ),
        "verb": _("Remove"),
    }
    return _ask(request, form, membership, context)


@require(Permission.MANAGE_PEOPLE)
@require_POST
def send_again(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link to somebody who has not answered."""
    if not consume(request, action="invite", user=request.user):
        return respond_429(request)
    try:
        membership = invitations.send_again(
            membership=_one(pk, "invited"),
            language=translation.get_language() or "",
            origin=_origin(request),
            now=timezone.now(),
            by=request.user,
        )
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    else:
        _tell(request, membership)
    return redirect(tenant_url(request, "tenants:people"))


@require(Permission.MANAGE_PEOPLE)
@form_methods
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """The question before taking an invitation back, and the deed."""
    membership, form = _one(pk, "invited"), ConfirmForm(sent(request))
    if form.is_valid():
        with refusals_on(form):
            invitations.withdraw(membership=membership, now=timezone.now(), by=request.user)
            messages.success(request, _("The invitation was withdrawn."))
            return redirect(tenant_url(request, "tenants:people"))
    context = {
        "title": _("Withdraw the invitation of %(name)s") % {"name": membership.user.email},
        "sentence": _("The link in the e-mail stops working."),
        "verb": _("Withdraw"),
    }
    return _ask(request, form, membership, context)


def _one(pk: int, state: str) -> Membership:
    found = Membership.objects.select_related("user", "tenant").in_state(state)
    return get_object_or_404(found, pk=pk)


def _ask(
    request: HttpRequest, form: ConfirmForm, membership: Membership, context: dict[str, str]
) -> HttpResponse:
    asked = {
        "form": form,
        "back": tenant_url(request, "tenants:person", pk=membership.pk),
        "back_label": membership.shown_name,
        **context,
    }
    return render_page(request, "confirm_page.html", asked, status=form_status(form))


def _origin(request: HttpRequest) -> str:
    """Where the portal is for whoever asks: the link in the e-mail leads there."""
    return f"{request.scheme}://{request.get_host()}"


def _tell(request: HttpRequest, membership: Membership) -> None:
    sentence = _("An invitation to %s is on its way.") % membership.user.email
    messages.success(request, sentence)


def _events(pk: int) -> QuerySet[AuditEvent]:
    return events_of(object_type="membership", object_id=pk)[:EVENTS_SHOWN]


def _told(event: AuditEvent) -> dict[str, Any]:
    """An event with its roles in words."""
    changes = [
        {
            "label": change["label"],
            "before": ROLE_LABELS.get(change["before"], change["before"]),
            "after": ROLE_LABELS.get(change["after"], change["after"]),
        }
        for change in event.changes
    ]
    return {"at": event.at, "label": event.label, "actor": event.actor, "changes": changes}


def _may_manage(request: HttpRequest) -> bool:
    """Whether the page offers commands; the views behind them check again."""
    return request.membership.may(Permission.MANAGE_PEOPLE)
