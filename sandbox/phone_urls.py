"""Addresses of the simulated phones of a tenant, under /t/<slug>/sandbox/; sandbox only."""

from django.urls import path

from sandbox.views import messages, phones

app_name = "phones"

urlpatterns = [
    path("", phones.phones, name="phones"),
    path("messages/", messages.inbox, name="messages"),
    path("<int:pk>/", phones.phone, name="phone"),
    path("<int:pk>/leave/", phones.leave, name="leave"),
    path("<int:pk>/enrol/", phones.enrol, name="enrol"),
]
