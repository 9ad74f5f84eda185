"""Reading the environment so that a mistake explains itself.

Kept apart from settings.py because both the settings and the tests of the messages need it.
"""

from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

ADVICE = (
    "On a workstation you need not set it by hand: `python3 run.py up` starts the portal with "
    "servers of its own."
)


def required(env: environ.Env, name: str, explanation: str) -> str:
    """The value of `name`; raises ImproperlyConfigured with `explanation` when it is empty."""
    value = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {explanation}\n{ADVICE}")
    return value


def redis_url(env: environ.Env) -> str:
    """REDIS_URL, checked for a scheme that both Celery and the cache understand."""
    value = required(
        env,
        "REDIS_URL",
        "It names the Redis or Valkey server (7 or later) that carries nudges between web and "
        "workers, for instance redis://127.0.0.1:6379/0",
    )
    parts = urlsplit(value)
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
        raise ImproperlyConfigured(
            "REDIS_URL cannot be read. It has the form redis://host:port/number, or rediss:// "
            f"for TLS.\n{ADVICE}"
        )
    return value


def mail_settings(env: environ.Env, *, fallback: str) -> dict[str, Any]:
    """Django's EMAIL_* settings as EMAIL_URL says, or as `fallback` does when it is empty."""
    try:
        return env.email_url_config(env.str("EMAIL_URL", default="").strip() or fallback)
    except (environ.ImproperlyConfigured, ValueError) as error:
        raise ImproperlyConfigured(
            "EMAIL_URL cannot be read. It names the mail server for links to new passwords, for "
            "instance smtp+tls://user:password@mail.example:587, with special characters in the "
            f"password percent-encoded.\n{ADVICE}"
        ) from error
