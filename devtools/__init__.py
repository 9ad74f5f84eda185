"""What `run.py` hands over to, inside `.venv`: starting, checking and measuring the portal.

The portal itself never imports this package; in production nothing of it runs.
"""
