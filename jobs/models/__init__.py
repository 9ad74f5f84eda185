from jobs.models.job import OPEN_STATES, Job, JobState
from jobs.models.period_claim import PeriodClaim
from jobs.models.stored_file import StoredFile, StoredPart

__all__ = ["OPEN_STATES", "Job", "JobState", "PeriodClaim", "StoredFile", "StoredPart"]
