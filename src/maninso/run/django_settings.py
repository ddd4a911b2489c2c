"""Django's settings, derived from `maninso.run.settings`; Django sees no variable of its own."""

import hmac
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from maninso.identity.ticket import derive_key
from maninso.run.settings import (
    DATABASE_PATIENCE,
    make_wrapping_key,
    petition_key_file,
    read_or_make_secret,
    read_settings,
    read_wrapping_key,
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


def mail_options(url: str) -> dict[str, Any]:
    """Translate a mail server's address, or a folder's, into Django's settings."""
    if url.startswith("file:"):
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "EMAIL_FILE_PATH": url.removeprefix("file:"),
        }
    parts = urlsplit(url)
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_PORT": parts.port or (465 if parts.scheme == "smtps" else 25),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": parts.scheme == "smtps",
        "EMAIL_USE_TLS": parts.scheme == "smtp" and parts.port == 587,
        "EMAIL_TIMEOUT": 10,
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
AUTH_USER_MODEL = "petitions.Account"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
INSTALLED_APPS = [
    "maninso.petitions.apps.PetitionsConfig",
    "maninso.web.apps.WebConfig",  # before allauth, whose templates it overrides
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
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
    # These three touch nothing until a page asks who is logged in, which only the office's do.
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "maninso.web.shared.context.site",
            ],
            "builtins": ["django.templatetags.i18n", "maninso.web.shared.tags"],
        },
    }
]
DATABASES = {"default": database_options(SITE.database_url or "postgresql:///maninso")}


def name_count(key: str, prefix: str, version: int) -> str:
    """Return the name under which something is counted: whose network or mailbox it is stays unsaid."""
    return hmac.digest(
        derive_key(SITE.secret_key, purpose="counts"), f"{prefix}:{version}:{key}".encode(), "sha256"
    ).hex()


CACHES = {  # in the database: what is counted against log-ins is counted for all web processes together
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "petitions_cache",
        "KEY_FUNCTION": name_count,
    }
}
IS_LOCAL = SITE.host.partition(":")[0] in ("localhost", "127.0.0.1")
SESSION_COOKIE_NAME = "maninso_office"
SESSION_COOKIE_AGE = 12 * 3600  # seconds
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not IS_LOCAL
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "office"
ACCOUNT_ADAPTER = "maninso.web.shared.accounts.AccountAdapter"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_VERIFICATION = "none"  # the code that logs in is what verifies
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600  # seconds
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/10m/key",
    "request_login_code": "20/m/ip,3/10m/key",
    "reauthenticate": "10/m/user",
}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
MFA_ADAPTER = "maninso.web.shared.accounts.FactorAdapter"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_TOLERANCE = 1  # a step of half a minute, as RFC 6238 (section 5.2) advises
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = IS_LOCAL
CSRF_COOKIE_AGE = None  # gone with the browser's session
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"secrets": {"()": "maninso.web.shared.logs.SecretsLeftOut"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": ["secrets"]}},
    "loggers": {"django": {"handlers": ["console"], "level": "WARNING"}},
}
MANINSO = SITE
globals().update(mail_options(SITE.email_url))
DEFAULT_FROM_EMAIL = f"no-reply@{SITE.host.partition(':')[0]}"


def MANINSO_WRAPPING_KEY(petition_id: int) -> bytes:
    """Return the 32 bytes that seal a petition's key, making the petition's own half where it opens just now."""
    return make_wrapping_key(SITE.keys_dir, petition_id)


def MANINSO_KEPT_WRAPPING_KEY(petition_id: int) -> bytes:
    """Return the 32 bytes that seal a petition's key. Raises SettingError where this machine lacks a half of them."""
    return read_wrapping_key(SITE.keys_dir, petition_id)


def MANINSO_PETITION_KEY_FILE(petition_id: int) -> Path:
    """Return where a petition's half of its wrapping key is kept: what is deleted when its retention ends."""
    return petition_key_file(SITE.keys_dir, petition_id)


def MANINSO_PROMISE_KEY() -> bytes:
    """Return the 32 bytes that sign promises; no log's key signs one, and this one signs nothing else."""
    return read_or_make_secret(SITE.keys_dir / "promise.key")


def MANINSO_EXPORT_KEY() -> bytes:
    """Return the 32 bytes that sign static copies of the site; they sign nothing else."""
    return read_or_make_secret(SITE.keys_dir / "export.key")


def MANINSO_WEBHOOK_KEY() -> bytes:
    """Return the 32 bytes that the secrets of webhooks are derived from."""
    return read_or_make_secret(SITE.keys_dir / "webhook.key")


def MANINSO_SUBJECT_SECRET() -> str:
    """Return the secret behind the digests that stand for verified people. It stays when the site's secret changes."""
    return read_or_make_secret(SITE.keys_dir / "subject.key").hex()


def MANINSO_STAFF_KEY() -> bytes:
    """Return the 32 bytes that seal the office's second factors in the database."""
    return read_or_make_secret(SITE.keys_dir / "staff.key")
