"""Pages alone, for a server that runs WSGI (a real hall may split pages from live screens)."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from hall.keys import need_keys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hall.settings")
settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # else WhiteNoise warns at each start
application = get_wsgi_application()
need_keys()  # better no server than one that fails where somebody is to be called back
