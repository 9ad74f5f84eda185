"""What every page of enrolment shares: whose it is, and how far this browser has come.

The pages are for people without an account here. Each browser's session holds the key of its
enrolment; which page is due follows from the enrolment's row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control

from common.tenancy import tenant_scope
from enrolment.actions.invitations import InvitationGone, invitation_of
from enrolment.models import Enrolment, Invitation
from enrolment.queries.places import Place, place_of
from enrolment.steps import Progress, Step, is_over, step_of

_KEY = "enrolments"
_INVITED = "enrol_invitations"
PAGES = {
    Step.LINE: "enrol:line",
    Step.CODE: "enrol:code",
    Step.CATEGORY: "enrol:category",
    Step.FINISH: "enrol:finish",
    Step.DONE: "enrol:done",
}
ALSO = {Step.FINISH: (Step.CATEGORY,), Step.CODE: (Step.LINE,)}
"""Pages before the one that is due that may be gone back to."""
View = Callable[..., HttpResponse]


def open_door(view: View) -> View:
    """Give the view the Place of its address, in that tenant's scope; 404 where it is closed."""

    @login_not_required
    @cache_control(private=True, no_store=True)
    @wraps(view)
    def guarded(request: HttpRequest, organisation: str, **kwargs: Any) -> HttpResponse:
        place = place_of(slug=organisation)
        if place is None:
            raise Http404(_("There is no such page, or enrolment is closed."))
        with tenant_scope(place.tenant.pk), timezone.override(place.tenant.zone):
            return view(request, place, **kwargs)

    return guarded


def at_step(step: Step) -> Callable[[View], View]:
    """Give the view this browser's enrolment too; elsewhere when another page is due."""

    def decorate(view: View) -> View:
        @open_door
        @wraps(view)
        def guarded(request: HttpRequest, place: Place, **kwargs: Any) -> HttpResponse:
            enrolment = current(request, place)
            if enrolment is None:
                return redirect("enrol:start", organisation=place.tenant.slug)
            due = step_of(progress_of(enrolment))
            if step is not due and step not in ALSO.get(due, ()):
                return redirect(page_of(place, due))
            return view(request, place, enrolment, **kwargs)

        return guarded

    return decorate


def page_of(place: Place, step: Step) -> str:
    """The address of a step."""
    return reverse(PAGES[step], kwargs={"organisation": place.tenant.slug})


def progress_of(enrolment: Enrolment) -> Progress:
    """What was done of it."""
    return Progress(
        started_at=enrolment.started_at,
        has_number=bool(enrolment.number),
        proven_at=enrolment.proven_at,
        category_at=enrolment.category_at,
        finished_at=enrolment.finished_at,
    )


def current(request: HttpRequest, place: Place) -> Enrolment | None:
    """This browser's enrolment in the tenant, unless it took too long."""
    try:
        key = UUID(request.session.get(_KEY, {}).get(place.tenant.slug, ""))
    except ValueError:
        return None
    found = Enrolment.objects.select_related("category", "person", "device", "line")
    enrolment = found.filter(key=key).first()
    if enrolment is None or is_over(progress_of(enrolment), now=timezone.now()):
        return None
    return enrolment


def remember(request: HttpRequest, place: Place, enrolment: Enrolment) -> None:
    """From now on this browser's enrolment is that one."""
    known = request.session.get(_KEY, {})
    request.session[_KEY] = {**known, place.tenant.slug: str(enrolment.key)}


def forget(request: HttpRequest, place: Place) -> None:
    """Let this browser begin anew."""
    known = dict(request.session.get(_KEY, {}))
    known.pop(place.tenant.slug, None)
    request.session[_KEY] = known


def remember_invitation(request: HttpRequest, place: Place, key: str) -> None:
    """This browser came by the link of an invitation."""
    known = request.session.get(_INVITED, {})
    request.session[_INVITED] = {**known, place.tenant.slug: key}


def invitation_here(request: HttpRequest, place: Place) -> Invitation | None:
    """The invitation whose link this browser came by, while it holds."""
    key = request.session.get(_INVITED, {}).get(place.tenant.slug, "")
    try:
        return invitation_of(key=key, now=timezone.now()) if key else None
    except InvitationGone:
        return None
