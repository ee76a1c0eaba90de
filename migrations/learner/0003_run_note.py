from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("learner", "0002_looks"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="note",
            field=models.CharField(
                blank=True,
                help_text="what people should know of it, such as a time limit that it met",
                max_length=1000,
            ),
        ),
    ]
