from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0006_default_extractor"),
    ]

    operations = [
        migrations.AddField(
            model_name="labeltask",
            name="reason",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Why the document was chosen, as the annotator is shown it",
                max_length=200,
            ),
            preserve_default=False,
        ),
    ]
