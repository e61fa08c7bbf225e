"""PostgreSQL for Sreda: which server to use, and the life of our own where none is given.

    with connected() as target:      # our server runs as long as somebody is inside
        psycopg.connect(target.dsn)

Any number of processes may be inside at once. The last one out stops the server; if all are
killed, a small keeper process does. Nothing here imports Django.
"""

from .cluster import Cluster, Status
from .engine import Engine, find_engine
from .errors import PostgresError
from .target import Target, connected, django_database, home, target
from .upgrade import confirm_upgrade, old_data

__all__ = [
    "Cluster",
    "Engine",
    "PostgresError",
    "Status",
    "Target",
    "confirm_upgrade",
    "connected",
    "django_database",
    "find_engine",
    "home",
    "old_data",
    "target",
]
