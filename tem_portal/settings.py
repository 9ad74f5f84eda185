"""Settings, read from the environment and nowhere else.

A missing or malformed value stops the process with a paragraph that says how to mend it,
because a half-configured portal is worse than one that does not start. `run.py` sets these
variables for a workstation; `docs/guide/settings.md` explains them.
"""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from tem_portal.environment import (
    encryption_keys,
    entra_apps,
    mail_settings,
    redis_url,
    required,
)
from tem_portal.logs import logging_settings

env = environ.FileAwareEnv()  # NAME_FILE names a file that holds NAME

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(env.str("STATE_DIR", default=str(BASE_DIR / ".state")))

# --- what the deployment must say -----------------------------------------------------------

SECRET_KEY = required(
    env,
    "SECRET_KEY",
    "It signs sessions and links. Set it to at least 50 random characters, for instance the "
    "output of: python3 -c 'import secrets; print(secrets.token_urlsafe(60))'",
)
required(
    env,
    "DATABASE_URL",
    "It names the PostgreSQL database (15 or later), for instance "
    "postgres://portal:secret@127.0.0.1:5432/portal",
)
REDIS_URL = redis_url(env)
try:
    DATABASES = {"default": env.db("DATABASE_URL")}
except (environ.ImproperlyConfigured, ValueError) as error:
    raise ImproperlyConfigured(
        "DATABASE_URL cannot be read. It has the form postgres://user:password@host:port/name, "
        "with special characters in the password percent-encoded."
    ) from error
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL database (postgres://...): the portal relies on "
        "partitions, row locks and composite foreign keys that other databases do not have."
    )
DATABASES["default"].update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)

DEBUG = env.bool("DEBUG", default=False)
SANDBOX = env.bool("SANDBOX", default=False)
"""Whether the pretend cloud, the carrier feed and the demo exist. Never set in production."""
HTTPS = env.bool("HTTPS", default=not (DEBUG or SANDBOX))
"""Whether browsers reach the portal by https: Secure cookies, HSTS and redirects depend on it."""
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# --- composition ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",  # its templates; templates/django/forms/ overrides some of them
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_structlog",
    "lucide",
    "pgtrigger",
    "pghistory",
    "template_partials",
    "common",
    "audit",
    "tenants",
    "jobs",
    "alerts",
    "devices",
    "connectors",
    "usage",
    "licensing",
    "enrolment",
    "sandbox",
    "tem_portal",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.LanguageOfPersonMiddleware",
    "tenants.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "common.http.PrivatePagesMiddleware",
    "tenants.middleware.TenantMiddleware",
]
ROOT_URLCONF = "tem_portal.urls"
WSGI_APPLICATION = "tem_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tem_portal.navigation.navigation",
            ],
            "builtins": [
                "lucide.templatetags.lucide",
                "template_partials.templatetags.partials",
                "common.templatetags.ui",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "tenants.User"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- sign-in ----------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "tenants.sign_in.ClosedSignUpAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "login": "60/m/ip",
    "enrol_code": "30/h/ip,5/h/key",
    "enrol_code_of_tenant": "300/h/key",
    "invite": "30/5m/user",
}
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # no mail to whatever address a stranger types
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "login": "tenants.sign_in.SignInForm",
}
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "TEM portal"
MFA_ADAPTER = "tenants.second_factor.EncryptedFactors"

SESSION_ENGINE = "tenants.session_store"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_SECONDS = 30 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "tem_session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "tem_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"

# --- mail -------------------------------------------------------------------------------------

# A sandbox prints its mail to the log.
vars().update(
    mail_settings(env, fallback="consolemail://" if SANDBOX or DEBUG else "smtp://localhost:25")
)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="TEM portal <portal@localhost>")

# --- transport and content security -----------------------------------------------------------

SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
if env.bool("TRUST_X_FORWARDED_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        # Chromium holds redirects after a form against this too: Connect leads to Microsoft.
        "form-action": [
            "'self'",
            "https://login.microsoftonline.com",
            "https://login.microsoftonline.us",
            "https://login.partner.microsoftonline.cn",
        ],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

# --- Microsoft cloud --------------------------------------------------------------------------

SANDBOX_ORIGIN = env.str("SANDBOX_ORIGIN", default="http://127.0.0.1:8000")
"""Where the portal's own processes reach the pretend Microsoft cloud: the web server itself."""
SIMULATOR_ORIGIN = env.str("SIMULATOR_ORIGIN", default=SANDBOX_ORIGIN if SANDBOX else "")
"""Where simulated phones find the portal. Empty: they answer inside the worker, without HTTP."""
MICROSOFT_CLOUDS = {
    # Sign-in host, base of Graph, and the resource that an access token for Graph names. MSAL
    # insists on https for sign-in, so the sandbox has a host there that does not exist, and
    # `common.clouds` leads to SANDBOX_ORIGIN what is asked of it.
    "sandbox": {
        "login": "https://login.sandbox.invalid",
        "graph": "/sandbox/graph",
        "resource": "https://graph.microsoft.com",
    },
    "global": {
        "login": "https://login.microsoftonline.com",
        "graph": "https://graph.microsoft.com",
        "resource": "https://graph.microsoft.com",
    },
    "us_government": {
        "login": "https://login.microsoftonline.us",
        "graph": "https://graph.microsoft.us",
        "resource": "https://graph.microsoft.us",
    },
    "china": {
        "login": "https://login.partner.microsoftonline.cn",
        "graph": "https://microsoftgraph.chinacloudapi.cn",
        "resource": "https://microsoftgraph.chinacloudapi.cn",
    },
}

ENTRA_APPS = entra_apps(env, sandbox=SANDBOX)
"""The deployment's own application registrations, by cloud and by purpose; see environment.py."""
ENCRYPTION_KEYS = encryption_keys(env, sandbox=SANDBOX or DEBUG, secret_key=SECRET_KEY)
"""Keys that seal providers' secrets in the database, the newest first."""
GRAPH_CALLS_PER_SECOND = env.int("GRAPH_CALLS_PER_SECOND", default=50)
"""How many calls a second the portal makes to Graph at most, for each tenant."""

CONNECTOR_CHECK_MINUTES = env.int("CONNECTOR_CHECK_MINUTES", default=1 if SANDBOX else 15)
"""How often a connection is checked."""
CONNECTOR_SILENT_HOURS = env.int("CONNECTOR_SILENT_HOURS", default=24)
"""After how long without a signal an external provider is told to be silent."""

# --- words, numbers, time ---------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("nl", _("Dutch")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True

# --- static files -----------------------------------------------------------------------------

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = STATE_DIR / "static"
WHITENOISE_USE_FINDERS = DEBUG or SANDBOX
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # A sandbox or test run serves straight from the source folders; a deployment collects,
        # hashes and compresses them when its image is built.
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or SANDBOX
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5_000_000

# --- uploads and long work --------------------------------------------------------------------

UPLOAD_MAX_MB = env.int("UPLOAD_MAX_MB", default=200)
"""The largest file a person may upload, in MB of 1,000,000 bytes."""
UPLOAD_KEEP_DAYS = env.int("UPLOAD_KEEP_DAYS", default=30)
"""How long the content of uploads, and of what jobs write for people, is kept."""
JOBS_AT_ONCE = env.int("JOBS_AT_ONCE", default=1)
"""How many long jobs run at a time; fewer than there are worker processes."""
FILE_UPLOAD_HANDLERS = [
    "jobs.uploads.CappedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- the API ----------------------------------------------------------------------------------

API_CALLS_PER_MINUTE = env.int("API_CALLS_PER_MINUTE", default=1_200)
"""How often one token may call; a phone's or a program's."""
API_CALLS_PER_MINUTE_OF_TENANT = env.int("API_CALLS_PER_MINUTE_OF_TENANT", default=60_000)
"""How often all tokens of one tenant may call together."""

# --- Redis: cache and nudges ------------------------------------------------------------------

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "tem",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "tem"
CELERY_TASK_ROUTES = {"devices.tasks.answer_simulated": {"queue": "fleet"}}
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A message is gone once a worker has it: work is in PostgreSQL, and what a dying worker had
    # is found again by the sweeps. Giving messages back to a broker that is gone kills kombu.
    "ack_emulation": False,
    "socket_connect_timeout": 2,
    "socket_timeout": 10,
    "socket_keepalive": True,
    "retry_on_timeout": True,
    "health_check_interval": 10,
}
CELERY_BEAT_SCHEDULE = {
    "evaluate": {"task": "usage.tasks.evaluate_due", "schedule": 2.0, "options": {"expires": 4}},
    "enforce": {"task": "devices.tasks.enforce_due", "schedule": 2.0, "options": {"expires": 4}},
    "groups": {"task": "devices.tasks.regroup_due", "schedule": 2.0, "options": {"expires": 4}},
    "fleet": {
        "task": "devices.tasks.answer_simulated",
        "schedule": 1.0,
        "options": {"expires": 2},
    },
    "connections": {
        "task": "connectors.tasks.check_due",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "jobs": {"task": "jobs.tasks.work_off", "schedule": 5.0, "options": {"expires": 10}},
    "claims": {"task": "licensing.tasks.judge_due", "schedule": 2.0, "options": {"expires": 4}},
    "licences": {"task": "licensing.tasks.assign_due", "schedule": 2.0, "options": {"expires": 4}},
    "readings": {
        "task": "licensing.tasks.read_due",
        "schedule": 30.0,
        "options": {"expires": 30},
    },
    "invitations": {
        "task": "tenants.tasks.send_invitations",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "enrol_invitations": {
        "task": "enrolment.tasks.send_invitations",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "messages": {
        "task": "enrolment.tasks.send_messages",
        "schedule": 5.0,
        "options": {"expires": 10},
    },
    "sessions": {
        "task": "tenants.tasks.forget_sessions",
        "schedule": 3600.0,
        "options": {"expires": 600},
    },
    "housekeeping": {
        "task": "jobs.tasks.run_periodic",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
}
if SANDBOX:
    CELERY_BEAT_SCHEDULE["carrier_feed"] = {
        "task": "sandbox.tasks.report_usage",
        "schedule": 20.0,
        "options": {"expires": 20},
    }

# --- figures for monitoring -------------------------------------------------------------------

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
"""What a scraper of /metrics must bring as its bearer token; empty: there is no such page."""

# --- logs -------------------------------------------------------------------------------------

LOGGING = logging_settings(level=env.str("LOG_LEVEL", default="INFO"))
