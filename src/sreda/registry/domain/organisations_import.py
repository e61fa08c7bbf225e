"""Taking over a table of organisations. There are few: each goes the way of a single change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel.api import Actor, StoredFile, audit, path_of, publish
from sreda.kernel.tables import HELD, Column, find_headings, read_rows
from sreda.registry import events
from sreda.registry.access import ORGANISATIONS
from sreda.registry.domain.changes import local_day
from sreda.registry.domain.organisations import add_organisation, change_organisation
from sreda.registry.enums import OrganisationKind, Ownership
from sreda.registry.models import (
    BadRow,
    ImportStatus,
    Municipality,
    Organisation,
    OrganisationsImport,
)

COLUMNS = (
    Column(
        "code",
        gettext_lazy("Organisation number"),
        required=True,
        aliases=("код", "код организации", "реестровый номер"),
    ),
    Column("kind", gettext_lazy("Kind"), aliases=("вид", "тип", "вид организации")),
    Column("ownership", gettext_lazy("Ownership"), aliases=("форма собственности",)),
    Column(
        "municipality",
        gettext_lazy("Municipality"),
        aliases=("муниципалитет", "муниципальное образование", "октмо"),
    ),
    Column("name", gettext_lazy("Full name"), aliases=("полное наименование",)),
    Column(
        "short_name",
        gettext_lazy("Short name"),
        aliases=("краткое наименование", "сокращённое наименование", "наименование"),
    ),
    Column("postcode", gettext_lazy("Postcode"), aliases=("индекс", "почтовый индекс")),
    Column("locality", gettext_lazy("Town or village"), aliases=("населённый пункт",)),
    Column("address", gettext_lazy("Street and house"), aliases=("адрес", "улица, дом")),
    Column("rural", gettext_lazy("Rural"), aliases=("сельская", "сельская местность")),
    Column("phone", gettext_lazy("Telephone"), aliases=("телефон",)),
    Column("email", gettext_lazy("E-mail"), aliases=("электронная почта",)),
    Column("website", gettext_lazy("Official site"), aliases=("сайт", "официальный сайт")),
    Column("since", gettext_lazy("Works since"), aliases=("работает с", "дата создания")),
)
KEYS = tuple(column.key for column in COLUMNS)
LABELS = {column.key: column.label for column in COLUMNS}
NEEDED = ("kind", "ownership", "municipality", "name", "short_name", "locality", "since")
KINDS = {
    "школа": "school", "общеобразовательная организация": "school",
    "колледж": "college", "техникум": "college",
    "профессиональная образовательная организация": "college",
} | {str(kind): str(kind) for kind in OrganisationKind}  # fmt: skip
OWNERSHIPS = {
    "муниципальная": "municipal", "государственная": "state",
    "частная": "private", "негосударственная": "private",
} | {str(item): str(item) for item in Ownership}  # fmt: skip
YES_NO = {"да": True, "нет": False, "yes": True, "no": False, "": False}

Cells = dict[str, str]
Fault = list[str]  # column, value, what is wrong


@dataclass(slots=True)
class Judged:
    """A row with what it means: `differing` are old and new values where it changes something."""

    line: int
    cells: Cells
    values: dict[str, Any]
    organisation: Organisation | None
    differing: dict[str, tuple[Any, Any]]
    faults: list[Fault]

    @property
    def state(self) -> str:
        if self.faults:
            return "bad"
        if self.organisation is None:
            return "new"
        return "changed" if self.differing else "unchanged"


def stage_organisations(file: StoredFile, *, actor: Actor, at: datetime) -> OrganisationsImport:
    """Read, check and compare a table; nothing in the registry changes."""
    ORGANISATIONS.require(actor, "import")
    source = read_rows(path_of(file), file.name, HELD)
    headings = find_headings(source, COLUMNS)
    rows: list[tuple[int, Cells]] = []
    for line, row in source:
        cells = {
            key: " ".join(row[place].split()) if place < len(row) else ""
            for key, place in headings.places.items()
        }
        rows.append((line, cells))
    with transaction.atomic():
        imported = OrganisationsImport(
            file=file, staged_at=at, staged_by=actor.user_id, staged_by_name=actor.name,
            columns=sorted(headings.places, key=KEYS.index),
        )  # fmt: skip
        judged = list(_judge(rows, at=at))
        _count(imported, judged)
        imported.rows = [[item.line, item.cells] for item in judged if not item.faults]
        imported.save()
        BadRow.objects.bulk_create(
            BadRow(
                organisations_import=imported,
                line=item.line,
                cells=item.cells,
                faults=item.faults,
            )
            for item in judged
            if item.faults
        )
        audit(
            "registry.organisations_import.staged",
            imported,
            actor=actor,
            at=at,
            file=file.sha256,
            **_counts(imported),
        )
    return imported


def apply_organisations(
    imported: OrganisationsImport, *, actor: Actor, at: datetime, only_good: bool
) -> OrganisationsImport:
    """Take over the good rows, all in one transaction; an applied import stays as it is."""
    ORGANISATIONS.require(actor, "import")
    with transaction.atomic():
        imported = OrganisationsImport.objects.select_for_update().get(pk=imported.pk)
        if imported.status == ImportStatus.APPLIED:
            return imported
        if imported.status == ImportStatus.CANCELLED:
            raise ValidationError(_("This import was dropped: hand the table in again."))
        judged = list(_judge(imported.rows, at=at))
        stale = [item for item in judged if item.faults]
        bad = imported.bad_rows.count() + len(stale)
        if bad and not only_good:
            raise ValidationError(
                _("%(count)s rows are faulty. Mend them, or take over only the good ones.")
                % {"count": bad}
            )
        reason = _("Import “%(file)s”") % {"file": imported.file.name}
        for item in judged:
            if item.state == "new":
                add_organisation(values=item.values, actor=actor, at=at, reason=reason)
            elif item.state == "changed" and item.organisation:
                change_organisation(
                    item.organisation,
                    edition=item.organisation.edition,
                    values=item.values,
                    effective_on=local_day(at),
                    actor=actor,
                    at=at,
                    reason=reason,
                )
        _count(imported, judged)
        imported.bad = bad
        _close(imported, ImportStatus.APPLIED, actor, at)
        audit(
            "registry.organisations_import.applied",
            imported,
            actor=actor,
            at=at,
            file=imported.file.sha256,
            **_counts(imported),
        )
        publish(
            events.OrganisationsImported(
                import_id=imported.pk, new=imported.new, changed=imported.changed
            ),
            at=at,
        )
    return imported


def cancel_organisations(
    imported: OrganisationsImport, *, actor: Actor | None, at: datetime
) -> OrganisationsImport:
    with transaction.atomic():
        imported = OrganisationsImport.objects.select_for_update().get(pk=imported.pk)
        if imported.status == ImportStatus.APPLIED:
            raise ValidationError(_("This import was taken over already."))
        if imported.status == ImportStatus.STAGED:
            _close(imported, ImportStatus.CANCELLED, actor, at)
            audit("registry.organisations_import.cancelled", imported, actor=actor, at=at)
    return imported


def preview_organisations(imported: OrganisationsImport, *, at: datetime) -> list[Judged]:
    """Rows that would add or change an organisation as the registry is now."""
    return [i for i in _judge(imported.rows, at=at) if i.state in {"new", "changed"}]


def bad_organisations(imported: OrganisationsImport) -> models.QuerySet[BadRow]:
    return imported.bad_rows.all()


def bad_organisations_table(imported: OrganisationsImport) -> Iterator[list[str]]:
    """The bad rows as a table that can be mended and handed in again: reasons come last."""
    keys = imported.columns
    yield [_("Line of the file"), *(str(LABELS[key]) for key in keys), _("What is wrong")]
    for row in bad_organisations(imported):
        reasons = "; ".join(f"{LABELS[key]}: {text}" for key, _value, text in row.faults)
        yield [str(row.line), *(row.cells.get(key, "") for key in keys), reasons]


# Judging rows.


def _judge(rows: Iterable[Any], *, at: datetime) -> Iterator[Judged]:
    rows = list(rows)
    known = {
        o.code: o
        for o in Organisation.objects.filter(
            code__in=[cells["code"] for _line, cells in rows]
        ).select_related("municipality")
    }
    places: dict[str, Municipality] = {}
    for municipality in Municipality.objects.all():
        places[municipality.code] = places[municipality.name.lower()] = municipality
    seen: dict[str, int] = {}
    for line, cells in rows:
        organisation = known.get(cells["code"])
        values, faults = _read(cells, places, at)
        if cells["code"] in seen:
            text = _("Line %(line)s has the same number.") % {"line": seen[cells["code"]]}
            faults.append(["code", cells["code"], text])
        seen.setdefault(cells["code"], line)
        if organisation is None:
            faults += [[key, "", _("The cell is empty.")] for key in NEEDED if not cells.get(key)]
        else:
            faults += [[key, "", _("The cell is empty.")] for key in NEEDED if cells.get(key) == ""]
        if not faults:
            faults += _checked(values, organisation)
        differing = {}
        if organisation is not None:
            differing = {
                key: (getattr(organisation, key), value)
                for key, value in values.items()
                if getattr(organisation, key) != value
            }
        yield Judged(line, cells, values, organisation, differing, faults)


def _read(
    cells: Cells, places: dict[str, Municipality], at: datetime
) -> tuple[dict[str, Any], list[Fault]]:
    """Cells as values of the model, and those that cannot be read."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for key, text in cells.items():
        if key in NEEDED and not text:
            continue
        value: Any = text
        wrong = ""
        if key == "code" and not text:
            wrong = _("The cell is empty.")
        elif key == "kind":
            value = KINDS.get(text.lower())
            wrong = "" if value else _("There is no such kind of organisation.")
        elif key == "ownership":
            value = OWNERSHIPS.get(text.lower())
            wrong = "" if value else _("There is no such form of ownership.")
        elif key == "municipality":
            value = places.get(text.lower())
            wrong = "" if value else _("There is no such municipality.")
        elif key == "rural":
            value = YES_NO.get(text.lower())
            wrong = _("Write “да” or “нет”.") if value is None else ""
        elif key == "since":
            value = _day(text)
            if value is None:
                wrong = _("This is not a day: write 31.12.2015 or 2015-12-31.")
            elif value > local_day(at):
                wrong = _("This day has not come yet.")
        if wrong:
            faults.append([key, text, wrong])
        else:
            values[key] = value
    return values, faults


