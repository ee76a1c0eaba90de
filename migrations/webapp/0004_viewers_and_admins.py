"""The roles viewer and admin. Operators could give every role until now, so they become admins and nobody is locked out."""

from django.db import migrations, models


def make_operators_admins(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    Group.objects.get_or_create(name="viewer")
    admin, _ = Group.objects.get_or_create(name="admin")
    User = apps.get_model("auth", "User")
    for operator in User.objects.filter(groups__name="operator"):
        operator.groups.add(admin)


class Migration(migrations.Migration):
    dependencies = [
        ("webapp", "0003_examination"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AlterField(
            model_name="apitoken",
            name="most",
            field=models.PositiveSmallIntegerField(
                blank=True,
                choices=[(1, "annotator"), (4, "viewer"), (2, "lead"), (3, "operator"), (5, "admin")],
                help_text="The highest role it may act in; empty: whatever its user's is",
                null=True,
            ),
        ),
        migrations.RunPython(make_operators_admins, migrations.RunPython.noop),
    ]
