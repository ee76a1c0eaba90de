"""The ledger and the trail can't be emptied at one blow either: triggers for rows never see a TRUNCATE."""

from django.db import migrations

CREATE = """
CREATE FUNCTION refuse_emptying() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: TRUNCATE refused', TG_TABLE_NAME;
END $$;
CREATE TRIGGER ledger_is_not_emptied BEFORE TRUNCATE ON annotation_correction
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();
CREATE TRIGGER trail_is_not_emptied BEFORE TRUNCATE ON annotation_trailentry
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_emptying();
"""
DROP = """
DROP TRIGGER ledger_is_not_emptied ON annotation_correction;
DROP TRIGGER trail_is_not_emptied ON annotation_trailentry;
DROP FUNCTION refuse_emptying();
"""


class Migration(migrations.Migration):
    dependencies = [("annotation", "0025_misfiled_figures")]
    operations = [migrations.RunSQL(CREATE, DROP)]
