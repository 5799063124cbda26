"""Tickets of a day are counted by the service for which they were issued, for its daily limit."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Count


def count_latest_days(apps, schema_editor):
    """The day that may still be going on, at each branch: days that are over need no count."""
    alias = schema_editor.connection.alias
    tickets = apps.get_model("queueing", "Ticket").objects.using(alias)
    steps = apps.get_model("queueing", "Step").objects.using(alias)
    issued = apps.get_model("queueing", "Issued").objects.using(alias)
    for branch in apps.get_model("hall", "Branch").objects.using(alias).order_by("pk"):
        latest = tickets.filter(branch=branch).order_by("-day").values_list("day", flat=True)
        for day in latest[:1]:
            taken = steps.filter(ticket__branch=branch, ticket__day=day, move="issue")
            counted = taken.values_list("service").annotate(Count("pk")).order_by("service")
            issued.bulk_create(
                issued.model(branch=branch, day=day, service_id=service, count=count)
                for service, count in counted
            )


class Migration(migrations.Migration):

    dependencies = [
        ('hall', '0008_ledger'),
        ('queueing', '0002_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Issued',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('count', models.PositiveIntegerField(default=0)),
                ('branch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='hall.branch')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='hall.service')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('branch', 'day', 'service'), name='one_count')],
            },
        ),
        migrations.RunPython(count_latest_days, migrations.RunPython.noop),
    ]
