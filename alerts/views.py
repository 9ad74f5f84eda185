"""The list of alerts, and acknowledging some of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from alerts import actions
from alerts.forms import NoteForm
from alerts.models import Alert
from alerts.models.alert import AlertState
from alerts.ports import Subject
from alerts.queries import alerts_on_record, told
from alerts.tables import ALERTS
from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.selection import Verb, back_to, chosen
from common.submission import form_methods, form_status, refusals_on, sent


@require(Permission.VIEW_ALERTS)
@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """The list, with what each alert is about."""
    view = ALERTS.view(request, alerts_on_record())
    found = told(alerts=view.rows)
    for row in view.rows:
        row.told = found[row.pk]
        subject = row.told.subject
        row.url = _page_of(request, subject, row.subject_id)
        row.choice_label = f"{subject.label if subject else ''} {row.told.sentence}"
    context = {"alerts": view, "verbs": _verbs(request)}
    return render_page(request, "alerts/alerts.html", context, parts=(ALERTS.part,))


def _page_of(request: HttpRequest, subject: Subject | None, pk: int) -> str:
    """Where the subject is shown, to those who may see it there."""
    if subject is None or (
        subject.permission is not None and not request.membership.may(subject.permission)
    ):
        return ""
    return tenant_url(request, subject.page, pk=pk)


def _verbs(request: HttpRequest) -> list[Verb]:
    if not request.membership.may(Permission.ACKNOWLEDGE_ALERTS):
        return []
    return [Verb(_("Acknowledge"), tenant_url(request, "alerts:acknowledge"), "eye")]


@require(Permission.ACKNOWLEDGE_ALERTS)
@form_methods
def acknowledge(request: HttpRequest) -> HttpResponse:
    """How many of the chosen alerts are open, a note, and the deed."""
    back = back_to(tenant_url(request, "alerts:alerts"), request)
    picked = chosen(table=ALERTS, request=request, queryset=Alert.objects.all())
    count = picked.order_by().filter(state=AlertState.OPEN)[: actions.MOST + 1].count()
    form = NoteForm(sent(request))
    if not count:
        messages.info(request, _("No open alert was chosen."))
        return redirect(back)
    if form.is_valid():
        with refusals_on(form):
            note = form.cleaned_data["note"]
            done = actions.acknowledge(
                alerts=picked, note=note, now=timezone.now(), by=request.user
            )
            said = ngettext(
                "%(count)s alert was acknowledged.", "%(count)s alerts were acknowledged.", done
            )
            messages.success(request, said % {"count": done})
            return redirect(back)
    context = {
        "form": form,
        "title": ngettext("Acknowledge %(count)s alert", "Acknowledge %(count)s alerts", count)
        % {"count": count},
        "sentence": _("It says that somebody has seen to it. Limits and blocks stay as they are."),
        "verb": _("Acknowledge"),
        "tone": "primary",
        "back": back,
        "back_label": _("Alerts"),
    }
    return render_page(request, "confirm_page.html", context, status=form_status(form))
