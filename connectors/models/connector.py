"""The bridge between a provider that judges usage and the devices it may restrict."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantModel


class Provider(models.TextChoices):
    BUILT_IN = "built_in", _("Built-in engine")
    DATALERT = "datalert", _("Saaswedo Datalert")
    EXTERNAL = "external", _("External provider")


class ConnectorState(models.TextChoices):
    NOT_SET_UP = "not_set_up", _("Not set up")
    AWAITING_CONSENT = "awaiting_consent", _("Awaiting consent")
    VALIDATION_FAILED = "validation_failed", _("Validation failed")
    ACTIVE = "active", _("Active")
    NO_RECENT_CONTACT = "no_recent_contact", _("Active - no recent contact")
    DISABLED = "disabled", _("Disabled")


class MdmServer(models.TextChoices):
    """What manages the devices of the connected organisation."""

    INTUNE = "intune", _("Microsoft Intune")


CHECKING = ["last_connection_at", "check_at", "lease", "leased_until", "checked_at", "contact_at"]


@keep_history(exclude=CHECKING)
class Connector(TenantModel):
    """Graph's telecomExpenseManagementPartner, with the portal's own switch beside it.

    Both switches must be on for a signal to be processed: `provider_enabled` is the provider's
    side (Graph: enabled), `portal_enabled` is ours. `directory_id` is the Microsoft tenant that it
    is, or is to be, connected to; the checks of the connection fall due at `check_at`.
    """

    provider = models.CharField(_("Provider"), max_length=20, choices=Provider.choices)
    display_name = models.CharField(_("Name"), max_length=120)
    url = models.URLField(_("Provider link"), blank=True)
    app_authorized = models.BooleanField(default=False)
    provider_enabled = models.BooleanField(default=True)
    portal_enabled = models.BooleanField(default=True)
    state = models.CharField(
        max_length=20, choices=ConnectorState.choices, default=ConnectorState.NOT_SET_UP
    )
    mdm_server = models.CharField(
        _("MDM server"), max_length=20, choices=MdmServer.choices, blank=True
    )
    directory_id = models.UUIDField(_("Tenant ID"), null=True)
    directory_name = models.CharField(_("Microsoft tenant"), max_length=200, blank=True)
    partner_id = models.CharField(
        max_length=80, blank=True, db_comment="Id of the partner record in Intune"
    )
    check_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    contact_at = models.DateTimeField(null=True, db_comment="When every check last was good")
    last_connection_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("connector")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "provider"],
                condition=models.Q(provider="built_in"),
                name="connector_one_built_in",
            ),
            models.UniqueConstraint(
                fields=["tenant", "provider", "directory_id"],
                name="connector_once_per_directory",
            ),
        ]
        indexes = [
            models.Index(
                fields=["check_at"],
                condition=models.Q(check_at__isnull=False),
                name="connector_check_due",
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def origin(self) -> str:
        """The name under which this connector's reasons stand on devices."""
        return f"connector:{self.pk}"

    @property
    def is_built_in(self) -> bool:
        return self.provider == Provider.BUILT_IN

    @property
    def is_set_up(self) -> bool:
        """Whether its signals are kept as ones of a connection, executed or not.

        The built-in engine lives in the portal and reaches devices without its connection, so
        that a broken one neither blocks nor keeps blocked.
        """
        return self.is_built_in or self.state in {
            ConnectorState.ACTIVE,
            ConnectorState.NO_RECENT_CONTACT,
            ConnectorState.DISABLED,
        }

    @property
    def lets_through(self) -> bool:
        """Whether signals are executed rather than kept as ignored."""
        works = {ConnectorState.ACTIVE, ConnectorState.NO_RECENT_CONTACT}
        return (
            self.provider_enabled
            and self.portal_enabled
            and (self.is_built_in or self.state in works)
        )
