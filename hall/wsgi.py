"""Pages alone, for a server that runs WSGI (a real hall may split pages from live screens)."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hall.settings")
application = get_wsgi_application()
