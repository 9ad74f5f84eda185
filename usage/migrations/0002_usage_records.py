"""The partitioned table of usage records, and room on the pages of the hot tables.

Written by hand: Django cannot partition. The state half mirrors usage.models.UsageRecord.
Counters and watches are updated in place all day, so their pages keep space for new row versions
beside the old ones (HOT updates touch no index).
"""

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

from usage.partitions import ensure_partitions

TABLE = """
CREATE TABLE usage_usagerecord (
    tenant_id bigint NOT NULL,
    line_id bigint NOT NULL,
    started_at timestamptz NOT NULL,
    source varchar(10) NOT NULL,
    key uuid NOT NULL,
    ended_at timestamptz,
    country varchar(2) NOT NULL,
    volume bigint NOT NULL CHECK (volume >= 0),
    volume_out bigint CHECK (volume_out >= 0),
    day date NOT NULL,
    file_id bigint,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, line_id, started_at, source, key)
) PARTITION BY RANGE (started_at);
"""


def make_partitions(apps, schema_editor):
    ensure_partitions(today=timezone.now().date())


class Migration(migrations.Migration):
    dependencies = [("usage", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(TABLE, "DROP TABLE usage_usagerecord"),
                migrations.RunPython(make_partitions, migrations.RunPython.noop),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="UsageRecord",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "tenant_id",
                                "line_id",
                                "started_at",
                                "source",
                                "key",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("started_at", models.DateTimeField()),
                        (
                            "source",
                            models.CharField(
                                choices=[
                                    ("agent", "Device agent"),
                                    ("carrier", "Carrier file"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("key", models.UUIDField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("country", models.CharField(max_length=2)),
                        (
                            "volume",
                            models.BigIntegerField(db_comment="Bytes, both directions"),
                        ),
                        (
                            "volume_out",
                            models.BigIntegerField(db_comment="Bytes sent, where known", null=True),
                        ),
                        (
                            "day",
                            models.DateField(db_comment="Local day in the carrier's time zone"),
                        ),
                        ("file_id", models.BigIntegerField(null=True)),
                        ("received_at", models.DateTimeField()),
                        (
                            "line",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="usage.line",
                            ),
                        ),
                        (
                            "tenant",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="tenants.tenant",
                            ),
                        ),
                    ],
                    options={"verbose_name": "usage record"},
                ),
            ],
        ),
        migrations.RunSQL(
            "ALTER TABLE usage_usagecounter SET (fillfactor = 80);"
            "ALTER TABLE usage_linewatch SET (fillfactor = 70)",
            migrations.RunSQL.noop,
        ),
    ]
