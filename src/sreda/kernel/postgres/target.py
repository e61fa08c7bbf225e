"""Which database to use: the one that is given, else our own."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from .account import choose_account
from .cluster import DATABASE, PORT, USER, Cluster, abs_hash
from .errors import PostgresError, _

STATE = Path("/var/lib/sreda")


@dataclass(frozen=True)
class Target:
    """A database: its address, and the cluster to lease first if it is our own."""

    dsn: str
    cluster: Cluster | None


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """SREDA_HOME: the folder of everything that this installation keeps."""
    given = environ.get("SREDA_HOME")
    if given:
        return Path(given).expanduser().absolute()
    return Path("~/.local/share/sreda").expanduser().absolute()


def target(environ: Mapping[str, str] = os.environ) -> Target:
    """SREDA_DATABASE_URL if set, else our own cluster under the home. Starts nothing."""
    given = environ.get("SREDA_DATABASE_URL")
    if given:
        try:
            conninfo_to_dict(given)
        except psycopg.ProgrammingError as error:
            raise PostgresError(
                _("SREDA_DATABASE_URL is not the address of a PostgreSQL server: {reason}").format(
                    reason=str(error).strip()
                )
            ) from error
        return Target(given, None)
    cluster = Cluster(place(environ), environ=environ)
    return Target(cluster.dsn(), cluster)


def place(environ: Mapping[str, str] = os.environ) -> Path:
    """The cluster's folder: `postgres` in the home.

    Where we are root and the server's account may not enter the home (it lies under /root, say),
    a folder under /var/lib/sreda stands in for it.
    """
    base = home(environ) / "postgres"
    if os.geteuid() != 0 or (base / "data").exists():
        return base
    account = choose_account(environ.get("SREDA_POSTGRES_USER", ""))
    return base if account.reaches(base / "data") else STATE / abs_hash(base) / "postgres"


@contextmanager
def connected(environ: Mapping[str, str] = os.environ) -> Iterator[Target]:
    """The database, running, for the time of the block."""
    found = target(environ)
    if found.cluster is None:
        yield found
        return
    with found.cluster.lease():
        yield found


def django_database(folder: Path | None = None) -> dict[str, Any]:
    """The entry for Django's DATABASES, for the home in `folder`. Starts nothing."""
    environ = dict(os.environ) | ({"SREDA_HOME": str(folder)} if folder else {})
    facts = conninfo_to_dict(target(environ).dsn)
    options: dict[str, Any] = {k: v for k, v in facts.items() if k not in NAMES}
    options["prepare_threshold"] = 1  # for `kernel.prepared`; cursors of Django never prepare
    named = {NAMES[k]: str(v) for k, v in facts.items() if k in NAMES}
    defaults = {"NAME": DATABASE, "USER": USER, "PASSWORD": "", "HOST": "", "PORT": str(PORT)}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **defaults,
        **named,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
