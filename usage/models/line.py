"""A phone line, and with dates what it was tied to: SIM, person, plan, policy."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.dated import DatedLink, one_open
from common.history import keep_history
from common.tenancy import TenantForeignKey, TenantModel


class LineState(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("line", "Active")
    RETIRED = "retired", _("Retired")


@keep_history()
class Line(TenantModel):
    """Known by its number, by the carrier's reference, or by both.

    `label` is what a person sees first: the number if there is one, else the reference.
    """

    carrier = TenantForeignKey(
        "usage.Carrier", on_delete=models.PROTECT, related_name="lines", verbose_name=_("Carrier")
    )
    msisdn = models.CharField(
        _("Phone number"),
        max_length=16,
        blank=True,
        validators=[
            RegexValidator(r"^\+[1-9]\d{4,14}$", _("Use the international form, +31612345678."))
        ],
    )
    reference = models.CharField(_("Carrier's reference"), max_length=64, blank=True)
    label = models.GeneratedField(
        expression=models.Case(
            models.When(msisdn="", then=models.F("reference")), default=models.F("msisdn")
        ),
        output_field=models.CharField(max_length=64),
        db_persist=True,
    )
    cost_centre = models.CharField(_("Cost centre"), max_length=60, blank=True)
    note = models.CharField(_("Note"), max_length=200, blank=True)
    state = models.CharField(
        _("State"),
        max_length=10,
        choices=LineState.choices,
        default=LineState.ACTIVE,
        editable=False,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("line")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "msisdn"],
                condition=~models.Q(msisdn="") & models.Q(state="active"),
                name="line_number_once",
                violation_error_message=_("Another active line already has this number."),
            ),
            models.UniqueConstraint(
                fields=["tenant", "carrier", "reference"],
                condition=~models.Q(reference="") & models.Q(state="active"),
                name="line_reference_once",
                violation_error_message=_(
                    "Another active line of this carrier already has this reference."
                ),
            ),
            models.CheckConstraint(
                name="line_known_by_something",
                condition=~models.Q(msisdn="") | ~models.Q(reference=""),
                violation_error_message=_("Give a phone number, a carrier's reference, or both."),
            ),
            models.CheckConstraint(
                name="line_retired_has_time",
                condition=(
                    models.Q(state="retired", retired_at__isnull=False)
                    | models.Q(state="active", retired_at__isnull=True)
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "label", "id"], name="line_by_label"),
            models.Index(fields=["tenant", "carrier", "label", "id"], name="line_by_carrier"),
            models.Index(
                fields=["tenant", "label"],
                opclasses=["int8_ops", "varchar_pattern_ops"],
                name="line_label_begins",
            ),
            models.Index(
                fields=["tenant", "reference"],
                opclasses=["int8_ops", "varchar_pattern_ops"],
                condition=~models.Q(reference=""),
                name="line_reference_begins",
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.msisdn or self.reference


class LineSim(DatedLink):
    """The SIM that carried the line. A line whose SIM is not known has a placeholder."""

    line = TenantForeignKey("usage.Line", on_delete=models.PROTECT, related_name="sim_links")
    sim = TenantForeignKey("devices.Sim", on_delete=models.PROTECT, related_name="line_links")

    class Meta(DatedLink.Meta):
        abstract = False
        verbose_name = _("SIM of a line")
        constraints = [
            *DatedLink.Meta.constraints,
            one_open("line", name="line_sim_one_per_line"),
            one_open("sim", name="line_sim_one_per_sim"),
        ]


class LinePerson(DatedLink):
    """Who held the line."""

    line = TenantForeignKey("usage.Line", on_delete=models.PROTECT, related_name="person_links")
    person = TenantForeignKey("tenants.Person", on_delete=models.PROTECT, related_name="line_links")

    class Meta(DatedLink.Meta):
        abstract = False
        verbose_name = _("holder of a line")
        constraints = [
            *DatedLink.Meta.constraints,
            one_open("line", name="line_person_one_per_line"),
        ]
        indexes = [models.Index(fields=["tenant", "person"], name="line_person_by_person")]


class LinePlan(DatedLink):
    """Which plan the line was on."""

    line = TenantForeignKey("usage.Line", on_delete=models.PROTECT, related_name="plan_links")
    plan = TenantForeignKey("usage.Plan", on_delete=models.PROTECT, related_name="line_links")

    class Meta(DatedLink.Meta):
        abstract = False
        verbose_name = _("plan of a line")
        constraints = [*DatedLink.Meta.constraints, one_open("line", name="line_plan_one_per_line")]
        indexes = [models.Index(fields=["tenant", "plan"], name="line_plan_by_plan")]


class LinePolicy(DatedLink):
    """The policy the line had of its own."""

    line = TenantForeignKey("usage.Line", on_delete=models.PROTECT, related_name="policy_links")
    policy = TenantForeignKey("usage.Policy", on_delete=models.PROTECT, related_name="line_links")

    class Meta(DatedLink.Meta):
        abstract = False
        verbose_name = _("policy of a line")
        constraints = [
            *DatedLink.Meta.constraints,
            one_open("line", name="line_policy_one_per_line"),
        ]
        indexes = [models.Index(fields=["tenant", "policy"], name="line_policy_by_policy")]
