import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0012_kept_by_triggers"),
        ("learner", "0004_suspects"),
    ]

    operations = [
        migrations.CreateModel(
            name="Headline",
            fields=[
                (
                    "document_type",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="headline",
                        serialize=False,
                        to="annotation.documenttype",
                    ),
                ),
                (
                    "new_corrections",
                    models.PositiveIntegerField(default=0, help_text="since the last snapshot"),
                ),
                (
                    "audited",
                    models.PositiveIntegerField(default=0, help_text="documents that `accuracy` is of"),
                ),
                (
                    "accuracy",
                    models.FloatField(help_text="0…1, of the fields of audited documents", null=True),
                ),
                ("low", models.FloatField(help_text="of its 95 % interval", null=True)),
                ("high", models.FloatField(null=True)),
                ("median_seconds", models.FloatField(help_text="of a person, for one document", null=True)),
                (
                    "to_goal",
                    models.PositiveIntegerField(
                        help_text="Corrections that the type's goal is away, by the forecast; null: not in sight",
                        null=True,
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
    ]
