"""Composition root: the one package that may import every app."""

from tem_portal.celery import app as celery_app

__all__ = ["celery_app"]
