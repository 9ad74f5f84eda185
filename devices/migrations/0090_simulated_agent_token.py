# The token is in the phone that was given it.

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('devices', '0070_gateway_may_be_missing'),
    ]

    operations = [
        migrations.AddField(
            model_name='simulateddevice',
            name='agent_token',
            field=models.TextField(blank=True, db_comment='The token that the agent on the phone was given, sealed (common.sealed)', db_default='', editable=False),
        ),
    ]
