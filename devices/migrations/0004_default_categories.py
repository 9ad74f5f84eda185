"""Corporate and Personal for the tenants that were there before categories."""

from django.db import migrations

DEFAULTS = (("Corporate", False), ("Personal", True))


def make(apps, schema_editor):
    category = apps.get_model("devices", "DeviceCategory")
    for tenant in apps.get_model("tenants", "Tenant").objects.order_by("pk"):
        for name, is_personal in DEFAULTS:
            category.objects.create(tenant=tenant, name=name, is_personal=is_personal)


class Migration(migrations.Migration):
    dependencies = [("devices", "0003_categories")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop, elidable=True)]
