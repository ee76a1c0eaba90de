from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0017_doubts"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                condition=models.Q(("truth__isnull", False)),
                fields=["document_type", "truth"],
                name="document_answered",
            ),
        ),
    ]
