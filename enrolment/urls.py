"""Addresses of enrolment for those who manage it, under /t/<slug>/enrolment/."""

from django.urls import path

from enrolment.views import overview

app_name = "enrolment"

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("settings/", overview.settings, name="settings"),
]
