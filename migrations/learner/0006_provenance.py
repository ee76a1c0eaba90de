"""A version knows what it was made with, and from a correction it is found at once which snapshots hold it."""

from django.db import migrations, models

# Dear, so that the planner never works it out for every snapshot: with 200,000 corrections that takes 100 ms each.
CREATE = """
CREATE FUNCTION snapshot_part(items jsonb, gold boolean) RETURNS bigint[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT COST 1000000 AS $$
  SELECT ARRAY(
    SELECT (item ->> 0)::bigint FROM jsonb_array_elements(items) AS item WHERE (item ->> 1 = 'gold') = gold
  )
$$;
CREATE INDEX snapshot_taught ON learner_snapshot USING gin (snapshot_part(items, false));
CREATE INDEX snapshot_judged ON learner_snapshot USING gin (snapshot_part(items, true));
"""
DROP = """
DROP INDEX snapshot_taught;
DROP INDEX snapshot_judged;
DROP FUNCTION snapshot_part(jsonb, boolean);
"""


class Migration(migrations.Migration):
    dependencies = [("learner", "0005_headlines")]
    operations = [
        migrations.AddField(
            model_name="modelversion",
            name="made_with",
            field=models.JSONField(
                db_default={},
                help_text="learner.provenance: by what and of what it was made; empty for older ones",
            ),
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
