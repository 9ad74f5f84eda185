"""How the states of a tenant look."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.statuses import Look, register_statuses

register_statuses(
    "tenant",
    choices=[("open", pgettext_lazy("tenant", "Open")), ("suspended", _("Suspended"))],
    looks={"open": Look("good", "circle-check"), "suspended": Look("warn", "circle-pause")},
)
register_statuses(
    "token",
    choices=[
        ("active", pgettext_lazy("token", "Active")),
        ("expired", pgettext_lazy("token", "Expired")),
        ("revoked", pgettext_lazy("token", "Revoked")),
    ],
    looks={
        "active": Look("good", "circle-check"),
        "expired": Look("neutral", "clock"),
        "revoked": Look("neutral", "ban"),
    },
)
register_statuses(
    "people_group",
    choices=[("active", _("In the order")), ("retired", pgettext_lazy("group", "Retired"))],
    looks={"active": Look("good", "circle-check"), "retired": Look("neutral", "archive")},
)
register_statuses(
    "membership",
    choices=[
        ("invited", pgettext_lazy("person", "Invited")),
        ("member", _("Member")),
        ("removed", pgettext_lazy("person", "Removed")),
    ],
    looks={
        "invited": Look("info", "mail"),
        "member": Look("good", "circle-check"),
        "removed": Look("neutral", "user-x"),
    },
)
register_statuses(
    "invitation_mail",
    choices=[
        ("waiting", pgettext_lazy("e-mail", "On its way")),
        ("sent", pgettext_lazy("e-mail", "Sent")),
        ("failed", pgettext_lazy("e-mail", "Not sent")),
    ],
    looks={
        "waiting": Look("info", "clock"),
        "sent": Look("good", "circle-check"),
        "failed": Look("bad", "circle-x"),
    },
)
