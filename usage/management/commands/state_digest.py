"""`manage.py state_digest`: what must be the same after a backup was restored, in a few lines.

Each line is a number of rows and a hash of their content, in an order that does not depend on the
server. Two installations with the same lines have the same counters, decisions and device states.
"""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

PARTS = {
    "usage records": "usage_usagerecord",
    "counters": "usage_usagecounter",
    "decisions": "usage_decision",
    "watches": "usage_linewatch",
    "alerts": "alerts_alert",
    "signals": "connectors_signal",
    "restriction reasons": "devices_restrictionreason",
    "device states": "devices_devicecontrol",
    "commands": "devices_command",
    "audit events": "audit_auditevent",
}
# The text of a row is hashed by the server, with settings that decide how text looks.
DIGEST = """
SELECT count(*), coalesce(md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))), '') FROM {} r
"""


class Command(BaseCommand):
    help = "Print how many rows there are of what matters, and a hash of their content."

    def handle(self, *args: Any, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET extra_float_digits = 1; SET bytea_output = 'hex'")
            for name, table in PARTS.items():
                cursor.execute(DIGEST.format(table))
                count, digest = cursor.fetchone()
                self.stdout.write(f"{name:<20} {count:>9}  {digest}")
