"""Where counters of attempts and used one-time codes stand, for all processes and machines."""

from django.db import migrations

FORWARD = """
CREATE TABLE kernel_cache (
    cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
);
CREATE INDEX kernel_cache_expires ON kernel_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0004_notices")]
    operations = [migrations.RunSQL(FORWARD, "DROP TABLE kernel_cache")]
