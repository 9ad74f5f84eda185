"""Addresses of devices, under /t/<slug>/devices/."""

from django.urls import path

from devices.views import categories, device_acts, devices

app_name = "devices"

urlpatterns = [
    path("", devices.devices, name="devices"),
    path("categories/", categories.categories, name="categories"),
    path("categories/add/", categories.category_add, name="category_add"),
    path("categories/<int:pk>/edit/", categories.category_edit, name="category_edit"),
    path("categories/<int:pk>/delete/", categories.category_delete, name="category_delete"),
    path("add/", devices.device_add, name="device_add"),
    path("<int:pk>/", devices.device, name="device"),
    path("<int:pk>/edit/", devices.device_edit, name="device_edit"),
    path("<int:pk>/category/", categories.device_category, name="device_category"),
    path("<int:pk>/retire/", device_acts.retire, name="device_retire"),
    path("<int:pk>/sim/", device_acts.put_sim_in, name="device_sim"),
    path("<int:pk>/sim/<int:sim_pk>/out/", device_acts.take_sim_out, name="device_sim_out"),
    path("<int:pk>/block/", device_acts.block, name="device_block"),
    path("<int:pk>/release/<str:restriction>/", device_acts.release, name="device_release"),
]
