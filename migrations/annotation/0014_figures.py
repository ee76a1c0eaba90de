"""How corrections ended, and how many documents were in which state, in tables that figures are made from."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0013_erasure_and_trail"),
    ]

    operations = [
        migrations.CreateModel(
            name="Outcome",
            fields=[
                (
                    "correction",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="annotation.correction",
                    ),
                ),
                (
                    "annotator",
                    models.CharField(blank=True, help_text="E-mail, as in the correction", max_length=150),
                ),
                (
                    "seconds",
                    models.FloatField(
                        blank=True,
                        help_text="The person took; null if unknown, or if they were asked about an answered document",
                        null=True,
                    ),
                ),
                (
                    "model_version",
                    models.CharField(
                        blank=True,
                        help_text="Whose extraction the person saw; empty: nothing was shown",
                        max_length=60,
                    ),
                ),
                ("audited", models.BooleanField(help_text="Whether the document was picked at random")),
                (
                    "fields",
                    models.JSONField(
                        help_text="{field: [outcome or '', cause or '', confidence 0…1 that what was shown is right]}"
                    ),
                ),
                ("at", models.DateTimeField(help_text="When it was submitted, by Label Studio's clock")),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotation.document",
                    ),
                ),
                (
                    "document_type",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotation.documenttype",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["document_type", "-at"],
                        include=("annotator", "seconds", "document"),
                        name="outcome_newest",
                    ),
                    models.Index(fields=["document_type", "model_version", "-at"], name="outcome_of_version"),
                    models.Index(
                        condition=models.Q(("audited", True)),
                        fields=["document_type", "-at"],
                        name="outcome_of_audit",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StateCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("counts", models.JSONField(help_text="{state: documents}, without states that have none")),
                (
                    "document_type",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotation.documenttype",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("document_type", "day"), name="one_count_a_day_and_type")
                ],
            },
        ),
    ]
