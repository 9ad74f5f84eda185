"""The portal's settings, with one more address: the empty page that pages are compared with."""

from tem_portal.settings import *  # noqa: F403 - the very same settings, on purpose

ROOT_URLCONF = "benchmarks.urls"
SIMULATOR_ORIGIN = ""  # phones answer inside the worker: no web server runs beside it
