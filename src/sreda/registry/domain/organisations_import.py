"""A table of organisations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel.api import Actor
from sreda.kernel.tables import Column
from sreda.registry import events
from sreda.registry.access import ORGANISATIONS
from sreda.registry.domain.changes import local_day
from sreda.registry.domain.organisations import add_organisation, change_organisation
from sreda.registry.domain.table_import import Cells, Fault, Judged, Table, day_of
from sreda.registry.enums import OrganisationKind, Ownership
from sreda.registry.models import Municipality, Organisation

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

# Judging rows.


def _judge(rows: Iterable[tuple[int, Cells]], _actor: Actor, at: datetime) -> Iterator[Judged]:
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
        yield Judged(
            line, cells, values, organisation, differing, faults,
            name=cells.get("short_name") or str(organisation or cells["code"]),
            place=cells["code"],
        )  # fmt: skip


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
            wrong = (
                ""
                if value
                else _(
                    "There is no such municipality; the operator adds it under “Municipalities”."
                )
            )
        elif key == "rural":
            value = YES_NO.get(text.lower())
            wrong = _("Write “да” or “нет”.") if value is None else ""
        elif key == "since":
            value = day_of(text)
            if value is None:
                wrong = _("This is not a day: write 31.12.2015 or 2015-12-31.")
            elif value > local_day(at):
                wrong = _("This day has not come yet.")
        if wrong:
            faults.append([key, text, wrong])
        else:
            values[key] = value
    return values, faults


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


def _write(item: Judged, actor: Actor, at: datetime, reason: str) -> None:
    if item.thing is None:
        add_organisation(values=item.values, actor=actor, at=at, reason=reason)
        return
    change_organisation(
        item.thing,
        edition=item.thing.edition,
        values=item.values,
        effective_on=local_day(at),
        actor=actor,
        at=at,
        reason=reason,
    )


ORGANISATIONS_TABLE = Table(
    name="organisations",
    columns=COLUMNS,
    access=ORGANISATIONS,
    action="import",
    judge=_judge,
    write=_write,
    told=lambda imported: events.OrganisationsImported(
        import_id=imported.pk, new=imported.new, changed=imported.changed
    ),
)
