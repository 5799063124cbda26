"""Pages alone, for a server that runs WSGI (a real hall may split pages from live screens)."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hall.settings")
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # else WhiteNoise warns at each start
application = get_wsgi_application()
