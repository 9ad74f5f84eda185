"""The Celery application, and the worker's sign of life.

A worker that survived an outage of Redis can look alive and consume nothing. Each worker
therefore writes `tem:worker-heartbeat` from the task that proves consumption works; whoever
keeps the process (run.py, a container health check) restarts a worker whose beat is old.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tem_portal.settings")

app = Celery("tem_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
