"""Addresses of the operators' pages, under /operators/."""

from django.urls import path

from tenants.views import operators

app_name = "operators"
urlpatterns = [
    path("tenants/", operators.tenants, name="tenants"),
    path("tenants/new/", operators.create, name="create"),
    path("tenants/<slug:slug>/suspend/", operators.suspend_tenant, name="suspend"),
    path("tenants/<slug:slug>/resume/", operators.resume_tenant, name="resume"),
]
