"""Settings of Django.

`WATTLEDGER_DATA` names the data folder. Without it there is no server: the settings then serve type checks and
`makemigrations`, keep their database in memory and write nothing anywhere.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _

from wattledger.plant import DataFolder

_WEB = Path(__file__).resolve().parent
_given = os.environ.get("WATTLEDGER_DATA")

DATA_FOLDER: DataFolder | None = DataFolder(Path(_given).absolute()) if _given else None
CONTROL_TIMEOUT_S = 5.0  # how long the web waits for an answer of the engine


def _secret_key(folder: DataFolder | None) -> str:
    if folder is None:
        return get_random_secret_key()
    try:
        return folder.secret_key.read_text()
    except OSError as error:
        raise ImproperlyConfigured(f"{folder.secret_key}: {error.strerror}; starting the server makes it") from error


SECRET_KEY = _secret_key(DATA_FOLDER)
DEBUG = False

# A server in a switchboard is reached by whatever address or name its network gives it, and nobody enters those here.
# Nothing is built from the Host header (no links, no mails), and no request is trusted for a cookie alone: the API asks
# for a token, which a page under a foreign name (DNS rebinding) does not have.
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "wattledger.apps.accounts",
    "wattledger.apps.building",
    "wattledger.apps.devices",
    "wattledger.apps.measurements",
    "wattledger.apps.alarms",
    "wattledger.apps.system",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "wattledger.web.middleware.security_headers",
    "django.middleware.locale.LocaleMiddleware",
    "wattledger.web.middleware.problems_everywhere",
]
ROOT_URLCONF = "wattledger.web.urls"
ASGI_APPLICATION = "wattledger.web.asgi.application"
APPEND_SLASH = False  # the API has one spelling of each address

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(DATA_FOLDER.configuration) if DATA_FOLDER else ":memory:",
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            # A deferred transaction that reads and then writes fails at once when another wrote in between.
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,  # seconds to wait for another writer (SQLite's busy_timeout)
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = ["wattledger.apps.accounts.hashers.Argon2SmallMemory"]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("fr", _("French")), ("en", _("English")), ("de", _("German")), ("nl", _("Dutch"))]
LOCALE_PATHS = [_WEB / "locale"]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# No HSTS: with the certificate that the server makes for itself, a browser that remembers HSTS would take away the
# button that lets its user go on.
SECURE_HSTS_SECONDS = 0

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024  # bytes; the 20,000 past readings of one request take 1 MB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 0
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE
