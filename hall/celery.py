"""The Celery application: `celery -A hall worker -B`."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hall.settings")
app = Celery("hall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

if not settings.REDIS_URL:
    for folder in ("tasks", "tasks-control"):
        (settings.HALL_DATA / folder).mkdir(parents=True, exist_ok=True)
