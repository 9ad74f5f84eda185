"""How the states of jobs look."""

from common.statuses import Look, register_statuses
from jobs.models import JobState

JOB = {
    "queued": Look("neutral", "hourglass"),
    "running": Look("info", "loader"),
    "done": Look("good", "circle-check"),
    "failed": Look("bad", "circle-x"),
    "cancelled": Look("neutral", "ban"),
}

register_statuses("job", choices=JobState.choices, looks=JOB)
