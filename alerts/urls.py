"""Addresses of alerts, inside a tenant."""

from django.urls import path

from alerts import views

app_name = "alerts"
urlpatterns = [
    path("", views.alerts, name="alerts"),
    path("acknowledge/", views.acknowledge, name="acknowledge"),
]
