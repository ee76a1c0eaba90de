import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0001_initial"),
        ("learner", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Look",
            fields=[
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="look",
                        serialize=False,
                        to="annotation.document",
                    ),
                ),
                ("rule", models.CharField(help_text="learner.ranking.RULE that made it", max_length=8)),
                ("vector", models.BinaryField(help_text="32-bit floats, little-endian")),
            ],
        ),
    ]
