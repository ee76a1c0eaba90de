"""The database itself refuses to change or delete a row of the ledger."""

from django.db import migrations

CREATE = """
CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger of corrections is append-only: % of row % refused', TG_OP, OLD.id;
END $$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE ON annotation_correction
  FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change();
"""
DROP = """
DROP TRIGGER ledger_is_append_only ON annotation_correction;
DROP FUNCTION refuse_ledger_change();
"""


class Migration(migrations.Migration):
    dependencies = [("annotation", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
