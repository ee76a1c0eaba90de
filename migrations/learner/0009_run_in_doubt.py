from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("learner", "0008_held_against")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="in_doubt",
            field=models.JSONField(
                blank=True,
                help_text="[[correction id, field], …] that it doesn't learn from; null until they were looked for",
                null=True,
            ),
        ),
    ]
