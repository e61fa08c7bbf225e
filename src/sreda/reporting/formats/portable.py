"""A form as one JSON file: card, schema and the dictionaries it uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sreda.reporting.forms import Option, Schema, SchemaError, from_json, to_json
from sreda.reporting.forms.schema import CODE, gettext_noop

FORMAT = 1
LARGEST = 5 * 1024 * 1024
_TEXTS = ("title", "kind", "period_kind", "basis", "about")
_KINDS = {"report", "survey"}
_PERIODS = {"once", "day", "month", "quarter", "year", "school_year"}


@dataclass(frozen=True, slots=True)
class FormFile:
    """`audience` names municipalities and organisations by their codes: ids differ between
    installations."""

    code: str
    title: str
    schema: Schema
    kind: str = "report"
    period_kind: str = "year"
    basis: str = ""
    about: str = ""
    audience: Mapping[str, Any] = field(default_factory=dict)
    dictionaries: Mapping[str, tuple[str, tuple[Option, ...]]] = field(default_factory=dict)


def write_json(form: FormFile) -> str:
    content = {
        "sreda": "form",
        "format": FORMAT,
        "code": form.code,
        **{name: getattr(form, name) for name in _TEXTS if getattr(form, name)},
        "audience": dict(form.audience),
        "dictionaries": [
            {"code": code, "title": title, "options": [to_json(o) for o in options]}
            for code, (title, options) in form.dictionaries.items()
        ],
        "schema": to_json(form.schema),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def read_json(text: str | bytes) -> FormFile:
    """SchemaError names the place of the first part that cannot be read."""
    if len(text) > LARGEST:
        raise SchemaError("form", gettext_noop("the file is larger than %(limit)s MB"),
                          limit=LARGEST // 1024 // 1024)  # fmt: skip
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise SchemaError(
            "form", gettext_noop("not JSON: line %(line)s, column %(column)s"),
            line=error.lineno, column=error.colno,
        ) from None  # fmt: skip
    except (UnicodeDecodeError, RecursionError):
        raise SchemaError("form", gettext_noop("not a JSON text in UTF-8")) from None
    if not isinstance(found, dict) or found.get("sreda") != "form":
        raise SchemaError("form", gettext_noop("not a form of this system"))
    if found.get("format") != FORMAT:
        raise SchemaError("form", gettext_noop("written by a newer version of the system"))
    if unknown := found.keys() - {
        "sreda", "format", "code", "schema", "audience", "dictionaries", *_TEXTS,
    }:  # fmt: skip
        raise SchemaError("form", gettext_noop("unknown: %(names)s"),
                          names=", ".join(sorted(map(str, unknown))))  # fmt: skip
    texts = {name: _text(found, name) for name in _TEXTS if name in found}
    for name, allowed in (("kind", _KINDS), ("period_kind", _PERIODS)):
        if texts.get(name, next(iter(allowed))) not in allowed:
            raise SchemaError(f"form.{name}", gettext_noop("“%(value)s” is not possible here"),
                              value=texts[name][:60])  # fmt: skip
    code = _text(found, "code")
    if not CODE.match(code):
        raise SchemaError(
            "form.code",
            gettext_noop("a code is a Latin letter, then letters, digits, _ (40 at most)"),
        )
    if not texts.get("title", "").strip():
        raise SchemaError("form.title", gettext_noop("has no title"))
    return FormFile(
        code=code,
        schema=from_json(found.get("schema", {})),
        audience=_audience(found.get("audience", {})),
        dictionaries=_dictionaries(found.get("dictionaries", [])),
        **texts,
    )


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name, "")
    if not isinstance(value, str):
        raise _unexpected(f"form.{name}", "str", value)
    return value


def _audience(value: Any) -> dict[str, list[str]]:
    if not isinstance(value, dict):
        raise _unexpected("form.audience", "object", value)
    for name, part in value.items():
        if not isinstance(part, list) or not all(isinstance(item, str) for item in part):
            raise _unexpected(f"form.audience.{name}", "list", part)
    return value


def _dictionaries(value: Any) -> dict[str, tuple[str, tuple[Option, ...]]]:
    if not isinstance(value, list):
        raise _unexpected("form.dictionaries", "list", value)
    found = {}
    for number, item in enumerate(value):
        place = f"form.dictionaries[{number}]"
        if not isinstance(item, dict):
            raise _unexpected(place, "object", item)
        code, options = _text(item, "code"), item.get("options", [])
        if not isinstance(options, list):
            raise _unexpected(f"{place}.options", "list", options)
        read = []
        for option in options:
            if not (
                isinstance(option, dict)
                and isinstance(option.get("code"), str)
                and isinstance(option.get("title"), str)
            ):
                raise SchemaError(f"{place}.options", gettext_noop("lacks: %(names)s"),
                                  names="code, title")  # fmt: skip
            read.append(Option(option["code"], option["title"]))
        found[code] = (_text(item, "title") or code, tuple(read))
    return found


def _unexpected(place: str, wanted: str, value: object) -> SchemaError:
    return SchemaError(
        place,
        gettext_noop("expected %(wanted)s, got %(got)s"),
        wanted=wanted,
        got=type(value).__name__,
    )
