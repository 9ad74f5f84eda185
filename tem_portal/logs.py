"""Log format: one line an event, JSON outside a terminal, never a request body or a secret."""

import re
import sys
from typing import Any

import structlog

SECRET_PATHS = re.compile(r"(/accounts/(?:invitation|password/reset/key)/)[^/\s]+")
"""Addresses whose last part lets whoever holds it in."""


def without_links(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Take the secret out of the address of a request, of whichever event it stands in."""
    if isinstance(event.get("request"), str):
        event["request"] = SECRET_PATHS.sub(r"\1...", event["request"])
    return event


SHARED: list[Any] = [
    without_links,
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.format_exc_info,
]


def logging_settings(*, level: str) -> dict[str, Any]:
    """Django's LOGGING for the given level name; also configures structlog."""
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processor": renderer,
                "foreign_pre_chain": SHARED,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level.upper()},
        "loggers": {
            "django_structlog": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
        },
    }
