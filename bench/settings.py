"""The site's own settings, and one view to measure the others by."""

from sreda.config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
