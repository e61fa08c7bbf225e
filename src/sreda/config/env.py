"""Where an installation lives and what its environment says."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def home() -> Path:
    """The installation's own folder: database, files, keys (`SREDA_HOME`)."""
    configured = os.environ.get("SREDA_HOME")
    path = Path(configured) if configured else Path.home() / ".local/share/sreda"
    return path.expanduser().absolute()


def flag(name: str, default: bool = False) -> bool:
    value = os.environ.get(name)
    return default if value is None else value.strip().lower() in {"1", "true", "yes", "on"}


def number(name: str, default: int) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or len(text) > 9:
        raise ImproperlyConfigured(f"{name}={text!r}")
    return int(text)


def words(name: str, default: str = "") -> list[str]:
    return [word for word in os.environ.get(name, default).replace(",", " ").split() if word]


def address(name: str) -> str:
    """An http(s) address, or `/` for the site's own."""
    text = os.environ.get(name, "").strip()
    if text not in {"", "/"} and not re.fullmatch(r"https?://[\w.\-\[\]:]+(/[\w.\-/]*)?", text):
        raise ImproperlyConfigured(f"{name}={text!r}")
    return text


def kept_secret(name: str) -> str:
    """A random secret made once per installation and kept readable by its owner alone."""
    path = home() / "keys" / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        value = secrets.token_urlsafe(48)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:  # another process was first
            return path.read_text().strip()
        with os.fdopen(descriptor, "w") as file:
            file.write(value)
        return value
