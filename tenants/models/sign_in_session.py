"""A session of a browser, in a table that knows whose it is."""

from __future__ import annotations

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


class SignInSession(AbstractBaseSession):
    """Written by `tenants.session_store` whenever the session is; of nobody until the sign-in.

    The key is the secret that the browser holds. It is never shown: see `tenants.sessions`.
    """

    user = models.ForeignKey(
        "tenants.User",
        on_delete=models.CASCADE,
        null=True,
        db_constraint=False,  # a session may be written a moment after its account is gone
        related_name="+",
    )
    signed_in_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True, db_comment="To the minute")
    address = models.GenericIPAddressField(null=True, db_comment="Where the sign-in came from")
    agent = models.CharField(max_length=300, blank=True, db_comment="User-Agent at the sign-in")

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    @classmethod
    def get_session_store_class(cls) -> type:
        from tenants.session_store import SessionStore  # it imports this module

        return SessionStore
