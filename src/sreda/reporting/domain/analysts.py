"""Accounts of analysts in the database: they read the schema `analytics`, and nothing else."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime

import psycopg
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.utils.translation import gettext as _
from psycopg import sql

from sreda.kernel.api import audit
from sreda.kernel.postgres import target

PREFIX = "analyst_"
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}\Z")
TIMEOUT = "60s"
CONNECTIONS = 3


@dataclass(frozen=True, slots=True)
class Account:
    """The password is told once and kept nowhere but, hashed, in the database."""

    role: str
    password: str
    until: date | None


@transaction.atomic
def add_analyst(name: str, *, until: date | None, at: datetime) -> Account:
    """Make the account, or give an existing one a new password and term.

    ValidationError where the name cannot be, or our own account may not make others.
    """
    role = _role(name)
    password = secrets.token_urlsafe(18)
    audit("reporting.analyst.added", actor=None, at=at, role=role, until=until)
    verb = "ALTER" if _exists(role) else "CREATE"
    term = sql.SQL(" VALID UNTIL {}").format(
        sql.Literal(until.isoformat() if until else "infinity")
    )
    _run(
        sql.SQL(verb + " ROLE {} LOGIN PASSWORD {} NOSUPERUSER NOCREATEDB NOCREATEROLE"
                " NOREPLICATION NOBYPASSRLS CONNECTION LIMIT {}").format(
            sql.Identifier(role), sql.Literal(password), sql.Literal(CONNECTIONS)
        ) + term,
        *(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(role), sql.Identifier(setting), sql.Literal(value)
            )
            for setting, value in (
                ("statement_timeout", TIMEOUT),
                ("idle_in_transaction_session_timeout", TIMEOUT),
                ("default_transaction_read_only", "on"),
                ("search_path", "analytics"),
            )
        ),
        sql.SQL("GRANT USAGE ON SCHEMA analytics TO {}").format(sql.Identifier(role)),
        sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO {}").format(
            sql.Identifier(role)
        ),
    )  # fmt: skip
    return Account(role, password, until)


@transaction.atomic
def drop_analyst(name: str, *, at: datetime) -> str:
    role = _role(name)
    if not _exists(role):
        raise ValidationError(_("There is no analyst %s.") % name)
    audit("reporting.analyst.dropped", actor=None, at=at, role=role)
    _run(
        sql.SQL("DROP OWNED BY {}").format(sql.Identifier(role)),
        sql.SQL("DROP ROLE {}").format(sql.Identifier(role)),
    )
    return role


def _role(name: str) -> str:
    if not NAME.match(name):
        raise ValidationError(
            _("A name is a small Latin letter, then letters, digits, _ (at most 41).")
        )
    return PREFIX + name


def _exists(role: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
        return cursor.fetchone() is not None


def _run(*statements: sql.Composable) -> None:
    """As the account that may: our own, or the superuser of the server that is our own."""
    text = [statement.as_string() for statement in statements]
    try:
        if _may_make_roles() or (cluster := target().cluster) is None:
            with connection.cursor() as cursor:
                for line in text:
                    cursor.execute(line)
            return
        database = connection.settings_dict["NAME"]
        with psycopg.connect(cluster.dsn(database, "postgres")) as superuser:
            for line in text:
                superuser.execute(line)  # type: ignore[call-overload]
    except (ProgrammingError, psycopg.Error) as error:
        raise ValidationError(
            _("The database account of this installation may not make other accounts: %s")
            % str(error).strip().splitlines()[0]
        ) from error


def _may_make_roles() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        row = cursor.fetchone()
        return bool(row and row[0])
