"""How the fields of a document ended that is said to be of another type counts in no figure any more."""

from django.db import migrations, models

CLEAR = """
UPDATE annotation_outcome SET fields = '{}' WHERE correction_id IN
  (SELECT id FROM annotation_correction WHERE outcomes ? 'document type')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0024_gate"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outcome",
            name="fields",
            field=models.JSONField(
                help_text="{field: [outcome or '', cause or '', confidence 0…1 that what was shown is right]}; "
                "empty if the document is said to be of another type"
            ),
        ),
        migrations.RunSQL(CLEAR, migrations.RunSQL.noop),
    ]
