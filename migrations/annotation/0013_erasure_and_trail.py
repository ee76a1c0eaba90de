"""Documents can be erased, and who did what is kept on a trail that the database itself guards."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# The ledger stays append-only. Only who erases a document may delete its rows, and says so for its transaction.
ERASABLE = """
CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('docloop.erasing', true) = OLD.document_id::text THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the ledger of corrections is append-only: % of row % refused', TG_OP, OLD.id;
END $$;
"""
NOT_ERASABLE = """
CREATE OR REPLACE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger of corrections is append-only: % of row % refused', TG_OP, OLD.id;
END $$;
"""

GUARDED = """
CREATE FUNCTION guard_trail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.previous <> coalesce((SELECT hash FROM annotation_trailentry ORDER BY id DESC LIMIT 1), '') THEN
    RAISE EXCEPTION 'the trail goes on from its last entry only';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER trail_goes_on BEFORE INSERT ON annotation_trailentry
  FOR EACH ROW EXECUTE FUNCTION guard_trail();
CREATE FUNCTION refuse_trail_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the trail is append-only: % refused', TG_OP;
END $$;
CREATE TRIGGER trail_is_append_only BEFORE UPDATE OR DELETE ON annotation_trailentry
  FOR EACH ROW EXECUTE FUNCTION refuse_trail_change();
"""
UNGUARDED = """
DROP TRIGGER trail_goes_on ON annotation_trailentry;
DROP FUNCTION guard_trail();
DROP TRIGGER trail_is_append_only ON annotation_trailentry;
DROP FUNCTION refuse_trail_change();
"""


class Migration(migrations.Migration):
    dependencies = [("annotation", "0012_kept_by_triggers")]
    operations = [
        migrations.AddField(
            model_name="document",
            name="asked_by",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="Who put it at the head of the queue by hand",
                max_length=150,
            ),
        ),
        migrations.CreateModel(
            name="TrailEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.CharField(help_text="Who: a user, the shell, or Docloop itself", max_length=150),
                ),
                ("action", models.CharField(help_text="In the past tense, such as erased", max_length=60)),
                (
                    "subject",
                    models.CharField(
                        help_text="Of what, such as document 12; never document text", max_length=120
                    ),
                ),
                ("why", models.CharField(blank=True, max_length=500)),
                (
                    "previous",
                    models.CharField(
                        help_text="Hash of the entry before; empty for the first", max_length=64, unique=True
                    ),
                ),
                (
                    "hash",
                    models.CharField(
                        help_text="SHA-256 of all this, see audit_trail.seal", max_length=64, unique=True
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [models.Index(fields=["subject"], name="trail_subject")],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("document", models.BigIntegerField(help_text="Its former id", unique=True)),
                (
                    "sha256",
                    models.CharField(
                        db_index=True,
                        help_text="Of its bytes: they are not taken in again unnoticed",
                        max_length=64,
                    ),
                ),
                (
                    "refuse_again",
                    models.BooleanField(
                        default=True, help_text="Whether the same bytes are refused when they come again"
                    ),
                ),
                ("by", models.CharField(max_length=150)),
                ("why", models.CharField(blank=True, max_length=500)),
                (
                    "learned_by",
                    models.JSONField(
                        default=list,
                        help_text="Names of the model versions that learned from it, as far as known then",
                    ),
                ),
                ("file", models.CharField(help_text="In the store; empty once it is gone", max_length=200)),
                ("keys", models.JSONField(help_text="The doc_ids of its tasks in Label Studio")),
                ("projects", models.JSONField(help_text="Label Studio's projects that may hold them")),
                ("tasks", models.JSONField(help_text="[[project id, task id], …] as far as known")),
                (
                    "state",
                    models.CharField(
                        choices=[("erasing", "Erasing"), ("done", "Done")], default="erasing", max_length=7
                    ),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                (
                    "document_type",
                    models.ForeignKey(
                        help_text="It was of",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasures",
                        to="annotation.documenttype",
                    ),
                ),
            ],
            options={"ordering": ["-pk"]},
        ),
        migrations.RunSQL(ERASABLE, NOT_ERASABLE),
        migrations.RunSQL(GUARDED, UNGUARDED),
    ]
