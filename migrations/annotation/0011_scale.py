import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0010_selective"),
    ]

    operations = [
        migrations.CreateModel(
            name="Filename",
            fields=[
                (
                    "document",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="lower_filename",
                        serialize=False,
                        to="annotation.document",
                    ),
                ),
                ("name", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Tally",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "document_type",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="annotation.documenttype",
                    ),
                ),
                ("state", models.CharField(max_length=12)),
                ("change", models.BigIntegerField()),
            ],
        ),
        migrations.RemoveIndex(
            model_name="correction",
            name="correction_document",
        ),
        migrations.RemoveIndex(
            model_name="document",
            name="document_ranking",
        ),
        migrations.RemoveIndex(
            model_name="document",
            name="document_state",
        ),
        migrations.AddField(
            model_name="documenttype",
            name="goal",
            field=models.FloatField(default=0.95, help_text="F1 from which the type is good enough, 0…1"),
        ),
        migrations.AlterField(
            model_name="document",
            name="document_type",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="documents",
                to="annotation.documenttype",
            ),
        ),
        migrations.AddIndex(
            model_name="correction",
            index=models.Index(fields=["recorded_at"], name="correction_recorded"),
        ),
        migrations.AddIndex(
            model_name="correction",
            index=models.Index(
                django.db.models.functions.text.Upper("annotator"),
                models.F("submitted_at"),
                name="correction_of_person",
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["document_type", "id"], name="document_of_type"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["state", "id"], name="document_in_state"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["document_type", "state", "id"], name="document_of_type_in_state"),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                models.F("document_type"),
                models.OrderBy(models.F("priority"), descending=True, nulls_last=True),
                models.F("id"),
                condition=models.Q(("state__in", ["read", "extracted"])),
                name="document_pool",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["task", "subject"], name="job_subject"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("state", "done")), fields=["task", "finished_at"], name="job_done"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(condition=models.Q(("state", "failed")), fields=["id"], name="job_failed"),
        ),
        migrations.AddIndex(
            model_name="labeltask",
            index=models.Index(
                condition=models.Q(("state__in", ["pushing", "open"])), fields=["state"], name="task_waiting"
            ),
        ),
    ]
