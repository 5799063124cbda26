from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from hall.celery import app as celery_app


class HallConfig(AppConfig):
    name = "hall"
    verbose_name = _("The hall")
    # Kept here, not in hall/__init__.py: importing hall must not need settings (see hall.trial).
    celery = celery_app
