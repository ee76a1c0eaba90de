"""A bound on confidence gives way to what it was meant to bring about: a target error."""

from django.db import migrations, models
from django.db.models import Q


def take_over(apps, _schema_editor):
    """Who accepted documents that are surer than 0.97 was content with 3 in 100: by the model's own word."""
    for document_type in apps.get_model("annotation", "DocumentType").objects.filter(
        accept_above__isnull=False
    ):
        document_type.target_error = min(max(round(1 - document_type.accept_above, 6), 0.001), 0.5)
        document_type.save(update_fields=["target_error"])


def give_back(apps, _schema_editor):
    for document_type in apps.get_model("annotation", "DocumentType").objects.filter(
        target_error__isnull=False
    ):
        document_type.accept_above = 1 - document_type.target_error
        document_type.save(update_fields=["accept_above"])


class Migration(migrations.Migration):
    dependencies = [("annotation", "0015_people")]

    operations = [
        migrations.AddField(
            model_name="documenttype",
            name="target_error",
            field=models.FloatField(
                blank=True,
                help_text="Share of fields (0…1) that may be wrong in documents that nobody sees; empty: every document is seen",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="documenttype",
            name="field_targets",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="{field: the same for its values alone}, where it has one of its own",
            ),
        ),
        migrations.RunPython(take_over, give_back),
        migrations.RemoveField(model_name="documenttype", name="accept_above"),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                condition=Q(audit_probability__isnull=False, truth__isnull=False),
                fields=["document_type"],
                name="document_audited",
            ),
        ),
    ]
