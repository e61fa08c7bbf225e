"""One database server for the whole run, and one migrated template that every process clones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from hypothesis import settings as hypothesis
from psycopg import sql
from xdist.scheduler import LoadScopeScheduling

from sreda.kernel.postgres import Cluster, Target, target
from sreda.kernel.postgres.keeper import locked

# The same examples on every machine; `--hypothesis-profile explore` looks for others.
hypothesis.register_profile("any machine", deadline=None, derandomize=True)
hypothesis.register_profile("explore", deadline=None)
hypothesis.load_profile("any machine")

HOME = Path(os.environ["SREDA_TEST_HOME"])
TEMPLATE = "template_" + HOME.name.replace("-", "_")


EMPTY_ALL = """
    CREATE FUNCTION empty_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        TRUNCATE kernel_cache, procrastinate_jobs, procrastinate_events,
            procrastinate_periodic_defers, procrastinate_workers,
            records_statement, records_statementid, records_statementref, records_ref;
        RETURN NULL;
    END $$;
    CREATE TRIGGER empty_all AFTER TRUNCATE ON django_session
        FOR EACH STATEMENT EXECUTE FUNCTION empty_all()
"""  # Django empties the tables of its models alone; what others keep is not for the next test


@contextmanager
def server() -> Iterator[Target]:
    """The given server (SREDA_DATABASE_URL), or a throw-away one of our own."""
    found = target()
    if found.cluster is None:
        yield found
        return
    with Cluster(found.cluster.base, throw_away=True).lease():
        yield found


def administer(dsn: str, statement: str, *names: str) -> None:
    with psycopg.connect(dsn, dbname="postgres", autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def point_to(name: str) -> None:
    connections["default"].close()
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name


def make_template(dsn: str) -> None:
    with psycopg.connect(dsn, dbname="postgres") as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s AND datistemplate"
        if connection.execute(query, [TEMPLATE]).fetchone():
            return
    administer(dsn, "DROP DATABASE IF EXISTS {}", TEMPLATE)
    administer(dsn, "CREATE DATABASE {}", TEMPLATE)
    point_to(TEMPLATE)
    call_command("migrate", verbosity=0, interactive=False)
    with connections["default"].cursor() as cursor:
        # Tests that commit are cleaned up by TRUNCATE, which the log itself refuses.
        cursor.execute("ALTER TABLE kernel_auditentry DISABLE TRIGGER kernel_audit_no_truncate")
        cursor.execute(EMPTY_ALL)
    connections["default"].close()
    administer(dsn, "ALTER DATABASE {} IS_TEMPLATE true", TEMPLATE)


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker
) -> Iterator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{HOME.name.replace('-', '_')}_{worker}"
    with server() as found, django_db_blocker.unblock():
        with locked(HOME / "template.lock"):
            make_template(found.dsn)
            administer(found.dsn, "DROP DATABASE IF EXISTS {}", name)
            administer(found.dsn, "CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
        point_to(name)
        yield
        connections.close_all()
        administer(found.dsn, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow proofs out unless -m asks for something."""
    if not config.option.markexpr:
        slow = [item for item in items if item.get_closest_marker("slow")]
        items[:] = [item for item in items if item not in slow]
        config.hook.pytest_deselected(items=slow)


class OneProduct(LoadScopeScheduling):
    """Tests in front of the whole product go to one process, which starts one for them all; they
    are the longest, so they begin first. All others go one by one to whoever is free.

    (pytest-xdist's own groups are written into ids of tests, which pytest 9.2 no longer keeps.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return "the product" if nodeid.startswith("tests/browser/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> OneProduct:
    return OneProduct(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    """After the last process of the run (the controller, under pytest-xdist) nothing stays."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    found = target()
    if found.cluster is None and (HOME / "template.lock").exists():
        with suppress(psycopg.errors.InvalidCatalogName):  # the run ended before it was made
            administer(found.dsn, "ALTER DATABASE {} IS_TEMPLATE false", TEMPLATE)
        administer(found.dsn, "DROP DATABASE IF EXISTS {} WITH (FORCE)", TEMPLATE)
    shutil.rmtree(HOME, ignore_errors=True)
