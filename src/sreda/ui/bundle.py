"""Finds the built front-end files through Vite's manifest."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import Any

from django.templatetags.static import static

FOLDER = Path(__file__).resolve().parent / "static" / "ui"
ENTRY = "src/main.ts"


class NotBuilt(RuntimeError):
    pass


def manifest() -> dict[str, Any]:
    """Read again when the file has changed, so that a rebuild needs no restart."""
    return _manifest(_changed(int(monotonic())))


def url(key: str) -> str:
    return _url(key, _changed(int(monotonic())))


def styles() -> list[str]:
    return [static("ui/" + name) for name in manifest()[ENTRY]["css"]]


def fonts() -> list[str]:
    return [static("ui/" + n) for n in manifest()[ENTRY]["assets"] if n.endswith(".woff2")]


@lru_cache(maxsize=1)
def _changed(second: int) -> int:
    """When the manifest was written; looked at once a second, as a page asks a dozen times."""
    try:
        return (FOLDER / "manifest.json").stat().st_mtime_ns
    except FileNotFoundError:
        raise NotBuilt("The front end is not built: run `python dev.py build`") from None


@lru_cache(maxsize=2)
def _manifest(changed: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text())
    return found


@lru_cache(maxsize=100)
def _url(key: str, changed: int) -> str:
    return static("ui/" + _manifest(changed)[key]["file"])


def icon_names() -> set[str]:
    """Icons the built sprite holds."""
    import re

    sprite = FOLDER / manifest()["icons.svg"]["file"]
    return set(re.findall(r'<symbol id="([\w-]+)"', sprite.read_text()))
