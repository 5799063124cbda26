"""Prepares the database of a trial: `python -m hall.trial.prepare`, a child of its own."""

import os

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hall.settings")
    django.setup()
    call_command("migrate", interactive=False)
    call_command("demo", if_empty=True)
