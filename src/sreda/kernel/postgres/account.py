"""The operating-system account that PostgreSQL runs as: never root."""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import PostgresError, _

CANDIDATES = ("sreda", "postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An account, and whether we must switch to it because we are root."""

    uid: int
    gid: int
    name: str
    switch: bool

    def run(
        self, command: Sequence[str | Path], *, cwd: Path, stdin: str = "", timeout: float = 3600
    ) -> subprocess.CompletedProcess[str]:
        """Run one PostgreSQL program to its end as this account; never raises on its status."""
        try:
            return subprocess.run(  # noqa: S603 - programs and arguments are ours
                [str(word) for word in command],
                cwd=cwd,
                env=environment(),
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout,
                **self.identity(),
            )
        except PermissionError as error:
            raise PostgresError(
                _("{path} cannot be run by the account {account}.").format(
                    path=command[0], account=self.name
                )
            ) from error

    def identity(self) -> dict[str, Any]:
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.switch:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def reaches(self, path: Path) -> bool:
        """May this account pass through every folder above `path`?"""
        return not self.switch or not self.obstacles(path)

    def obstacles(self, path: Path) -> list[Path]:
        found = []
        for folder in path.absolute().parents:
            try:
                facts = folder.stat()
            except FileNotFoundError:
                continue
            bit = (
                0o100 if facts.st_uid == self.uid else 0o010 if facts.st_gid == self.gid else 0o001
            )
            if not facts.st_mode & bit:
                found.append(folder)
        return found


def environment() -> dict[str, str]:
    """Ours without the PG* variables and locale, which would lead PostgreSQL's programs astray."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C", "LC_MESSAGES": "C"}


def choose_account(wanted: str = "", *, owner: int | None = None) -> Account:
    """The account for the server.

    Whoever runs us, unless that is root: then SREDA_POSTGRES_USER (`wanted`), else the `owner`
    of the data that is already there, else the first of CANDIDATES that exists.
    """
    if os.geteuid() != 0:
        return _account(pwd.getpwuid, os.geteuid(), switch=False)
    if wanted:
        found = (
            _account(pwd.getpwuid, int(wanted), switch=True)
            if wanted.isdigit()
            else _account(pwd.getpwnam, wanted, switch=True)
        )
        if found.uid == 0:
            raise PostgresError(_("SREDA_POSTGRES_USER must not be root."))
        return found
    if owner:
        return _account(pwd.getpwuid, owner, switch=True)
    names = {entry.pw_name for entry in pwd.getpwall()}
    for name in CANDIDATES:
        if name in names:
            return _account(pwd.getpwnam, name, switch=True)
    raise PostgresError(
        _(
            "The database may not run as root and no other account was found; "
            "create one and name it in SREDA_POSTGRES_USER."
        )
    )


def _account(lookup: Any, key: int | str, *, switch: bool) -> Account:
    try:
        entry = lookup(key)
    except KeyError as error:
        raise PostgresError(
            _("There is no account “{account}” in this system's list of users.").format(account=key)
        ) from error
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, switch)
