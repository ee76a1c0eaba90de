from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0008_rechecks")]

    operations = [
        migrations.AddField(
            model_name="documenttype",
            name="strategy_parameters",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Those of the strategy's parameters that are not as usual",
            ),
        ),
    ]
