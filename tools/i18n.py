#!/usr/bin/env python3
"""Message catalogues by Babel alone: no system gettext is needed.

    python dev.py i18n            extract new texts into every app's ru catalogue
    python dev.py i18n compile    make the .mo files (only where the .po is newer)
    python dev.py i18n check      exit 1 where a text is missing, untranslated, fuzzy, or put
                                  differently in two apps

Each app has one catalogue, src/sreda/<app>/locale/ru/LC_MESSAGES/django.po. The texts in the
sources are English, so English needs none. Django puts all of them into one: of two wordings of
a text the first app's wins everywhere. A text that means two things is given a context.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src/sreda"
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "_": None,
}


def apps() -> list[Path]:
    return sorted(p.parent for p in SOURCE.glob("*/__init__.py"))


def catalogue_path(app: Path) -> Path:
    return app / "locale/ru/LC_MESSAGES/django.po"


def extracted(app: Path) -> Iterator[tuple[str, int, object, list[str], str | None]]:
    from babel.messages.extract import extract
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure(USE_I18N=True)
    for path in sorted(app.rglob("*")):
        if "node_modules" in path.parts or "migrations" in path.parts:
            continue
        if path.suffix == ".py":
            source = path.read_bytes()
        elif path.suffix in {".html", ".txt", ".svg"} and "templates" in path.parts:
            told = templatize(path.read_text(encoding="utf-8"), origin=str(path))
            # what is left of the layout must not look like Python's indentation
            source = "\n".join(line.lstrip() for line in told.split("\n")).encode()
        else:
            continue
        place = path.relative_to(SOURCE).as_posix()
        found = extract("python", io.BytesIO(source), keywords=KEYWORDS)  # type: ignore[arg-type]
        for line, message, comments, context in found:
            yield place, line, message, comments, context


def template_of(app: Path):
    from babel.messages.catalog import Catalog

    catalogue = Catalog(locale="ru", project="Sreda", fuzzy=False)
    for place, _line, message, comments, context in extracted(app):
        catalogue.add(message, locations=[(place, None)], context=context, auto_comments=comments)
    return catalogue


def read(path: Path):
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        return read_po(file, locale="ru")


def update() -> int:
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import write_po

    for app in apps():
        template, path = template_of(app), catalogue_path(app)
        if not len(template):
            continue
        kept = read(path) if path.exists() else Catalog(locale="ru", project="Sreda")
        kept.update(template, no_fuzzy_matching=True)
        kept.header_comment, kept.fuzzy = "#", False
        kept.obsolete.clear()
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        write_po(buffer, kept, width=100, sort_output=True, include_lineno=False,
                 omit_header=False, ignore_obsolete=True)  # fmt: skip
        text = "\n".join(
            line
            for line in buffer.getvalue().decode().splitlines()
            if not line.startswith(('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By'))
        )
        path.write_text(text.rstrip() + "\n", encoding="utf-8")
        print(f"{app.name}: {len(template)} texts, {len(missing(kept))} without Russian")
    return 0


def missing(catalogue) -> list[str]:
    return [
        str(message.id)
        for message in catalogue
        if message.id
        and (message.fuzzy or not (all(message.string) if message.pluralizable else message.string))
    ]


def contradictions(catalogues: dict[str, object]) -> Iterator[str]:
    """Texts with one context that are put differently, by app -> catalogue."""
    wordings: dict[tuple[object, object], dict[object, list[str]]] = {}
    for name, catalogue in catalogues.items():
        for message in catalogue:  # type: ignore[attr-defined]
            said = message.string
            if message.id and (all(said) if message.pluralizable else said):
                found = wordings.setdefault((message.context, message.id), {})
                found.setdefault(said, []).append(name)
    for (context, text), found in wordings.items():
        if len(found) > 1:
            place = f" (context {context!r})" if context else ""
            said = "; ".join(f"{', '.join(names)}: {words!r}" for words, names in found.items())
            yield f"{text!r}{place} is put differently: {said}"


def check() -> int:
    faults = 0
    catalogues = {a.name: read(catalogue_path(a)) for a in apps() if catalogue_path(a).exists()}
    for fault in contradictions(catalogues):
        faults += 1
        print(fault)
    for app in apps():
        template, path = template_of(app), catalogue_path(app)
        if not len(template):
            continue
        kept = read(path) if path.exists() else template
        absent = [m.id for m in template if m.id and not kept.get(m.id, m.context)]
        for text in [*absent, *missing(kept)]:
            faults += 1
            print(f"{app.name}: no Russian for {text!r}")
    return 1 if faults else 0


def compile_all() -> int:
    from babel.messages.mofile import write_mo

    for app in apps():
        path = catalogue_path(app)
        target = path.with_suffix(".mo")
        if path.exists() and (not target.exists() or target.stat().st_mtime < path.stat().st_mtime):
            with target.open("wb") as file:
                write_mo(file, read(path))
    return 0


if __name__ == "__main__":
    commands = {"update": update, "compile": compile_all, "check": check}
    sys.exit(commands[sys.argv[1] if len(sys.argv) > 1 else "update"]())
