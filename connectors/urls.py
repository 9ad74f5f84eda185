"""Addresses of connectors and signals, under /t/<slug>/connectors/."""

from django.urls import path

from connectors.views import connectors, signals

app_name = "connectors"

urlpatterns = [
    path("", connectors.connectors, name="list"),
    path("signals/", signals.signals, name="signals"),
    path("<int:pk>/", connectors.connector, name="connector"),
    path("<int:pk>/switch/", connectors.switch, name="switch"),
    path("<int:pk>/turn-off/", connectors.turn_off, name="turn_off"),
]
