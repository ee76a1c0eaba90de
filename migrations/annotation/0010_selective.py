from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0009_strategy_parameters"),
    ]

    operations = [
        migrations.AddField(
            model_name="documenttype",
            name="assume_above",
            field=models.FloatField(
                blank=True,
                help_text="People aren't asked for fields that are surer than this, 0.5…1; empty: for every field",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="documenttype",
            name="whole_share",
            field=models.FloatField(
                default=0.2,
                help_text="Share of documents of which every field is asked for all the same, 0…1",
            ),
        ),
        migrations.AddField(
            model_name="labeltask",
            name="unasked",
            field=models.JSONField(
                blank=True,
                default=list,
                help_text="[field, …] that the annotator needn't look at: the model is sure",
            ),
        ),
        migrations.AlterField(
            model_name="correction",
            name="outcomes",
            field=models.JSONField(
                default=dict,
                help_text="{field: accepted | edited | moved | added | removed, or assumed: nobody was asked or touched it}",
            ),
        ),
    ]
