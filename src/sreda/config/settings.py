"""Settings of every installation; what differs between them comes from the environment.

SREDA_HOME            folder of the database, files and keys
SREDA_DATABASE_URL    a given PostgreSQL; otherwise the embedded one is used
SREDA_SECRET_KEY      otherwise made once and kept in SREDA_HOME/keys
SREDA_HOSTS           host names served, comma or space between them
SREDA_ADDRESS         the site's lasting address (default: http(s):// and the first of SREDA_HOSTS)
SREDA_HTTPS           1 when browsers reach the site by https
SREDA_PROXIES         how many reverse proxies stand before it (1 with SREDA_HTTPS, else 0)
SREDA_HOT_PORT        port of the process that takes answers on the site's host; `sreda up` sets it
SREDA_HOT_URL         where browsers reach that process: / behind a proxy that leads /hot/ to it,
                      or https://answers.example.org (else the port, on a site without https)
SREDA_CONTENT_ORIGIN  another host of this server, for frames of portable interactions of items
                      (https://content.example.org; else they lie at the site's own, sandboxed)
SREDA_DEBUG           1 for development only
SREDA_EMAIL_URL       smtp://user:password@host:port; otherwise mail is written to the log
SREDA_REQUIRE_MFA     roles that need a second factor ("operator coordinator"; empty: none)
SREDA_SITE_CHECK_PRIVATE  closed networks whose sites are checked too (10.0.0.0/8 …; 1: all)
SREDA_SITE            JSON file with the region's name and imprint (else SREDA_HOME/site.json)
SREDA_TABLES_KEPT_DAYS  days for which tables handed in are kept after they are taken over,
                      dropped or left lying (90; 0: for ever)
SREDA_RECORDS_CLICKHOUSE  where learning records are searched beside PostgreSQL: https://user:password@
                      host:8443/database, or embedded:/folder (docs/xapi.md)
SREDA_EMBED           sites that may frame public dashboards (https://school.example …; *: any)
SREDA_OIDC            path of a JSON list of OpenID Connect providers (see docs/sign-in.md)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from sreda.config import env
from sreda.config.governed import REGION_ZONE
from sreda.kernel.postgres import django_database

HOME = env.home()
DEBUG = env.flag("SREDA_DEBUG")
HTTPS = env.flag("SREDA_HTTPS")
GALLERY = env.flag("SREDA_GALLERY", DEBUG)
SECRET_KEY = os.environ.get("SREDA_SECRET_KEY") or env.kept_secret("secret-key")
ALLOWED_HOSTS = [*env.words("SREDA_HOSTS", "localhost 127.0.0.1 [::1]")]
# Names this installation where an address must last (homePage of people in learning records).
SITE_ADDRESS = (
    os.environ.get("SREDA_ADDRESS", "").rstrip("/")
    or f"{'https' if HTTPS else 'http'}://{ALLOWED_HOSTS[0]}"
)
CSRF_TRUSTED_ORIGINS = [f"{'https' if HTTPS else 'http'}://{host}" for host in ALLOWED_HOSTS]

INSTALLED_APPS = [
    "sreda.config",
    "sreda.portal",
    "sreda.programme",
    "sreda.reporting",
    "sreda.assessment",
    "sreda.records",
    "sreda.registry",
    "sreda.ui",
    "sreda.kernel",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "procrastinate.contrib.django",
    "django_htmx",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "sreda.kernel.middleware.ContentSecurityPolicy",
    "sreda.kernel.middleware.ContentHost",
    "sreda.kernel.middleware.PersonalPages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "sreda.registry.middleware.ActorMiddleware",
    "sreda.kernel.middleware.NoNulCharacters",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "sreda.config.urls"
WSGI_APPLICATION = "sreda.config.wsgi.application"

APP_TEMPLATES = ["django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            # Templates as functions; in development as they are, for the sake of error pages.
            "loaders": APP_TEMPLATES if DEBUG else [("sreda.ui.compiled.Loader", APP_TEMPLATES)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "sreda.ui.context.ui",
                "sreda.portal.web.cabinet.context.cabinet",
                "sreda.portal.web.public.context.public",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]
FORM_RENDERER = "sreda.ui.forms.Renderer"
CSRF_FAILURE_VIEW = "sreda.ui.views.csrf_failure"

DATABASES = {"default": django_database(HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "registry.User"
AUTHENTICATION_BACKENDS = ["sreda.registry.backends.PersonBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 12}),
        ("CommonPasswordValidator", {}),
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "cabinet"
LOGOUT_REDIRECT_URL = "home"

ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_ADAPTER = "sreda.registry.web.adapters.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "sreda.registry.web.adapters.SocialAccountAdapter"
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_SESSION_REMEMBER = False  # school computers are shared
# A school stands behind one address: a class signs in, and mistypes, within a minute.
ACCOUNT_RATE_LIMITS = {"login": "300/m/ip", "login_failed": "60/m/ip,5/5m/key"}
# How many proxies of ours write X-Forwarded-For; without it all visitors have one address.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("SREDA_PROXIES", 1 if HTTPS else 0)
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
MFA_ADAPTER = "sreda.registry.web.adapters.SecondFactorAdapter"
ACCOUNT_FORMS = {"login": "sreda.registry.web.signing_in.SignInForm"}
MFA_FORMS = {
    "activate_totp": "sreda.registry.web.signing_in.SetUpAppForm",
    "authenticate": "sreda.registry.web.signing_in.CodeForm",
    "reauthenticate": "sreda.registry.web.signing_in.CodeAgainForm",
    "add_webauthn": "sreda.registry.web.signing_in.AddKeyForm",
    "edit_webauthn": "sreda.registry.web.signing_in.EditKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = "Sreda"
MFA_TOTP_TOLERANCE = 1  # clocks of phones differ
# Posts of these roles give no rights until the session has a second factor.
REQUIRE_MFA = frozenset(env.words("SREDA_REQUIRE_MFA", "operator coordinator"))
SOCIALACCOUNT_ONLY = False
SOCIALACCOUNT_PROVIDERS: dict[str, dict[str, object]] = {}
FORM_TARGETS: list[str] = []
if _providers := env.providers("SREDA_OIDC"):
    SOCIALACCOUNT_PROVIDERS["openid_connect"] = {"APPS": _providers, "OAUTH_PKCE_ENABLED": True}
    for _provider in _providers:
        _url = urlsplit(_provider["settings"]["server_url"])
        FORM_TARGETS += [
            f"{_url.scheme}://{_url.netloc}",
            *_provider["settings"].get("origins", []),
        ]

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_NAME = "sreda_session"
CSRF_COOKIE_NAME = "sreda_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.fallback.FallbackStorage"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# Without either, answers come by way of the pages' server.
HOT_PORT = env.number("SREDA_HOT_PORT", 0)
HOT_URL = env.address("SREDA_HOT_URL")
CONTENT_ORIGIN = env.address("SREDA_CONTENT_ORIGIN").rstrip("/")
if CONTENT_ORIGIN:
    ALLOWED_HOSTS.append(urlsplit(CONTENT_ORIGIN).hostname or "")
CONTENT_PATHS = ("/assessment/portable/",)
RECORDS_CLICKHOUSE = os.environ.get("SREDA_RECORDS_CLICKHOUSE", "").strip()
X_FRAME_OPTIONS = "DENY"
EMBED_HOSTS = env.words("SREDA_EMBED")
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "sreda_language"
TIME_ZONE = env.zone("SREDA_TIME_ZONE", REGION_ZONE)
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_IMMUTABLE_FILE_TEST = r"/static/ui/assets/.+-[\w-]{8}\.\w+$"
MEDIA_ROOT = HOME / "files"
TABLES_KEPT_DAYS = env.number("SREDA_TABLES_KEPT_DAYS", 90)
SITE_CHECK_PRIVATE = env.words("SREDA_SITE_CHECK_PRIVATE")
SITE_FILE = Path(os.environ.get("SREDA_SITE") or HOME / "site.json")

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
if email_url := os.environ.get("SREDA_EMAIL_URL"):
    _mail = urlsplit(email_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "localhost", _mail.port or 25
    EMAIL_HOST_USER = unquote(_mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
    EMAIL_USE_TLS = _mail.scheme == "smtps" or EMAIL_PORT == 587
DEFAULT_FROM_EMAIL = os.environ.get("SREDA_EMAIL_FROM", "sreda@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"sreda": {"level": "INFO"}},
}

# "default" holds what all processes must agree on (attempts to sign in, used codes); "local" what
# each may reckon anew.
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "kernel_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
    "local": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}
PANELS_KEPT = 10  # seconds for which a card of the whole region's figures may be old
