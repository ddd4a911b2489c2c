"""Django's settings, derived from `maninso.run.settings`; Django sees no variable of its own."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from maninso.run.settings import (
    DATABASE_PATIENCE,
    make_wrapping_key,
    petition_key_file,
    read_or_make_secret,
    read_settings,
)

SITE = read_settings()


def database_options(url: str) -> dict[str, Any]:
    """Translate a PostgreSQL address (libpq's URI form) into Django's options."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "maninso",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"application_name": "maninso web", **DATABASE_PATIENCE, **query},
    }


SECRET_KEY = SITE.secret_key
SECRET_KEY_FALLBACKS = list(SITE.previous_secrets)
DEBUG = False
ALLOWED_HOSTS = ["*"]  # the address in links comes from MANINSO_HOST, never from the request
ROOT_URLCONF = "maninso.web.urls"
WSGI_APPLICATION = None
USE_TZ = True
TIME_ZONE = "Asia/Seoul"
USE_I18N = True
LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "maninso.petitions.apps.PetitionsConfig",
    "maninso.web.apps.WebConfig",
    "procrastinate.contrib.django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "maninso.web.shared.middleware.security_headers",
    "django.middleware.http.ConditionalGetMiddleware",
    "maninso.web.shared.middleware.choose_language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "maninso.web.shared.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "maninso.web.shared.tags"],
        },
    }
]
DATABASES = {"default": database_options(SITE.database_url or "postgresql:///maninso")}
CSRF_COOKIE_AGE = None  # gone with the browser's session
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "WARNING"}},
}
MANINSO = SITE


def MANINSO_WRAPPING_KEY(petition_id: int) -> bytes:
    """Return the 32 bytes that seal a petition's key, making the petition's own half where it opens just now."""
    return make_wrapping_key(SITE.keys_dir, petition_id)


def MANINSO_PETITION_KEY_FILE(petition_id: int) -> Path:
    """Return where a petition's half of its wrapping key is kept: what is deleted when its retention ends."""
    return petition_key_file(SITE.keys_dir, petition_id)


def MANINSO_PROMISE_KEY() -> bytes:
    """Return the 32 bytes that sign promises; no log's key signs one, and this one signs nothing else."""
    return read_or_make_secret(SITE.keys_dir / "promise.key")


def MANINSO_SUBJECT_SECRET() -> str:
    """Return the secret behind the digests that stand for verified people. It stays when the site's secret changes."""
    return read_or_make_secret(SITE.keys_dir / "subject.key").hex()
