"""The ledger, its seals, and the triggers that keep both as they were written."""

from django.db import migrations, models

from hall.ledger import guards


def put_up(apps, schema_editor):
    guards.put_up(schema_editor.connection)


def take_down(apps, schema_editor):
    guards.take_down(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [
        ('hall', '0007_outbox'),
    ]

    operations = [
        migrations.CreateModel(
            name='LedgerRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('what', models.CharField(max_length=40)),
                ('kind', models.CharField(max_length=60)),
                ('object_id', models.BigIntegerField(null=True)),
                ('branch_id', models.BigIntegerField(null=True)),
                ('actor', models.CharField(choices=[('member', 'Member'), ('visitor', 'Visitor'), ('device', 'Device'), ('hall', 'Hall')], max_length=8)),
                ('actor_id', models.BigIntegerField(null=True)),
                ('actor_number', models.CharField(max_length=20)),
                ('actor_name', models.CharField(max_length=80)),
                ('for_id', models.BigIntegerField(null=True)),
                ('for_name', models.CharField(max_length=80)),
                ('device_id', models.BigIntegerField(null=True)),
                ('device_kind', models.CharField(max_length=12)),
                ('facts', models.JSONField()),
                ('nonce', models.CharField(max_length=32)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('month', models.CharField(max_length=7)),
                ('count', models.PositiveIntegerField()),
                ('first_id', models.BigIntegerField(null=True)),
                ('last_id', models.BigIntegerField(null=True)),
                ('reached', models.BigIntegerField()),
                ('rows_hash', models.CharField(max_length=64)),
                ('removes', models.BooleanField()),
                ('made_at', models.DateTimeField()),
                ('previous', models.CharField(max_length=64)),
                ('hash', models.CharField(max_length=64)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='SealedRow',
            fields=[
                ('row_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('seal', models.BigIntegerField(db_index=True)),
                ('digest', models.CharField(max_length=64)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.RunPython(put_up, take_down),
    ]
