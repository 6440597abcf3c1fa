"""Settings of Django.

`WATTLEDGER_DATA` names the data folder. Without it there is no server: the settings then serve type checks and
`makemigrations`, keep their database in memory and write nothing anywhere.
"""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from wattledger.plant import DataFolder

_WEB = Path(__file__).resolve().parent
_given = os.environ.get("WATTLEDGER_DATA")

DATA_FOLDER: DataFolder | None = DataFolder(Path(_given).absolute()) if _given else None
CONTROL_TIMEOUT_S = 5.0  # how long the web waits for an answer of the engine
SETUP_MODE = os.environ.get("WATTLEDGER_SETUP_MODE") == "1"


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
# Nothing is built from the Host header (no links, no mails), and what a login's cookie opens stays with the name that
# the browser got it under, so a page under a foreign name (DNS rebinding) has neither it nor a token.
ALLOWED_HOSTS = ["*"]

INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "wattledger.apps.accounts",
    "wattledger.apps.building",
    "wattledger.apps.devices",
    "wattledger.apps.measurements",
    "wattledger.apps.alarms",
    "wattledger.apps.system",
    "wattledger.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "wattledger.web.middleware.security_headers",
    "wattledger.web.middleware.local_words",
    "wattledger.web.middleware.problems_everywhere",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "wattledger.web.middleware.DeclaredRights",
]
ROOT_URLCONF = "wattledger.web.urls"
ASGI_APPLICATION = "wattledger.web.asgi.application"
APPEND_SLASH = True  # pages end with one; the API has one spelling of each address, and none of them does

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            # Set up here, because the app of template_partials would load all of Django's admin.
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [("django.template.loaders.cached.Loader", ["django.template.loaders.app_directories.Loader"])],
                )
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "template_partials.templatetags.partials",
                "wattledger.web.tags",
            ],
            "context_processors": ["django.template.context_processors.request", "wattledger.web.frame.frame"],
        },
    }
]

# `make setup`, or the wheel, puts there what collectstatic would: hashed names, their manifest, compressed twins.
STATIC_URL = "/static/"
STATIC_ROOT = _WEB / "static"
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
WHITENOISE_ALLOW_ALL_ORIGINS = False
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"

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
LANGUAGE_NAMES = {"fr": "Français", "en": "English", "de": "Deutsch", "nl": "Nederlands"}  # each in its own words
LANGUAGES = list(LANGUAGE_NAMES.items())
FORMAT_MODULE_PATH = ["wattledger.web.formats"]
LOCALE_PATHS = [_WEB / "locale"]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"  # with none at all browsers hide where a form comes from, and it is refused
SESSION_COOKIE_SECURE = True  # of what a page says on the next one
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_AGE = None  # as long as the browser is open
CSRF_FAILURE_VIEW = "wattledger.web.errors.foreign_page"
# Behind a proxy that ends TLS under another name; empty unless its operator says so.
CSRF_TRUSTED_ORIGINS = os.environ.get("WATTLEDGER_TRUSTED_ORIGINS", "").split()
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# No HSTS: with the certificate that the server makes for itself, a browser that remembers HSTS would take away the
# button that lets its user go on.
SECURE_HSTS_SECONDS = 0

DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024  # bytes; the 20,000 past readings of one request take 1 MB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 0
FILE_UPLOAD_MAX_MEMORY_SIZE = DATA_UPLOAD_MAX_MEMORY_SIZE
