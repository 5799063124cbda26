"""What a branch had set in columns becomes rows of its rules, valid from the beginning."""

import datetime as dt

from django.db import migrations

BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
# The column, its rule, what a branch had that set nothing, and the bounds of the rule now. A column
# took any number up to 32767; what lies beyond the bounds becomes the bound, which does the same.
COLUMNS = [
    ("issues_outside_hours", "queueing.issues_outside_hours", False, False, True),
    ("return_after", "queueing.return_after", 3, 0, 50),
    ("requeue_limit", "queueing.requeue_limit", 2, 0, 50),
    ("assisted_head_start", "queueing.assisted_head_start", 15, 0, 480),
    ("express_head_start", "queueing.express_head_start", 10, 0, 480),
    ("alarm_wait_minutes", "queueing.alarm_wait_minutes", 40, 0, 9999),
    ("alarm_line_length", "queueing.alarm_line_length", 25, 0, 9999),
    ("alarm_service_minutes", "queueing.alarm_service_minutes", 45, 0, 9999),
    ("alarm_idle_minutes", "queueing.alarm_idle_minutes", 10, 0, 9999),
    ("answer_days", "complaints.answer_days", 5, 0, 250),
    ("contact_days", "complaints.contact_days", 1, 0, 250),
    ("extension_days", "complaints.extension_days", 10, 0, 250),
    ("rating_days", "ratings.rating_days", 5, 0, 250),
    ("pad_seconds", "ratings.pad_seconds", 60, 0, 3600),
]


def to_rows(apps, schema_editor):
    alias = schema_editor.connection.alias
    rows = apps.get_model("hall", "RuleRow").objects.using(alias)
    model = rows.model
    for branch in apps.get_model("hall", "Branch").objects.using(alias).order_by("pk"):
        for column, name, default, least, most in COLUMNS:
            value = min(max(getattr(branch, column), least), most)
            if value != default:
                rows.bulk_create(
                    [model(branch=branch, name=name, value=value, valid_from=BEGINNING)]
                )


def to_columns(apps, schema_editor):
    """What is valid last for all services; the rest of the rows has no column to go to."""
    alias = schema_editor.connection.alias
    rows = apps.get_model("hall", "RuleRow").objects.using(alias)
    for branch in apps.get_model("hall", "Branch").objects.using(alias).order_by("pk"):
        for column, name, default, least, most in COLUMNS:
            row = rows.filter(branch=branch, name=name, service=None).order_by("valid_from").last()
            is_sound = row is not None and type(row.value) is type(default)
            setattr(branch, column, min(max(row.value, least), most) if is_sound else default)
        branch.save(update_fields=[column for column, *_rest in COLUMNS])


class Migration(migrations.Migration):

    dependencies = [
        ('hall', '0004_rule_rows'),
    ]

    operations = [
        migrations.RunPython(to_rows, to_columns),
    ]
