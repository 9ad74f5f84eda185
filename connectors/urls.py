"""Addresses of connectors and signals, under /t/<slug>/connectors/."""

from django.urls import path

from connectors.models import Purpose
from connectors.views import connectors, registrations, signals

app_name = "connectors"

urlpatterns = [
    path("", connectors.connectors, name="list"),
    path("registrations/", registrations.registrations, name="registrations"),
    *(
        path(
            f"registrations/{purpose.value}/",
            registrations.registration,
            {"purpose": purpose.value},
            name=f"registration_{purpose.value}",
        )
        for purpose in Purpose
    ),
    path("registrations/<int:pk>/remove/", registrations.remove, name="remove_registration"),
    path("signals/", signals.signals, name="signals"),
    path("<int:pk>/", connectors.connector, name="connector"),
    path("<int:pk>/switch/", connectors.switch, name="switch"),
    path("<int:pk>/turn-off/", connectors.turn_off, name="turn_off"),
]
