"""Making the directory's index anew. Triggers keep it; this is for a restored or mended base."""

from __future__ import annotations

from django.db import connection, transaction


def rebuild_directory() -> int:
    """Index every organisation again, forget words no longer met; returns how many entries."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM registry_directoryentry")
        cursor.execute("DELETE FROM registry_directoryword")
        cursor.execute(
            "SELECT registry_index_directory(ARRAY(SELECT id FROM registry_organisation))"
        )
        cursor.execute("SELECT count(*) FROM registry_directoryentry")
        return int(cursor.fetchone()[0])
