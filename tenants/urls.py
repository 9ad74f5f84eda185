"""Addresses of the people who sign in to a tenant."""

from django.urls import path

from tenants.views import entra, people

app_name = "tenants"
urlpatterns = [
    path("", people.people, name="people"),
    path("invite/", people.invite, name="invite"),
    path("microsoft/", entra.choice, name="microsoft"),
    path("microsoft/groups/", entra.add_group, name="microsoft_groups"),
    path("microsoft/groups/<int:pk>/", entra.remove_group, name="microsoft_group_remove"),
    path("<int:pk>/", people.person, name="person"),
    path("<int:pk>/role/", people.role, name="person_role"),
    path("<int:pk>/remove/", people.remove, name="person_remove"),
    path("<int:pk>/send-again/", people.send_again, name="person_send_again"),
    path("<int:pk>/withdraw/", people.withdraw, name="person_withdraw"),
]
