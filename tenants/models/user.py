"""A log-in: a natural person who may be a member of several tenants."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager):
    """Creates people by e-mail address; there is no user name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new person. Without a password they cannot sign in with one."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, email: str) -> "User":
        return self.get(email__iexact=email)


class User(AbstractBaseUser):
    """Belongs to no tenant; memberships say where the person may go.

    An operator creates and suspends tenants and sees nothing inside them.
    """

    email = models.EmailField(_("E-mail"), unique=True)
    name = models.CharField(_("Name"), max_length=120, blank=True)
    is_active = models.BooleanField(_("Active"), default=True)
    is_operator = models.BooleanField(_("Operator"), default=False)
    date_joined = models.DateTimeField(default=timezone.now)
    language = models.CharField(_("Language"), max_length=5, blank=True)
    theme = models.CharField(_("Theme"), max_length=5, blank=True, db_comment="Empty: the system's")
    last_tenant = models.ForeignKey(
        "tenants.Tenant", on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        verbose_name = _("user")
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_any_case"),
            models.CheckConstraint(
                name="user_theme_known", condition=models.Q(theme__in=["", "light", "dark"])
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email
