"""Addresses of the people groups, inside a tenant."""

from django.urls import path

from tenants.views import groups

app_name = "people_groups"
urlpatterns = [
    path("", groups.groups, name="groups"),
    path("add/", groups.group_add, name="group_add"),
    path("<int:pk>/", groups.group, name="group"),
    path("<int:pk>/edit/", groups.group_edit, name="group_edit"),
    path("<int:pk>/up/", groups.group_up, name="group_up"),
    path("<int:pk>/down/", groups.group_down, name="group_down"),
    path("<int:pk>/retire/", groups.group_retire, name="group_retire"),
    path("<int:pk>/people/", groups.people, name="people"),
    path("<int:pk>/people/add/", groups.people_add, name="people_add"),
    path("<int:pk>/people/remove/", groups.people_remove, name="people_remove"),
]
