"""The pages, as a WSGI application."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sreda.config.settings")
application = get_wsgi_application()

# A page makes thousands of short-lived objects: looking for cycles after each 700 of them, and
# in all that was loaded at the start, costs a tenth of its time.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
