"""A table of municipalities: what a region of its own begins with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel.api import Actor
from sreda.kernel.tables import Column
from sreda.registry.access import MUNICIPALITIES
from sreda.registry.domain import records
from sreda.registry.domain.municipalities import NOUN, add_municipality
from sreda.registry.domain.table_import import Cells, Judged, Table, twice
from sreda.registry.enums import MunicipalityKind
from sreda.registry.models import Municipality

COLUMNS = (
    Column("code", gettext_lazy("Code"), required=True, aliases=("код", "октмо", "код октмо")),
    Column(
        "name",
        gettext_lazy("Name"),
        required=True,
        aliases=("название", "наименование", "муниципалитет", "муниципальное образование"),
    ),
    Column("kind", gettext_lazy("Kind"), required=True, aliases=("вид", "тип")),
)
KINDS = {
    "городской округ": "urban", "город": "urban", "муниципальный район": "district",
    "муниципальный округ": "district", "район": "district",
} | {str(kind): str(kind) for kind in MunicipalityKind}  # fmt: skip


def _judge(rows: Iterable[tuple[int, Cells]], _actor: Actor, _at: datetime) -> Iterator[Judged]:
    known = {m.code: m for m in Municipality.objects.all()}
    named = {m.name.lower(): m.code for m in known.values()}
    codes: dict[Any, int] = {}
    names: dict[Any, int] = {}
    for line, cells in rows:
        code, name = cells.get("code", ""), cells.get("name", "")
        item = Judged(line, cells, thing=known.get(code), name=name, place=code)
        item.values = {"code": code, "name": name, "kind": KINDS.get(cells["kind"].lower())}
        item.faults += [[key, "", _("The cell is empty.")] for key in cells if not cells[key]]
        if cells["kind"] and item.values["kind"] is None:
            text = _("Write “городской округ” or “муниципальный район”.")
            item.faults.append(["kind", cells["kind"], text])
        if named.get(name.lower(), code) != code:
            item.faults.append(["name", name, _("Another municipality has this name.")])
        twice(item, codes, code, "code")
        twice(item, names, name.lower(), "name")
        if not item.faults:
            item.faults += _too_long(item.values)
        item.compare()
        yield item


def _too_long(values: dict[str, Any]) -> list[list[str]]:
    try:
        Municipality(**values).full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        return [[key, values[key], " ".join(said)] for key, said in error.message_dict.items()]
    return []


def _write(item: Judged, actor: Actor, at: datetime, reason: str) -> None:
    if item.thing is None:
        add_municipality(values=item.values, actor=actor, at=at, reason=reason)
    else:
        records.correct_unseen(
            NOUN, item.thing, values=item.values, actor=actor, at=at, reason=reason
        )


MUNICIPALITIES_TABLE = Table(
    name="municipalities",
    columns=COLUMNS,
    access=MUNICIPALITIES,
    action="import",
    judge=_judge,
    write=_write,
)
