"""Settings of the tests: a home of their own, made for one run and removed after it.

All processes of one run (pytest-xdist) share the home, and through it one database server.
"""

import os
import tempfile
from pathlib import Path

if "SREDA_TEST_HOME" not in os.environ:
    _home = tempfile.mkdtemp(prefix="sreda-test-")
    Path(_home).chmod(0o711)  # the server's account must pass where we are root
    os.environ["SREDA_TEST_HOME"] = _home
os.environ["SREDA_HOME"] = os.environ["SREDA_TEST_HOME"]

from sreda.config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["*"]
REQUIRE_MFA = frozenset()
PANELS_KEPT = 0  # a test changes figures and looks at once
