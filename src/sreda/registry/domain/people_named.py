"""The people whom the rows of a table name: by their number in the source system, or by name and
date of birth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Upper
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel.tables import Column
from sreda.registry.domain.table_import import Cells, Fault, day_of
from sreda.registry.models import Person

NAMES = ("family_name", "given_name", "patronymic")


def columns(prefix: str = "", of: str = "", whose: Any = None) -> tuple[Column, ...]:
    """The headings that name a person; `of` follows the aliases («ребёнка»), `whose` the labels."""
    known: tuple[tuple[str, Any, bool, tuple[str, ...]], ...] = (
        ("external_id", gettext_lazy("Number in the source system"), False,
         ("идентификатор", "номер в исходной системе")),
        ("family_name", gettext_lazy("Family name"), True, ("фамилия",)),
        ("given_name", gettext_lazy("Given name"), True, ("имя",)),
        ("patronymic", gettext_lazy("Patronymic"), False, ("отчество",)),
        ("birth_date", gettext_lazy("Date of birth"), False, ("дата рождения",)),
    )  # fmt: skip
    return tuple(
        Column(
            prefix + key,
            whose[key] if whose else label,
            required=required,
            aliases=tuple(f"{alias} {of}".strip() for alias in aliases),
        )
        for key, label, required, aliases in known
    )


class Named:
    """Candidates for all rows, found with few queries; then each row asks for its own."""

    def __init__(self, rows: Iterable[Cells], allowed: QuerySet[Person], prefix: str = "") -> None:
        self.prefix = prefix
        rows = list(rows)
        numbers = {cells.get(f"{prefix}external_id", "") for cells in rows} - {""}
        families = {cells.get(f"{prefix}family_name", "").upper() for cells in rows} - {""}
        present = allowed.filter(merged_into=None)
        self.by_number = {p.external_id: p for p in present.filter(external_id__in=numbers)}
        self.taken = set(
            Person.objects.filter(external_id__in=numbers).values_list("external_id", flat=True)
        )
        self.by_name: dict[tuple[str, str], list[Person]] = {}
        same = present.alias(upper=Upper("family_name")).filter(upper__in=families)
        for person in same.order_by("pk"):
            self.by_name.setdefault(_key(person.family_name, person.given_name), []).append(person)

    def said(self, cells: Mapping[str, str], key: str) -> str:
        return cells.get(self.prefix + key, "")

    def born(self, cells: Cells, faults: list[Fault]) -> date | None:
        text = self.said(cells, "birth_date")
        found = day_of(text) if text else None
        if text and found is None:
            faults.append([f"{self.prefix}birth_date", text,
                           _("This is not a day: write 31.12.2015 or 2015-12-31.")])  # fmt: skip
        return found

    def candidates(self, cells: Cells, born: date | None) -> list[Person]:
        """By name; patronymic and birthday tell apart where both sides have them."""
        family, given = self.said(cells, "family_name"), self.said(cells, "given_name")
        patronymic = self.said(cells, "patronymic").upper()
        return [
            person
            for person in self.by_name.get(_key(family, given), [])
            if not (patronymic and person.patronymic and person.patronymic.upper() != patronymic)
            and not (born and person.birth_date and person.birth_date != born)
        ]

    def found(self, cells: Cells, faults: list[Fault]) -> Person | None:
        """The one person the row names, or a fault."""
        number, place = self.said(cells, "external_id"), f"{self.prefix}family_name"
        missing = [key for key in ("family_name", "given_name") if not self.said(cells, key)]
        faults += [[self.prefix + key, "", _("The cell is empty.")] for key in missing]
        born = self.born(cells, faults)
        if faults:
            return None
        if number:
            return self._numbered(number, cells, faults)
        found = self.candidates(cells, born)
        exact = [person for person in found if born and person.birth_date == born]
        found = exact or found
        if len(found) == 1:
            return found[0]
        text = (
            _("Several people have this name: give the number or the date of birth.")
            if found
            else _("Nobody of yours has this name and date of birth.")
        )
        faults.append([place, self.said(cells, "family_name"), text])
        return None

    def _numbered(self, number: str, cells: Cells, faults: list[Fault]) -> Person | None:
        person = self.by_number.get(number)
        if person is None:
            faults.append([f"{self.prefix}external_id", number,
                           _("Nobody of yours has this number.")])  # fmt: skip
        elif _key(person.family_name, person.given_name) != _key(
            self.said(cells, "family_name"), self.said(cells, "given_name")
        ):
            faults.append([f"{self.prefix}family_name", self.said(cells, "family_name"),
                           _("This number belongs to a person of another name.")])  # fmt: skip
        return person


def _key(family: str, given: str) -> tuple[str, str]:
    return family.upper(), given.upper()
