from jobs.models.period_claim import PeriodClaim

__all__ = ["PeriodClaim"]
