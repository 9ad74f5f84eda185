"""Addresses of connectors and signals, under /t/<slug>/connectors/."""

from django.urls import path

from connectors.models import Provider, Purpose
from connectors.views import (
    connecting,
    connectors,
    inventory,
    profiles,
    registrations,
    signals,
)

app_name = "connectors"

urlpatterns = [
    path("", connectors.connectors, name="list"),
    path("providers/", connecting.providers, name="providers"),
    *(
        path(
            f"providers/{provider.value}/",
            connecting.set_up,
            {"provider": provider.value},
            name=f"set_up_{provider.value}",
        )
        for provider in Provider
        if provider != Provider.BUILT_IN
    ),
    path("consented/", connecting.consented, name="consented"),
    path("signed-in/", connecting.signed_in, name="signed_in"),
    path("<int:pk>/mdm/", connecting.mdm, name="mdm"),
    path("<int:pk>/connect/", connecting.connect, name="connect"),
    path("<int:pk>/inventory/", inventory.inventory, name="inventory"),
    path("<int:pk>/sync/", inventory.sync, name="sync"),
    path("<int:pk>/profiles/", profiles.profiles, name="profiles"),
    path("syncs/<int:pk>/", inventory.run, name="inventory_run"),
    path("devices/<int:pk>/", inventory.of_device, name="of_device"),
    path("matches/<int:pk>/", inventory.match, name="match"),
    path("managed/<int:pk>/profiles/", profiles.of_item, name="device_profiles"),
    path("managed/<int:pk>/profiles/put-in/", profiles.put_in, name="put_in_group"),
    path("managed/<int:pk>/profiles/take-out/", profiles.take_out, name="take_out_of_group"),
    path("<int:pk>/thank-you/", connecting.thank_you, name="thank_you"),
    path("<int:pk>/check/", connecting.check, name="check"),
    path("<int:pk>/remove/", connecting.remove, name="remove"),
    *(
        path(
            f"<int:pk>/consents/{purpose.value}/",
            connecting.consent,
            {"purpose": purpose.value},
            name=f"consent_{purpose.value}",
        )
        for purpose in (Purpose.TEM_APP, Purpose.MDM_PROFILES)
    ),
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
