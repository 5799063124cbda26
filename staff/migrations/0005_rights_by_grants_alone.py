"""Groups, permissions and the two columns that opened everything go: grants say who may."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('staff', '0004_grants_from_groups'),
    ]

    operations = [
        migrations.RemoveField(model_name='member', name='groups'),
        migrations.RemoveField(model_name='member', name='user_permissions'),
        migrations.RemoveField(model_name='member', name='is_staff'),
        migrations.RemoveField(model_name='member', name='is_superuser'),
    ]
