"""The address of the simulator's MDM server, under /simulator/."""

from django.urls import path

from devices.views import simulator_mdm

app_name = "simulator"

urlpatterns = [
    path("mdm/<str:key>", simulator_mdm.message, name="mdm"),
    path("mdm/<str:key>/check-in", simulator_mdm.check_in, name="check_in"),
]
