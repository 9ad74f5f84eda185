"""Addresses of the pages on which people enrol, under /enrol/; no account is asked for."""

from django.urls import path

from enrolment.views import accounts, invitations, pages

app_name = "enrol"

urlpatterns = [
    path("<slug:organisation>/", pages.start, name="start"),
    path("<slug:organisation>/invitation/<str:key>/", invitations.link, name="invitation"),
    path("<slug:organisation>/again/", pages.again, name="again"),
    path("<slug:organisation>/account/", accounts.start, name="account"),
    path("<slug:organisation>/account/back/", accounts.back, name="account_back"),
    path("<slug:organisation>/line/", accounts.line, name="line"),
    path("<slug:organisation>/number/", pages.number, name="number"),
    path("<slug:organisation>/code/", pages.code, name="code"),
    path("<slug:organisation>/code/again/", pages.code_again, name="code_again"),
    path("<slug:organisation>/category/", pages.category, name="category"),
    path("<slug:organisation>/finish/", pages.finish, name="finish"),
    path("<slug:organisation>/done/", pages.done, name="done"),
]
