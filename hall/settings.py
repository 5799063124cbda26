"""Every setting of Hall, read from the environment; a bad value stops the start with one line.

| variable | means | default |
|---|---|---|
| HALL_SECRET_KEY | signs cookies; a trial keeps one in HALL_DATA/secret-key | – |
| HALL_FIELD_KEYS | encrypt how to reach people; newest first, with commas; a trial keeps one | – |
| HALL_DATA | folder of everything that Hall writes | var/ |
| DATABASE_URL | sqlite:///…, or postgresql://… | SQLite in HALL_DATA |
| HALL_OWNER_DATABASE_URL | the same by the role that owns the tables, to migrate | one role |
| REDIS_URL | redis://…; empty: none | none |
| HALL_HOSTS | host names that may be asked for, comma-separated | localhost, 127.0.0.1, [::1] |
| HALL_TRUSTED_ORIGINS | origins behind a proxy, with scheme | none |
| HALL_PUBLIC_URL | address of the hall on the codes that visitors scan | as the kiosk asks |
| HALL_TRIAL | one-click sign-in for each role; never in a real hall | off |
| HALL_DEMO_PASSWORD | password of the demo hall's members; empty: none can sign in by it | none |
| HALL_DEMO_HISTORY | the demo hall comes with two months and more of history | 1 |
| HALL_HTTPS | cookies only over https, HSTS | off |
| HALL_NOTIFIER | how people outside are told: console, email or webhook; empty: not at all | none |
| HALL_EMAIL_URL | smtp://user:password@host:25; smtp+tls:// (STARTTLS), smtps:// | none |
| HALL_EMAIL_FROM | whom e-mails come from | – |
| HALL_WEBHOOK_URL | https://… of the hall's own gateway (http:// on this machine alone) | none |
| HALL_WEBHOOK_SECRET | signs what the gateway is told | – |
| HALL_OUTBOX_DAYS | days after which what was delivered is forgotten | 30 |
| HALL_DEBUG | Django's debug pages | off |
| HALL_LOG_LEVEL | the least level of a line in the log | WARNING |
| HALL_THREADS | threads that answer pages, in each process | 8 |
| HALL_COLLECT | static files carry their hash; collectstatic needs it set | once collected |
| PORT, HALL_HOST | where `make run` listens | 8000, 127.0.0.1 |
| VISITORS | `make run` has simulated visitors come in | off |
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import dj_database_url
import django_stubs_ext
import structlog
from cryptography.fernet import Fernet
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env

from hall.outbox import ways

django_stubs_ext.monkeypatch()  # so that Django's generic classes take type arguments

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
HALL_DATA = Path(env.str("HALL_DATA", "") or BASE_DIR / "var").resolve()


def keys_in(text: str) -> list[str]:
    """The keys of a list; raises ImproperlyConfigured if one is none."""
    keys = [each.strip() for each in text.split(",") if each.strip()]
    try:
        for key in keys:
            Fernet(key)
    except ValueError:
        raise ImproperlyConfigured(
            "HALL_FIELD_KEYS holds something that is no key: 32 bytes in URL-safe base64."
        ) from None
    return keys


DEBUG = env.bool("HALL_DEBUG", False)
HALL_TRIAL = env.bool("HALL_TRIAL", False)
HALL_HTTPS = env.bool("HALL_HTTPS", False)
HALL_THREADS = env.int("HALL_THREADS", 8)
HALL_PUBLIC_URL = env.str("HALL_PUBLIC_URL", "").rstrip("/")
HALL_DEMO_PASSWORD = env.str("HALL_DEMO_PASSWORD", "")
HALL_DEMO_HISTORY = env.bool("HALL_DEMO_HISTORY", True)
SECRET_FILE = HALL_DATA / "secret-key"
SECRET_KEY = env.str("HALL_SECRET_KEY", "")
if not SECRET_KEY and SECRET_FILE.is_file():  # a trial keeps its own
    SECRET_KEY = SECRET_FILE.read_text().strip()
if not SECRET_KEY:
    raise ImproperlyConfigured("HALL_SECRET_KEY is not set: give it a long random value.")
FIELD_KEYS_FILE = HALL_DATA / "field-keys"
HALL_FIELD_KEYS = keys_in(env.str("HALL_FIELD_KEYS", ""))
if not HALL_FIELD_KEYS and FIELD_KEYS_FILE.is_file():
    HALL_FIELD_KEYS = keys_in(FIELD_KEYS_FILE.read_text())
ALLOWED_HOSTS = env.list("HALL_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("HALL_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    # Ours before Django's: of two commands or templates of one name the first app's is taken
    # (migrate, createsuperuser).
    "hall.apps.HallConfig",
    "staff",
    "queueing",
    "complaints",
    "ratings",
    "demo",
    "hall.admin_site.HallAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Before staticfiles, whose runserver would find static files by itself.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_htmx",
    "template_partials.apps.SimpleAppConfig",
    "django_prometheus",
    "django_structlog",
    "health_check",
]

# Prometheus is outermost, to measure all the others; WhiteNoise right after security, so that a
# file costs neither session nor language; whose page it is before the key against forgery, which
# would answer first; axes near the end, where it asks to be.
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "hall.middleware.language",
    "django.middleware.common.CommonMiddleware",
    "staff.middleware.WhosePage",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "hall.urls"
WSGI_APPLICATION = "hall.wsgi.application"
ASGI_APPLICATION = "hall.asgi.application"

# By hand, since SimpleAppConfig of template_partials leaves the loaders as they are.
LOADERS = [
    (
        "template_partials.loader.Loader",
        [
            (
                "django.template.loaders.cached.Loader",
                [
                    "django.template.loaders.filesystem.Loader",
                    "django.template.loaders.app_directories.Loader",
                ],
            )
        ],
    )
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": LOADERS,
            "builtins": [
                "template_partials.templatetags.partials",
                "hall.templatetags.formats",
                "staff.templatetags.whose",  # its csrf_token in place of Django's
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "hall.context.hall",
                "staff.nav.links",
            ],
        },
    }
]


def database(url: str) -> dict[str, Any]:
    """The database of a URL, with the options that Hall needs of it."""
    # Connections are kept: the threads are fixed, so that a pool would hold just as many.
    config: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=None))
    options: dict[str, Any] = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        # FULL: a committed complaint survives a power cut, not only a crash.
        pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-20000;"
        # IMMEDIATE: one writer at a time does here what row locks do on PostgreSQL.
        options |= {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
    elif config["ENGINE"].endswith("postgresql"):
        # A session that forgot its transaction would hold the line's rows for ever.
        options.setdefault("options", "-c idle_in_transaction_session_timeout=30s")
        # What is kept may have been closed by the server meanwhile.
        config["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured("A DATABASE_URL must begin with sqlite:// or postgresql://.")
    return config


OWN_DATABASE = f"sqlite:///{HALL_DATA / 'hall.sqlite3'}"
OWNER_URL = env.str("HALL_OWNER_DATABASE_URL", "")
DATABASES = {"default": database(env.str("DATABASE_URL", "") or OWN_DATABASE)}
HALL_OWNER_DATABASE = database(OWNER_URL) if OWNER_URL else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", "")

HALL_NOTIFIER = env.str("HALL_NOTIFIER", "")
HALL_WEBHOOK_URL = env.str("HALL_WEBHOOK_URL", "")
HALL_WEBHOOK_SECRET = env.str("HALL_WEBHOOK_SECRET", "")
HALL_OUTBOX_DAYS = env.int("HALL_OUTBOX_DAYS", 30)
EMAIL_URL = env.str("HALL_EMAIL_URL", "")
EMAIL = ways.mail_server(EMAIL_URL)
EMAIL_HOST, EMAIL_PORT = EMAIL.host, EMAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = EMAIL.user, EMAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = EMAIL.starts_tls, EMAIL.is_tls
# Far below the lease of a delivery (hall.actions.delivery): what is only slow comes once.
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("HALL_EMAIL_FROM", "")
ways.check(
    HALL_NOTIFIER,
    has_address=bool(HALL_PUBLIC_URL),
    has_mail=bool(EMAIL_URL and DEFAULT_FROM_EMAIL),
    gateway=HALL_WEBHOOK_URL if HALL_WEBHOOK_SECRET else "",
)

AUTH_USER_MODEL = "staff.Member"
# Axes first: who is locked is refused before a password is looked at, even the right one.
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "staff.backends.ByGrants",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
LOGIN_URL = "staff:sign_in"
LOGIN_REDIRECT_URL = "hall:start"
LOGOUT_REDIRECT_URL = "hall:start"
# A hall sits behind one address: a lock is on a user at an address, never on an address.
AXES_USERNAME_FORM_FIELD = "username"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 6
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "staff/sign_in/locked_out.html"
AXES_DISABLE_ACCESS_LOG = True
AXES_SENSITIVE_PARAMETERS = ["password"]

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HALL_HTTPS
SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# A million characters come back with a kind sentence and are not lost; what is more is not read.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12_500_000
CSRF_FAILURE_VIEW = "hall.views.errors.form_expired"
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31_536_000 if HALL_HTTPS else 0
# Believed only where a proxy sets it: elsewhere anybody could send it.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HALL_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [
    ("zh-hans", _("Simplified Chinese")),
    ("zh-hant", _("Traditional Chinese")),
    ("en", _("English")),
]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = HALL_DATA / "static"
MEDIA_URL = "media/"
MEDIA_ROOT = HALL_DATA / "media"
# After `collectstatic` files carry their hash and are cached for ever; before, they are found.
COLLECTED = (STATIC_ROOT / "staticfiles.json").is_file() and not HALL_TRIAL
WHITENOISE_USE_FINDERS = not COLLECTED
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if env.bool("HALL_COLLECT", COLLECTED)
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}

CELERY_BROKER_URL = REDIS_URL or "filesystem://"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
# What a killed worker had begun is done once more: every task is safe to run twice.
CELERY_TASK_ACKS_LATE = True
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(HALL_DATA / "beat-schedule")
# Of a Redis that is stopped, or gone without a word: whoever waits for it tries again.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": 5.0,
    "socket_timeout": 30.0,
}
if not REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(HALL_DATA / "tasks"),
        "data_folder_out": str(HALL_DATA / "tasks"),
        "control_folder": str(HALL_DATA / "tasks-control"),
        "store_processed": False,
    }
CELERY_BEAT_SCHEDULE = {
    "close-days": {"task": "queueing.tasks.close_days", "schedule": 600.0},
    "end-seats": {
        "task": "queueing.tasks.end_seats",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "summarise-months": {"task": "ratings.tasks.summarise_months", "schedule": 600.0},
    "find-owners": {"task": "complaints.tasks.find_owners", "schedule": 600.0},
    # The bell rings when a parcel is committed; this look finds what the bell could not tell.
    "deliver": {"task": "hall.tasks.deliver", "schedule": 5.0, "options": {"expires": 5.0}},
    "prune-outbox": {"task": "hall.tasks.prune_outbox", "schedule": 86_400.0},
    "clear-sessions": {"task": "hall.tasks.clear_sessions", "schedule": 86_400.0},
    "clear-devices": {"task": "hall.tasks.clear_devices", "schedule": 3600.0},
    # What waits while the worker is away is done by the first of them.
    "seal-ledger": {
        "task": "hall.tasks.seal_ledger",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "seal-late": {"task": "hall.tasks.seal_late", "schedule": 86_400.0},
}

# Nobody is known by their address (hall.limits), and by no log either.
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
TOKEN = re.compile(r"(/(?:t|ticket|matter)/|[?&]ticket=)[\w-]{16,}")
# Sixteen digits, however they are grouped, in a sentence or in an address.
REFERENCE = re.compile(r"(?<![0-9])[0-9](?:(?:[ +-]|%20|%C2%A0)?[0-9]){15}(?![0-9])")


def without_tokens(
    _logger: object, _name: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """What opens a visitor's page never stands in a log: tokens and reference numbers."""
    for key in ("request", "event"):
        if isinstance(line.get(key), str):
            line[key] = REFERENCE.sub("…", TOKEN.sub(r"\1…", line[key]))
    return line


structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        without_tokens,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.KeyValueRenderer(
                key_order=["timestamp", "level", "event"]
            ),
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("HALL_LOG_LEVEL", "WARNING")},
    "loggers": {
        "axes": {"level": "ERROR"},
        "django.request": {"level": "ERROR"},
        # The hash of each seal is kept with the logs, whatever their level.
        "hall.ledger.seals": {"level": "INFO"},
    },
}
