"""Whose portal this is: the region's name, imprint and contacts, from a file of the installation.

`SREDA_SITE` names the file; otherwise it is `site.json` in the installation's folder. Without
one the portal stands under the system's own name. docs/site.md describes the fields.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

log = logging.getLogger(__name__)

LICENCE = "Creative Commons Attribution 4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"


@dataclass(frozen=True, slots=True)
class Site:
    region: str = ""
    title: str = ""
    founder: str = ""
    editor: str = ""
    registration: str = ""
    age_mark: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""
    licence: str = LICENCE
    licence_url: str = LICENCE_URL

    @property
    def has_imprint(self) -> bool:
        return bool(self.registration or self.founder)


def site() -> Site:
    path = Path(settings.SITE_FILE)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError:
        return Site()


def use_example(name: str) -> bool:
    """Give the installation one of the shipped files, unless it has its own; True if given."""
    path = Path(settings.SITE_FILE)
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((Path(__file__).parent / "sites" / f"{name}.json").read_bytes())
    return True


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> Site:
    """Unknown fields and those that are not text are left out, with a line in the log."""
    try:
        given: Any = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        log.error("%s cannot be read: %s", path, error)
        return Site()
    if not isinstance(given, dict):
        log.error("%s must hold one object", path)
        return Site()
    known = {field.name for field in fields(Site)}
    for name in given:
        if name not in known or not isinstance(given[name], str):
            log.warning("%s: field %r is not known or is not text", path, name)
    return Site(**{k: v for k, v in given.items() if k in known and isinstance(v, str)})
