"""Counters are found by day: what the home page sums of a month among years.

Built while the portal works, hence outside a transaction. If it is interrupted, PostgreSQL leaves
an invalid index of that name: drop it and migrate again.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("usage", "0003_list_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="usagecounter",
            index=BrinIndex(fields=["tenant", "day"], name="counter_by_day", autosummarize=True),
        ),
    ]
