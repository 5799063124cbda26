"""Of visits before, the hall knows no better than what is offered now."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    alias = schema_editor.connection.alias
    offerings = apps.get_model("hall", "Offering").objects.using(alias)
    offered = offerings.filter(branch=OuterRef("branch"), service=OuterRef("service"))
    tickets = apps.get_model("queueing", "Ticket").objects.using(alias)
    tickets.update(department=Subquery(offered.values("department")[:1]))


class Migration(migrations.Migration):

    dependencies = [
        ('queueing', '0006_department_of_the_visit'),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
