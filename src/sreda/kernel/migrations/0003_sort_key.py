"""The order of names: as a Russian reader expects, on every server and whatever its collation."""

from django.db import migrations

FORWARD = r"""
CREATE FUNCTION kernel_sort_key(text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(
    regexp_replace(
        translate(lower($1), 'ё«»"„“”()', 'е'), '(\d+)', '0000000\1', 'g'
    ), '0+(\d{8})(?!\d)', '\1', 'g'
);
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0002_audit_chain")]
    operations = [migrations.RunSQL(FORWARD, "DROP FUNCTION kernel_sort_key(text)")]
