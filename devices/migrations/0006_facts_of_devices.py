"""Facts, to be filled by the worker, of the devices that were there before groups."""

from django.db import migrations

MAKE = """
INSERT INTO devices_devicefacts (tenant_id, device_id) SELECT tenant_id, id FROM devices_device
ON CONFLICT (device_id) DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("devices", "0005_groups")]

    operations = [migrations.RunSQL(MAKE, migrations.RunSQL.noop, elidable=True)]
