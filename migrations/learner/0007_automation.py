"""Auto-accept has thresholds that are worked out, and a state; where a bound was set it goes on, once it can promise something."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


def go_on(apps, _schema_editor):
    Automation = apps.get_model("learner", "Automation")
    for document_type in apps.get_model("annotation", "DocumentType").objects.filter(
        target_error__isnull=False
    ):
        Automation.objects.create(
            document_type_id=document_type.pk,
            on=True,
            by="Docloop",
            why="a bound on confidence was set before there were target errors",
        )


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0016_target_error"),
        ("learner", "0006_provenance"),
    ]

    operations = [
        migrations.CreateModel(
            name="Automation",
            fields=[
                (
                    "document_type",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="automation",
                        serialize=False,
                        to="annotation.documenttype",
                    ),
                ),
                ("on", models.BooleanField(default=False)),
                ("by", models.CharField(blank=True, help_text="Who switched it on or off", max_length=150)),
                ("why", models.CharField(blank=True, max_length=500)),
                ("by_watch", models.BooleanField(default=False, help_text="Whether it switched itself off")),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "keeps",
                    models.DateTimeField(
                        blank=True,
                        help_text="While off: what was accepted until then stays accepted; null: nothing",
                        null=True,
                    ),
                ),
                (
                    "kept_version",
                    models.CharField(
                        blank=True, help_text="While off: whose extractions stay accepted", max_length=60
                    ),
                ),
                ("version", models.CharField(blank=True, help_text="Of which the curve is", max_length=60)),
                (
                    "answered",
                    models.PositiveIntegerField(default=0, help_text="Documents that the curve is made of"),
                ),
                ("figures", models.JSONField(default=dict)),
                (
                    "waiting",
                    models.JSONField(
                        default=list,
                        help_text="[documents that wait now and are above each point of the curve, …, all that wait]",
                    ),
                ),
                (
                    "watched",
                    models.JSONField(
                        default=dict, help_text="What the audit says of documents above the thresholds"
                    ),
                ),
                ("worked_out_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="AcceptanceRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=60)),
                ("target_error", models.FloatField(help_text="Share of fields, 0…1")),
                ("field_targets", models.JSONField(help_text="{field: share of its values, 0…1}")),
                (
                    "thresholds",
                    models.JSONField(
                        help_text="{field: confidence from which on it is sure}; empty: nothing is accepted"
                    ),
                ),
                (
                    "answered",
                    models.PositiveIntegerField(help_text="Audited documents that it was worked out with"),
                ),
                ("above", models.PositiveIntegerField(default=0, help_text="Of those: above the thresholds")),
                (
                    "error",
                    models.FloatField(
                        blank=True, help_text="Of those: share of wrong fields, 0…1", null=True
                    ),
                ),
                (
                    "high",
                    models.FloatField(
                        blank=True, help_text="At most so many, with `risk` of being wrong", null=True
                    ),
                ),
                ("risk", models.FloatField(help_text="0…1, that what it promises is not so")),
                ("by", models.CharField(max_length=150)),
                ("why", models.CharField(max_length=500)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "broken_at",
                    models.DateTimeField(
                        blank=True, help_text="When the audit showed that its promise isn't kept", null=True
                    ),
                ),
                (
                    "broken_since",
                    models.DateTimeField(
                        blank=True, help_text="Until when it seems to have been kept", null=True
                    ),
                ),
                (
                    "document_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="acceptance_rules",
                        to="annotation.documenttype",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["document_type", "version"], name="rule_of_version")],
            },
        ),
        migrations.RunPython(go_on, migrations.RunPython.noop),
    ]
