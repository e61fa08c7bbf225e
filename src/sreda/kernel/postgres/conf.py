"""The server's configuration files.

Sized for two processors and 4 GB with web, worker and database on one machine. Whoever wants
others writes them into `sreda.conf` beside the data, which is read last.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from pathlib import Path

from .account import Account

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "superuser_reserved_connections": "3",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "autovacuum_max_workers": "2",
    # A container's /dev/shm is often 64 MB, too little for parallel plans; two processors
    # carrying web and worker too gain nothing from them.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "max_worker_processes": "4",
    "jit": "off",
    "random_page_cost": "1.1",
    "effective_io_concurrency": "16",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "lc_messages": "'C'",
    "default_text_search_config": "'pg_catalog.russian'",
    "idle_in_transaction_session_timeout": "'15min'",
    "logging_collector": "on",
    "log_filename": "'postgresql-%a.log'",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_line_prefix": "'%m [%p] %q%u@%d '",
    "log_lock_waits": "on",
    "log_min_duration_statement": "'2s'",
}
THROW_AWAY: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "autovacuum": "off",
}
OWN = "sreda.conf"
OWN_TEXT = """\
# Your own PostgreSQL settings for Sreda: they win over the built-in ones.
# A restart applies them (stop `sreda up` and start it again). Example:
# shared_buffers = 1GB
"""


def write_conf(
    data: Path, *, account: Account, socket: Path, log: Path, own: Path, extra: Mapping[str, str]
) -> None:
    """Lay out postgresql.conf, pg_hba.conf and pg_ident.conf; called before every start."""
    settings = {
        **SETTINGS,
        "unix_socket_directories": quoted(socket),
        "log_directory": quoted(log),
        **extra,
    }
    lines = ["# Written by Sreda before every start: put changes into " + str(own)]
    lines += [f"{name} = {value}" for name, value in settings.items()]
    lines += [f"include_if_exists = {quoted(own)}"]
    _write(data / "postgresql.conf", lines, account)
    # Analysts come with a password (from other machines where listen_addresses lets them).
    rules = [
        f"{kind} scram-sha-256" for kind in ("local all /^analyst_", "host all /^analyst_ all")
    ]
    _write(data / "pg_hba.conf", [*rules, "local all all peer map=sreda"], account)
    # Root may join a server that another account started: it reads everything anyway.
    people = dict.fromkeys([account.name, pwd.getpwuid(0).pw_name])
    maps = [f'sreda "{person}" {role}' for person in people for role in ("sreda", "postgres")]
    _write(data / "pg_ident.conf", maps, account)


def quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _write(path: Path, lines: list[str], account: Account) -> None:
    text = "\n".join(lines) + "\n"
    if path.exists() and path.read_text() == text:
        return
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with part.open("x") as file:  # "x" follows no link that the account may have left there
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.chmod(0o600)
    account.own(part)
    part.replace(path)
