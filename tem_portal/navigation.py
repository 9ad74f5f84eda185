"""The left navigation: what the person may see, from one table."""

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict:
    return {}
