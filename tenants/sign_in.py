"""How people sign in: local accounts by django-allauth, with sign-up closed."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignUpAdapter(DefaultAccountAdapter):
    """Nobody makes an account for themselves; administrators invite."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