def _day(text: str) -> date | None:
    for form in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007 - a calendar day
        except ValueError:
            continue
        return found if found.year >= 1700 else None
    return None


def _checked(values: dict[str, Any], organisation: Organisation | None) -> list[Fault]:
    """What the model itself finds wrong."""
    draft = copy(organisation) if organisation else Organisation()
    for key, value in values.items():
        setattr(draft, key, value)
    try:
        draft.full_clean(exclude=["id"], validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        return [
            [key if key in LABELS else "code", str(values.get(key, "")), " ".join(texts)]
            for key, texts in error.message_dict.items()
        ]
    postcode = draft.postcode
    if postcode and not (len(postcode) == 6 and postcode.isascii() and postcode.isdigit()):
        return [["postcode", postcode, _("A postcode has six digits.")]]
    return []


def _count(imported: OrganisationsImport, judged: list[Judged]) -> None:
    states = [item.state for item in judged]
    imported.new, imported.changed, imported.unchanged, imported.bad = (
        states.count(state) for state in ("new", "changed", "unchanged", "bad")
    )
    imported.total = max(imported.total, len(states))


def _counts(imported: OrganisationsImport) -> dict[str, int]:
    names = ("total", "new", "changed", "unchanged", "bad")
    return {name: getattr(imported, name) for name in names}


def _close(imported: OrganisationsImport, status: str, actor: Actor | None, at: datetime) -> None:
    imported.status = status
    imported.closed_at, imported.closed_by = at, actor.user_id if actor else None
    imported.closed_by_name = actor.name if actor else ""
    imported.save()
