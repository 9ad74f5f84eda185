"""The ledger: every sign-in that met an enabled policy, and what came of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.sentences import sentence
from common.tenancy import TenantForeignKey, TenantModel


class ClaimState(models.TextChoices):
    NEW = "new", _("Received")
    WAITING = "waiting", _("Waiting")
    NOTHING = "nothing", _("Nothing given")
    CLAIMED = "claimed", _("Seat taken")
    ASSIGNING = "assigning", _("Being assigned")
    UNKNOWN = "unknown", _("Not certain")
    ASSIGNED = "assigned", _("Assigned")
    FAILED = "failed", _("Failed")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")
    REMOVED = "removed", _("Taken away")


HOLDING = ("claimed", "assigning", "unknown", "assigned", "undoing")
"""States in which a claim holds a seat."""
TO_JUDGE = ("new", "waiting")
TO_ASSIGN = ("claimed", "assigning", "unknown", "undoing")


class Claim(TenantModel):
    """Rows that are due are the queue. Names are kept as text: the ledger outlives what it names.

    `counted`: the seats used, as last read from Microsoft, include this one. `tried`: products
    that the service refused. `repeats`: later sign-ins with the same answer.
    """

    sign_in_key = models.CharField(max_length=80)
    signed_in_at = models.DateTimeField()
    app = TenantForeignKey("licensing.App", on_delete=models.PROTECT, related_name="claims")
    entra_id = models.UUIDField()
    upn = models.CharField(max_length=254)
    person = models.CharField(max_length=256, blank=True)
    policy = TenantForeignKey(
        "licensing.AutoClaimPolicy", on_delete=models.PROTECT, related_name="claims"
    )
    policy_name = models.CharField(max_length=80)
    product = TenantForeignKey(
        "licensing.Product", on_delete=models.PROTECT, null=True, related_name="claims"
    )
    product_name = models.CharField(max_length=120, blank=True)
    position = models.PositiveSmallIntegerField(null=True)
    off = ArrayField(models.CharField(max_length=100), default=list)
    country = models.CharField(max_length=2, blank=True)
    state = models.CharField(max_length=10, choices=ClaimState.choices, default=ClaimState.NEW)
    reason = models.CharField(max_length=40, blank=True)
    tried = ArrayField(models.BigIntegerField(), default=list)
    repeats = models.PositiveIntegerField(default=0)
    counted = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    assigned_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True, db_comment="Taken away, but may claim again")
    due_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("claim")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "app", "sign_in_key"], name="claim_once_per_sign_in"
            ),
            models.UniqueConstraint(
                fields=["tenant", "entra_id", "app"],
                condition=models.Q(state__in=HOLDING),
                name="claim_one_seat_per_app",
            ),
            models.UniqueConstraint(
                fields=["tenant", "entra_id", "product"],
                condition=models.Q(state__in=HOLDING),
                name="claim_one_seat_per_product",
            ),
            models.CheckConstraint(
                name="claim_seat_has_product",
                condition=~models.Q(state__in=HOLDING)
                | models.Q(product__isnull=False, position__isnull=False, claimed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="claim_state_known", condition=models.Q(state__in=ClaimState.values)
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=models.Q(due_at__isnull=False), name="claim_due"
            ),
            models.Index(
                fields=["tenant", "policy", "signed_in_at", "id"],
                condition=models.Q(state__in=TO_JUDGE),
                name="claim_to_judge",
            ),
            models.Index(
                fields=["tenant", "product"],
                condition=models.Q(state__in=HOLDING, counted=False),
                name="claim_uncounted",
            ),
            models.Index(fields=["tenant", "entra_id", "app"], name="claim_by_person"),
            models.Index(fields=["tenant", "-signed_in_at", "-id"], name="claim_by_time"),
            models.Index(fields=["tenant", "policy", "claimed_at"], name="claim_by_policy"),
        ]

    def __str__(self) -> str:
        return f"{self.upn} {self.state}"

    @property
    def holds(self) -> bool:
        """Whether it holds a seat."""
        return self.state in HOLDING

    @property
    def place(self) -> str:
        """Which of the policy's products it was: the primary one, or a backup."""
        if self.position is None:
            return ""
        if self.position == 1:
            return gettext("Primary")
        return gettext("Backup %(number)s") % {"number": self.position - 1}

    @property
    def sentence(self) -> str:
        """Why, in the reader's language."""
        return sentence(self.reason)
