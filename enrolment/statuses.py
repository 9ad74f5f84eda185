"""How the states of enrolments and text messages look."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from common.statuses import Look, register_statuses

ENROLMENT_STATES = [
    ("code_sent", _("Code sent")),
    ("proven", _("Under way")),
    ("finished", _("Enrolled")),
    ("given_up", _("Not finished")),
]
ENROLMENT = {
    "code_sent": Look("info", "message-square-text"),
    "proven": Look("info", "loader"),
    "finished": Look("good", "circle-check"),
    "given_up": Look("neutral", "circle-dashed"),
}
SMS_STATES = [
    ("waiting", _("Waiting")),
    ("sent", pgettext_lazy("message", "Sent")),
    ("failed", _("Failed")),
]
SMS = {
    "waiting": Look("info", "clock"),
    "sent": Look("good", "send"),
    "failed": Look("bad", "circle-x"),
}
LINE_STATES = [
    ("added", pgettext_lazy("line", "Added")),
    ("invited", pgettext_lazy("line", "Invited")),
    ("code_sent", _("Code sent")),
    ("enrolled", _("Enrolled")),
    ("not_reporting", _("Not reporting")),
    ("removed", pgettext_lazy("line", "Removed")),
]
LINE = {
    "added": Look("neutral", "circle-dashed"),
    "invited": Look("info", "mail"),
    "code_sent": Look("info", "message-square-text"),
    "enrolled": Look("good", "circle-check"),
    "not_reporting": Look("warn", "circle-question-mark"),
    "removed": Look("neutral", "archive"),
}
INVITATION_STATES = [
    ("waiting", _("Waiting for the post")),
    ("failed", _("E-mail not sent")),
    ("sent", pgettext_lazy("invitation", "Sent")),
    ("opened", pgettext_lazy("invitation", "Opened")),
    ("used", pgettext_lazy("invitation", "Used")),
    ("revoked", pgettext_lazy("invitation", "Withdrawn")),
    ("expired", pgettext_lazy("invitation", "Expired")),
]
INVITATION = {
    "waiting": Look("info", "clock"),
    "failed": Look("bad", "circle-x"),
    "sent": Look("info", "mail"),
    "opened": Look("info", "mail-open"),
    "used": Look("good", "circle-check"),
    "revoked": Look("neutral", "circle-slash"),
    "expired": Look("warn", "timer-off"),
}

register_statuses("enrol_invitation", choices=INVITATION_STATES, looks=INVITATION)
register_statuses("line_enrolment", choices=LINE_STATES, looks=LINE)
register_statuses("enrolment", choices=ENROLMENT_STATES, looks=ENROLMENT)
register_statuses("sms", choices=SMS_STATES, looks=SMS)
