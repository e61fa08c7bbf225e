"""Words for the terminal: translated before Django is set up, and without it.

The catalogues are the apps' own (`<app>/locale/ru/LC_MESSAGES/django.mo`). The language is
SREDA_LANGUAGE, else that of the shell's locale; a shell that names none gets Russian.
"""

from __future__ import annotations

import gettext
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent


def language() -> str:
    """`ru` or `en`: the languages that Sreda speaks."""
    for name in ("SREDA_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        word = value.split(":")[0].split(".")[0].split("_")[0].lower()
        if word and word not in {"c", "posix"}:
            return "ru" if word == "ru" else "en"
    return "ru" if speaks_cyrillic() else "en"


def speaks_cyrillic() -> bool:
    try:
        "Среда✓".encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


@lru_cache
def _catalogue(app: str, lang: str) -> gettext.NullTranslations:
    folder = PACKAGE / app / "locale"
    return gettext.translation("django", folder, languages=[lang], fallback=True)


def translator(app: str) -> Callable[[str], str]:
    """The `_` of one app (`kernel`, `config`); the language is looked up at each call."""

    def translate(text: str) -> str:
        return _catalogue(app, language()).gettext(text)

    return translate
