"""Billing > Licenses > Apps: what a sign-in has to come with to count for an app."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from common.http import tenant_url
from common.pages import render_page
from common.permissions import Permission, require
from common.submission import form_methods, form_status, refusals_on, sent
from common.tables import Column, Table
from licensing.actions.apps import set_own_ids
from licensing.forms.apps import IdsForm
from licensing.queries import apps as queries
from licensing.views.tabs import tabs

APPS = Table(
    name="apps",
    columns=(
        Column("app", gettext_lazy("App"), order=("name",)),
        Column("ids", gettext_lazy("Application ids")),
        Column("services", gettext_lazy("Usable with")),
        Column("policy", gettext_lazy("Auto-claim policy")),
    ),
    sort="app",
)


@require(Permission.VIEW_LICENCES)
@require_safe
def apps(request: HttpRequest) -> HttpResponse:
    """The apps that policies can be for."""
    view = APPS.view(request, queries.apps())
    queries.hang_facts(view.rows)
    base = tenant_url(request, "licensing:apps")
    policies = tenant_url(request, "licensing:policies")
    for row in view.rows:
        row.url = f"{base}{row.pk}/"
        row.policy_url = f"{policies}{row.policy.pk}/" if row.policy else ""
    context = {
        "apps": view,
        "tabs": tabs(request, "apps"),
        "may_manage": request.membership.may(Permission.MANAGE_LICENCES),
    }
    return render_page(request, "licensing/apps.html", context, parts=(APPS.part,))


@require(Permission.MANAGE_LICENCES)
@form_methods
def app_ids(request: HttpRequest, pk: int) -> HttpResponse:
    """The application ids of one app that are not everybody's."""
    app = get_object_or_404(queries.apps(), pk=pk)
    form = IdsForm(sent(request), initial={"ids": "\n".join(queries.own_ids(app))})
    if form.is_valid():
        with refusals_on(form):
            changed = set_own_ids(app=app, ids=form.cleaned_data["ids"], by=request.user)
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect(tenant_url(request, "licensing:apps"))
    context = {"app": app, "form": form, "known": queries.KNOWN.get(app.name, ())}
    return render_page(request, "licensing/app_ids.html", context, status=form_status(form))
