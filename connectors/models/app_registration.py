"""A tenant's own application registration in Entra, instead of the deployment's."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.history import keep_history
from common.tenancy import TenantModel


class Purpose(models.TextChoices):
    """What an application is for. Each is a registration, so that each has a consent of its own."""

    CONNECTION = "connection", _("Connection")
    TEM_APP = "tem_app", _("TEM app and sign-in")
    MDM_PROFILES = "mdm_profiles", _("MDM profile management")


class CredentialKind(models.TextChoices):
    SECRET = "secret", _("Client secret")
    CERTIFICATE = "certificate", _("Certificate")


@keep_history(exclude=["sealed"])
class AppRegistration(TenantModel):
    """`sealed` is the secret, or the private key and certificate, sealed by common.sealed."""

    purpose = models.CharField(_("Purpose"), max_length=20, choices=Purpose.choices)
    client_id = models.UUIDField(_("Application (client) ID"))
    kind = models.CharField(_("Credential"), max_length=20, choices=CredentialKind.choices)
    sealed = models.TextField()
    expires_on = models.DateField(_("Expires on"), null=True)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("application registration")
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "purpose"], name="app_registration_once_per_purpose"
            ),
            models.CheckConstraint(name="app_registration_sealed", condition=~models.Q(sealed="")),
        ]

    def __str__(self) -> str:
        return self.get_purpose_display()
