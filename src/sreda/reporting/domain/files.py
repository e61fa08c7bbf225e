"""Forms out of files, and into them: what somebody made elsewhere, and what comes with us."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction

from sreda.kernel.api import Actor
from sreda.registry.api import Municipality, Organisation
from sreda.reporting.domain import drafts
from sreda.reporting.domain.dictionaries import add_dictionary
from sreda.reporting.domain.forms import NotReady, add_form, begin_draft, publish_version
from sreda.reporting.formats import FormFile, read_json
from sreda.reporting.forms import Option
from sreda.reporting.models import Dictionary, Form, FormVersion

SHIPPED = Path(__file__).resolve().parent.parent / "shipped"
_NAMED: Mapping[str, Any] = {"municipalities": Municipality, "organisations": Organisation}


def shipped() -> dict[str, Path]:
    """Forms that come with the system, by their codes."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.json"))}


@transaction.atomic
def take_in(
    file: FormFile,
    *,
    code: str = "",
    key: UUID | None = None,
    actor: Actor | None,
    at: datetime,
) -> tuple[Form, list[str]]:
    """A new form with a draft. Dictionaries that are not here yet come along. Also what of the
    audience is not in this registry: its codes."""
    missing = list(add_dictionaries(file, actor=actor, at=at))
    audience, unknown = here(file.audience)
    form = add_form(
        code=code or file.code,
        values={
            "title": file.title[:300],
            "kind": file.kind,
            "period_kind": file.period_kind,
            "basis": file.basis[:300],
            "about": file.about,
            "audience": audience,
        },
        schema=file.schema,
        key=key,
        actor=actor,
        at=at,
    )
    return form, [*missing, *unknown]


@transaction.atomic
def load_shipped(path: Path, *, actor: Actor | None, at: datetime) -> str:
    """Puts a form that comes with the system in force: "added"; "known" where there is one of
    this code already, which stays as it is; "draft" where it asks what another form here asks
    already, so that somebody has to decide."""
    file = read_json(path.read_text(encoding="utf-8"))
    if Form.objects.filter(code=file.code).exists():
        return "known"
    form, _unknown = take_in(file, actor=actor, at=at)
    draft = form.versions.get()
    try:
        publish_version(draft, edition=draft.edition, actor=actor, at=at)
    except NotReady:
        return "draft"
    return "added"


def load_all_shipped(*, actor: Actor | None, at: datetime) -> dict[str, str]:
    return {code: load_shipped(path, actor=actor, at=at) for code, path in shipped().items()}


@transaction.atomic
def replace_content(
    form: Form, file: FormFile, *, actor: Actor, at: datetime
) -> tuple[FormVersion, list[str]]:
    """The content of a file as the draft of a form that is here already."""
    missing = list(add_dictionaries(file, actor=actor, at=at))
    draft = begin_draft(form, actor=actor, at=at)
    saved = drafts.rewrite(draft, file.schema, edition=draft.edition, actor=actor, at=at)
    return saved.version, missing


def add_dictionaries(file: FormFile, *, actor: Actor | None, at: datetime) -> Iterator[str]:
    """Those that are not here; yields the codes of those that are, but with other options."""
    known = {d.code: d for d in Dictionary.objects.filter(code__in=list(file.dictionaries))}
    for code, (title, options) in file.dictionaries.items():
        here_too = known.get(code)
        if here_too is None:
            add_dictionary(code=code, title=title, options=options, actor=actor, at=at)
        elif {o["code"] for o in here_too.options} != {o.code for o in options}:
            yield code


def here(audience: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """An audience of a file with this registry's ids, and the codes that are not in it."""
    made = {part: list(named) for part, named in audience.items() if part not in _NAMED}
    unknown: list[str] = []
    for part, model in _NAMED.items():
        if codes := audience.get(part):
            found = dict(model.objects.filter(code__in=codes).values_list("code", "pk"))
            made[part] = [str(pk) for pk in found.values()]
            unknown += [code for code in codes if code not in found]
    return made, unknown


def portable(version: FormVersion) -> FormFile:
    form = version.form
    audience = dict(form.audience)
    for part, model in _NAMED.items():
        if ids := audience.get(part):
            rows = model.objects.filter(pk__in=ids).order_by("code")
            audience[part] = list(rows.values_list("code", flat=True))
    wanted = {f.dictionary for b in version.schema.blocks.values() for f in b.fields} - {""}
    dictionaries = {
        d.code: (d.title, tuple(Option(o["code"], o["title"]) for o in d.options))
        for d in Dictionary.objects.filter(code__in=wanted).order_by("code")
    }
    return FormFile(
        form.code, form.title, version.schema, form.kind, form.period_kind, form.basis, form.about,
        audience, dictionaries,
    )  # fmt: skip
