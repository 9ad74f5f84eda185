"""Addresses of the simulated phones of a tenant, under /t/<slug>/sandbox/; sandbox only."""

from django.urls import path

from sandbox.views import messages, phones

app_name = "phones"

urlpatterns = [
    path("", phones.phones, name="phones"),
    path("messages/", messages.inbox, name="messages"),
    path("<int:pk>/", phones.phone, name="phone"),
]
