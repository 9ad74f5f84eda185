"""What the lists of this app may show, sort and filter."""

from django.utils.translation import gettext_lazy as _

from common.tables import Column, Table

TENANTS = Table(
    name="tenants",
    columns=(
        Column("name", _("Name"), order=("name",)),
        Column("slug", _("Slug"), order=("slug",)),
        Column("cloud", _("Microsoft cloud"), order=("cloud",)),
        Column("created", _("Created"), order=("created_at",)),
        Column("state", _("State")),
        Column("change", _("Change"), label_hidden=True),
    ),
    sort="name",
)

TOKENS = Table(
    name="tokens",
    columns=(
        Column("name", _("Name"), order=("name",)),
        Column("prefix", _("Begins with")),
        Column("scopes", _("May")),
        Column("created", _("Created"), order=("created_at",)),
        Column("until", _("Valid until"), order=("expires_at",)),
        Column("used", _("Last use"), order=("last_used_at",)),
        Column("state", _("State")),
        Column("change", _("Change"), label_hidden=True),
    ),
    sort="name",
)
