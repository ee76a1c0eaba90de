from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0004_no_prediction_ids"),
    ]

    operations = [
        migrations.AddField(
            model_name="page",
            name="image_sha256",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Of the image: the same picture is read once by an engine",
                max_length=64,
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="page",
            index=models.Index(fields=["image_sha256", "read_by"], name="page_reading"),
        ),
    ]
