from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("learner", "0007_automation")]

    operations = [
        migrations.AddField(
            model_name="automation",
            name="held_against",
            field=models.CharField(
                blank=True,
                help_text="The circumstances that all accepted documents were last held against, see learner.acceptance",
                max_length=200,
            ),
        ),
    ]
