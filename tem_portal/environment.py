"""Reading the environment so that a mistake explains itself.

Kept apart from settings.py because both the settings and the tests of the messages need it.
"""

import json
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


def entra_apps(env: environ.Env, *, sandbox: bool) -> dict[str, dict[str, dict[str, str]]]:
    """ENTRA_APPS: JSON of the form {cloud: {purpose: {"client_id": ..., "secret": ...}}}.

    Clouds are global, us_government and china; purposes are connection, tem_app and mdm_profiles.
    Instead of "secret" there may be "certificate": the private key and the certificate as PEM.
    The sandbox has registrations of its own.
    """
    text = env.str("ENTRA_APPS", default="").strip() or "{}"
    try:
        apps = json.loads(text)
        for purposes in apps.values():
            for app in purposes.values():
                if not app["client_id"] or not (app.get("secret") or app.get("certificate")):
                    raise ValueError("a client_id and a secret or certificate are needed")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise ImproperlyConfigured(
            "ENTRA_APPS cannot be read. It is JSON that names the application registrations in "
            'Microsoft Entra, for instance {"global": {"connection": {"client_id": "...", '
            f'"secret": "..."}}}}}}, or empty.\n{ADVICE}'
        ) from error
    if sandbox:
        from sandbox.cloud.registrations import as_settings  # plain constants, no Django

        apps["sandbox"] = as_settings()
    return apps


def encryption_keys(env: environ.Env, *, sandbox: bool, secret_key: str) -> list[str]:
    """ENCRYPTION_KEYS: texts of 32 characters or more with commas between, the newest first.

    A sandbox without any uses SECRET_KEY. Elsewhere an empty list means that the portal keeps no
    provider's secret, and says so where somebody wants to enter one.
    """
    keys = [key.strip() for key in env.list("ENCRYPTION_KEYS", default=[]) if key.strip()]
    if any(len(key) < 32 for key in keys):
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS holds a key of fewer than 32 characters. Make each with: python3 -c "
            "'import secrets; print(secrets.token_urlsafe(48))', and put a new one in front of "
            f"those in use.\n{ADVICE}"
        )
    return keys or ([secret_key] if sandbox else [])
