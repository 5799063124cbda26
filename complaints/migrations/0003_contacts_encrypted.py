from django.db import migrations

from hall import fields, keys

TABLE = 'complaints_matter'
COLUMNS = ('name', 'contact')


def encrypt(apps, schema_editor):
    """What stands there in plain text becomes tokens."""
    for column in COLUMNS:
        fields.rewrite(schema_editor.connection, TABLE, column, keys.encrypt)


def decrypt(apps, schema_editor):
    """And back; what no key opens stops it, and nothing has changed."""
    for column in COLUMNS:
        done = fields.rewrite(schema_editor.connection, TABLE, column, keys.decrypt)
        if done.closed:
            raise keys.WrongKey(f'No key opens {column} of matter {done.closed[0]}.')


class Migration(migrations.Migration):

    dependencies = [
        ('complaints', '0002_contacts_as_tokens'),
    ]

    operations = [migrations.RunPython(encrypt, decrypt)]
