import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0029_refiling"),
    ]

    operations = [
        migrations.AddField(
            model_name="refiling",
            name="by_router",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Whether `by` is a version of the router, and no person",
            ),
        ),
        migrations.CreateModel(
            name="RouterAnswer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=60)),
                (
                    "confidence",
                    models.FloatField(help_text="0…1: how likely the likeliest is among the types it knows"),
                ),
                (
                    "familiarity",
                    models.FloatField(help_text="How near it is to documents of that type; 0: as usual"),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "answer",
                    models.ForeignKey(
                        help_text="Empty: unknown",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotation.documenttype",
                    ),
                ),
                (
                    "document",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="router_answers",
                        to="annotation.document",
                    ),
                ),
                (
                    "likeliest",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotation.documenttype",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["version"], name="router_answer_version")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("document", "version"), name="one_router_answer_a_version"
                    )
                ],
            },
        ),
    ]
