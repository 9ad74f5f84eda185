"""Invitations to enrol: the list, inviting many, sending again, withdrawing; and their link."""

from __future__ import annotations

from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.refusals import Refused
from common.submission import ConfirmForm, form_methods, form_status, sent
from common.tables import Column, Search, Table
from enrolment.actions import invitations as acts
from enrolment.forms.invitations import InvitationsForm
from enrolment.models import EnrolmentSettings, Invitation
from enrolment.queries.invitation_states import in_state, state_of
from enrolment.queries.places import Place
from enrolment.statuses import INVITATION_STATES
from enrolment.views.doors import forget, open_door, remember_invitation
from tenants.microsoft import origin_of


class InvitationFilters(django_filters.FilterSet):
    q = Search(
        "email__icontains", "name__icontains", "number__startswith", label=gettext_lazy("Search")
    )
    state = django_filters.ChoiceFilter(
        label=gettext_lazy("State"),
        empty_label=gettext_lazy("Any"),
        choices=INVITATION_STATES,
        method="in_state",
    )

    class Meta:
        model = Invitation
        fields = ()

    def in_state(self, found: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return found.filter(in_state(value, now=timezone.now()))


INVITATIONS = Table(
    name="invitations",
    columns=(
        Column("email", gettext_lazy("E-mail"), order=("email",)),
        Column("number", gettext_lazy("Phone number"), order=("number",)),
        Column("state", gettext_lazy("State")),
        Column("when", gettext_lazy("Invited"), order=("invited_at",)),
        Column("acts", gettext_lazy("Actions"), label_hidden=True),
    ),
    sort="-when",
    filters=InvitationFilters,
)
OPEN = {"waiting", "failed", "sent", "opened", "expired"}


@require(Permission.VIEW_DEVICES)
@require_safe
def invitations(request: HttpRequest) -> HttpResponse:
    """Every invitation, the newest first."""
    view = INVITATIONS.view(request, Invitation.objects.all())
    base = tenant_url(request, "enrolment:invitations")
    now = timezone.now()
    for row in view.rows:
        row.state = state_of(row, now=now)
        row.is_open = row.state in OPEN
        row.again_url, row.revoke_url = f"{base}{row.pk}/again/", f"{base}{row.pk}/withdraw/"
    context = {
        "invitations": view,
        "may_manage": request.membership.may(Permission.MANAGE_DEVICES),
    }
    return render_page(request, "enrolment/invitations.html", context, parts=(INVITATIONS.part,))


@require(Permission.MANAGE_DEVICES)
@form_methods
def invite(request: HttpRequest) -> HttpResponse:
    """Whom to invite; nobody is while a row is wrong."""
    country = request.tenant.home_country
    form = InvitationsForm(sent(request), request.FILES or None, country=country)
    if form.is_valid():
        made, left_out = acts.invite(
            rows=form.rows,
            language=get_language() or "en",
            origin=origin_of(request),
            now=timezone.now(),
            by=request.user,
        )
        said = ngettext("%(count)s person is invited.", "%(count)s people are invited.", len(made))
        messages.success(request, said % {"count": len(made)})
        if left_out:
            said = ngettext(
                "%(count)s person has an open invitation already and got no other.",
                "%(count)s people have an open invitation already and got no other.",
                len(left_out),
            )
            messages.info(request, said % {"count": len(left_out)})
        return redirect(tenant_url(request, "enrolment:invitations"))
    settings = EnrolmentSettings.objects.first()
    context = {"form": form, "is_open": bool(settings and settings.is_open)}
    return render_page(request, "enrolment/invite.html", context, status=form_status(form))


@require(Permission.MANAGE_DEVICES)
@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link by e-mail; the older one is dead."""
    invitation = get_object_or_404(Invitation, pk=pk)
    try:
        acts.send_again(
            invitation=invitation,
            origin=origin_of(request),
            now=timezone.now(),
            by=request.user,
        )
        messages.success(request, _("%(email)s gets a new link.") % {"email": invitation})
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    return redirect(tenant_url(request, "enrolment:invitations"))


@require(Permission.MANAGE_DEVICES)
@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Its link opens nothing from now on."""
    invitation = get_object_or_404(Invitation, pk=pk)
    try:
        acts.revoke(invitation=invitation, now=timezone.now(), by=request.user)
        said = _("The invitation of %(email)s is withdrawn.")
        messages.success(request, said % {"email": invitation})
    except Refused as refused:
        messages.error(request, str(refused.sentence))
    return redirect(tenant_url(request, "enrolment:invitations"))


@open_door
@form_methods
def link(request: HttpRequest, place: Place, key: str) -> HttpResponse:
    """Where the e-mail leads; programs that look at links press no button."""
    now = timezone.now()
    try:
        invitation = acts.invitation_of(key=key, now=now)
    except acts.InvitationGone as gone:
        context = {"place": place, "sentence": gone.sentence}
        return render_page(request, "enrol/invitation_gone.html", context, status=410)
    form = ConfirmForm(sent(request))
    if form.is_valid():
        acts.open_link(invitation=invitation, now=now)
        forget(request, place)
        remember_invitation(request, place, key)
        return redirect("enrol:start", organisation=place.tenant.slug)
    context = {"place": place, "invitation": invitation}
    return render_page(request, "enrol/invitation.html", context, status=form_status(form))
