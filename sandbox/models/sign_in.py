"""What the pretend Entra keeps: applications, consents, codes and refresh tokens, its keys.

Secrets, codes and refresh tokens are kept as hashes, like anybody should.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CloudRegistration(models.Model):
    """An application that somebody registered. `roles` are the application permissions it asks."""

    client_id = models.UUIDField(primary_key=True)
    name = models.CharField(_("Name"), max_length=120)
    secret_hashes = models.JSONField(default=list)
    certificates = models.JSONField(default=list, db_comment="PEM texts")
    roles = models.JSONField(default=list)
    app_roles = models.JSONField(default=list, db_comment="Roles it defines for people")

    class Meta:
        verbose_name = _("pretend application")

    def __str__(self) -> str:
        return self.name


class CloudConsent(models.Model):
    """What an organisation granted to an application: its presence in that directory."""

    cloud_tenant = models.ForeignKey(
        "sandbox.CloudTenant", on_delete=models.CASCADE, related_name="consents"
    )
    registration = models.ForeignKey(
        CloudRegistration, on_delete=models.CASCADE, related_name="consents"
    )
    roles = models.JSONField(default=list)
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("pretend consent")
        constraints = [
            models.UniqueConstraint(
                fields=["cloud_tenant", "registration"], name="cloud_consent_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.registration} in {self.cloud_tenant}"


class CloudGrant(models.Model):
    """An authorization code or a refresh token that can be exchanged once."""

    hash = models.CharField(primary_key=True, max_length=64)
    cloud_tenant = models.ForeignKey(
        "sandbox.CloudTenant", on_delete=models.CASCADE, related_name="grants"
    )
    registration = models.ForeignKey(
        CloudRegistration, on_delete=models.CASCADE, related_name="grants"
    )
    is_refresh = models.BooleanField(default=False)
    user_id = models.CharField(max_length=80)
    scope = models.TextField()
    redirect_uri = models.TextField(blank=True)
    nonce = models.TextField(blank=True)
    challenge = models.CharField(max_length=128, blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        verbose_name = _("pretend grant")

    def __str__(self) -> str:
        return f"{'refresh token' if self.is_refresh else 'code'} of {self.user_id}"


class CloudKey(models.Model):
    """A signing key of the pretend Entra."""

    kid = models.CharField(primary_key=True, max_length=40)
    private_pem = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("pretend key")

    def __str__(self) -> str:
        return self.kid
