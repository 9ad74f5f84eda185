"""Addresses of enrolment for those who manage it, under /t/<slug>/enrolment/."""

from django.urls import path

from enrolment.views import invitations, lines, overview

app_name = "enrolment"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("settings/", overview.settings, name="settings"),
    path("lines/", lines.lines, name="lines"),
    path("lines/<int:pk>/", lines.of_line, name="of_line"),
    path("invitations/", invitations.invitations, name="invitations"),
    path("invitations/add/", invitations.invite, name="invite"),
    path("invitations/<int:pk>/again/", invitations.again, name="invitation_again"),
    path("invitations/<int:pk>/withdraw/", invitations.withdraw, name="invitation_withdraw"),
]
