"""A service guide is a text; a guide is a person. The rights to it keep who holds them."""

from django.db import migrations

ACTIONS = ("view", "add", "change", "delete")


def rename(before: str, after: str):
    def apply(apps, schema_editor):
        rights = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="hall")
        for action in ACTIONS:
            rights.filter(codename=f"{action}_{before}").update(codename=f"{action}_{after}")

    return apply


class Migration(migrations.Migration):
    dependencies = [
        ("hall", "0002_devices_and_rules"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RenameModel("Guide", "ServiceGuide"),
        migrations.RunPython(rename("guide", "serviceguide"), rename("serviceguide", "guide")),
    ]
