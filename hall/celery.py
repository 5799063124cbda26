"""The Celery application: `celery -A hall worker -B`."""

import os

from celery import Celery
from celery.signals import worker_init
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from hall.keys import need_keys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hall.settings")
app = Celery("hall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Without Redis messages to the worker are files (CELERY_BROKER_TRANSPORT_OPTIONS).
if not settings.REDIS_URL:
    for folder in ("tasks", "tasks-control"):
        (settings.HALL_DATA / folder).mkdir(parents=True, exist_ok=True)


@worker_init.connect(weak=False)
def begin(**_about: object) -> None:
    """A worker without keys stops before it begins (Celery carries on after any other error)."""
    try:
        need_keys()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None
