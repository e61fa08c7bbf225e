"""Where an installation lives and what its environment says."""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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


def zone(name: str, default: str) -> str:
    """A time zone's name, such as Asia/Novokuznetsk."""
    text = os.environ.get(name, "").strip() or default
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ImproperlyConfigured(f"{name}={text!r}") from error
    return text


def providers(name: str) -> list[dict[str, Any]]:
    """The list of OpenID Connect providers in the file that the variable names."""
    path = os.environ.get(name, "").strip()
    if not path:
        return []
    try:
        told = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{name}={path!r}: {error}") from error
    if not isinstance(told, list):
        raise ImproperlyConfigured(f"{name}={path!r}: [{{…}}, …]")
    for number_, one in enumerate(told, 1):
        known = one if isinstance(one, dict) else {}
        absent = [key for key in ("provider_id", "name", "client_id") if not known.get(key)]
        more = known.get("settings")
        if not isinstance(more, dict) or not urlsplit(str(more.get("server_url", ""))).netloc:
            absent.append("settings.server_url")
        if absent:
            raise ImproperlyConfigured(f"{name}={path!r}, {number_}: {', '.join(absent)}?")
    return told


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
