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

register_statuses("enrolment", choices=ENROLMENT_STATES, looks=ENROLMENT)
register_statuses("sms", choices=SMS_STATES, looks=SMS)
