"""SESSION_ENGINE: Django's sessions in the database, with their person, place and time in columns.

The columns are copies of what the session holds, made when it is written anyway, so that a
person's sessions can be listed and ended without reading every session there is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession

from common.http import LAST_SEEN, SIGNED_IN_AT

ADDRESS = "address"
AGENT = "agent"
MOST = 300
"""Characters of a User-Agent that are kept."""


class SessionStore(db.SessionStore):
    """See the module's docstring."""

    @classmethod
    def get_model_class(cls) -> type[AbstractBaseSession]:
        from tenants.models import SignInSession  # models are not ready when this is imported

        return SignInSession

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)
        row.signed_in_at = _moment(data.get(SIGNED_IN_AT))
        row.last_seen_at = _moment(data.get(LAST_SEEN, data.get(SIGNED_IN_AT)))
        row.address = data.get(ADDRESS)
        row.agent = data.get(AGENT, "")
        return row


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
