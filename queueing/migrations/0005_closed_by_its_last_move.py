"""Who came back, or was finished, after the close of the day was not closed by it."""

from django.db import migrations
from django.db.models import OuterRef, Subquery

CLOSING = ["abandon", "miss", "close"]


def clear(apps, schema_editor):
    alias = schema_editor.connection.alias
    steps = apps.get_model("queueing", "Step").objects.using(alias)
    last = steps.filter(ticket=OuterRef("pk")).order_by("-id").values("move")[:1]
    flagged = apps.get_model("queueing", "Ticket").objects.using(alias).filter(
        closed_by_day_end=True
    )
    moved = flagged.annotate(last=Subquery(last)).filter(last__isnull=False)
    moved.exclude(last__in=CLOSING).update(closed_by_day_end=False)


class Migration(migrations.Migration):

    dependencies = [
        ('queueing', '0004_last_of_a_member'),
    ]

    operations = [
        migrations.RunPython(clear, migrations.RunPython.noop),
    ]
