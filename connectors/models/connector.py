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


@keep_history(exclude=["last_connection_at"])
class Connector(TenantModel):
    """Graph's telecomExpenseManagementPartner, with the portal's own switch beside it.

    Both switches must be on for a signal to be processed: `provider_enabled` is the provider's
    side (Graph: enabled), `portal_enabled` is ours.
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
    last_connection_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("connector")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "provider"],
                condition=models.Q(provider="built_in"),
                name="connector_one_built_in",
            )
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def origin(self) -> str:
        """The name under which this connector's reasons stand on devices."""
        return f"connector:{self.pk}"

    @property
    def is_set_up(self) -> bool:
        """Whether its signals are kept as ones of a connection, executed or not."""
        return self.state in {
            ConnectorState.ACTIVE,
            ConnectorState.NO_RECENT_CONTACT,
            ConnectorState.DISABLED,
        }

    @property
    def lets_through(self) -> bool:
        """Whether signals are executed rather than kept as ignored."""
        return (
            self.provider_enabled
            and self.portal_enabled
            and self.state in {ConnectorState.ACTIVE, ConnectorState.NO_RECENT_CONTACT}
        )
