"""A table of people as lines for COPY: every cell is checked on its way, once per row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel.tables import Column, Headings
from sreda.registry.enums import LEARNER_ROLES, Role, Sex

COLUMNS = (
    Column(
        "external_id",
        gettext_lazy("Number in the source system"),
        required=True,
        aliases=("идентификатор", "номер в исходной системе", "код", "id"),
    ),
    Column("family_name", gettext_lazy("Family name"), required=True, aliases=("фамилия",)),
    Column("given_name", gettext_lazy("Given name"), required=True, aliases=("имя",)),
    Column("patronymic", gettext_lazy("Patronymic"), aliases=("отчество",)),
    Column("birth_date", gettext_lazy("Date of birth"), aliases=("дата рождения",)),
    Column("sex", gettext_lazy("Sex"), aliases=("пол",)),
    Column(
        "organisation",
        gettext_lazy("Organisation number"),
        required=True,
        aliases=("код организации", "номер организации", "организация"),
    ),
    Column("role", gettext_lazy("Role"), required=True, aliases=("роль",)),
    Column(
        "group",
        gettext_lazy("Class or group"),
        aliases=("класс", "группа", "класс или группа", "class"),
    ),
    Column("title", gettext_lazy("Position"), aliases=("название должности",)),
    Column(
        "since",
        gettext_lazy("Since"),
        required=True,
        aliases=("с", "дата начала", "дата зачисления", "дата приёма"),
    ),
    Column(
        "until",
        gettext_lazy("Until"),
        aliases=("по", "дата окончания", "дата выбытия", "дата увольнения"),
    ),
)
KEYS = tuple(column.key for column in COLUMNS)
LABELS = {column.key: column.label for column in COLUMNS}
# The columns of the staged table, in the order of KEYS, after the line's number.
TYPES = ("text",) * 4 + ("date",) + ("text",) * 5 + ("date", "date")
LENGTHS = dict.fromkeys(KEYS, 100) | {"external_id": 60, "group": 30, "title": 200}


def staged_column(key: str) -> str:
    return "group_name" if key == "group" else key


SEXES = {
    "": "",
    "ж": Sex.FEMALE.value, "жен": Sex.FEMALE.value, "женский": Sex.FEMALE.value,
    "f": Sex.FEMALE.value, "female": Sex.FEMALE.value,
    "м": Sex.MALE.value, "муж": Sex.MALE.value, "мужской": Sex.MALE.value,
    "m": Sex.MALE.value, "male": Sex.MALE.value,
}  # fmt: skip
ROLES = {
    "ученик": Role.PUPIL, "ученица": Role.PUPIL, "обучающийся": Role.PUPIL, "школьник": Role.PUPIL,
    "студент": Role.STUDENT, "студентка": Role.STUDENT,
    "учитель": Role.TEACHER, "педагог": Role.TEACHER, "преподаватель": Role.TEACHER,
    "администратор": Role.ADMINISTRATOR,
    "руководитель": Role.HEAD, "директор": Role.HEAD,
} | {
    str(role): role
    for role in (*LEARNER_ROLES, Role.TEACHER, Role.ADMINISTRATOR, Role.HEAD)
}  # fmt: skip
# The first word of each role: what a table that is handed in again may say.
ROLE_WORDS = {role.value: word for word, role in reversed(ROLES.items()) if word != role.value}
SEX_WORDS = {Sex.FEMALE.value: "ж", Sex.MALE.value: "м"}
EARLIEST = date(1900, 1, 1)
LATEST = date(2100, 1, 1)

FORMULA = gettext_lazy("There is a formula in the cell: write its value.")

Fault = list[str]  # column, value, kind
Bad = tuple[int, dict[str, str], list[Fault]]


class Rejects(Protocol):
    def append(self, row: Bad, /) -> None: ...


class Dates(dict[str, str]):
    """Written day -> ISO day; an empty cell is a null, nonsense is an empty string.

    A table repeats few days many times: each is worked out once.
    """

    _KEPT = 50_000
    _FORMS = (
        re.compile(r"(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})"),
        re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})(?:[T ]00:00(?::00)?)?"),
    )

    def __missing__(self, text: str) -> str:
        bare = text.strip()
        found = "" if bare else "\\N"
        for form in self._FORMS:
            if match := form.fullmatch(bare):
                try:
                    day = date(int(match["y"]), int(match["m"]), int(match["d"]))
                except ValueError:
                    continue
                if EARLIEST <= day <= LATEST:
                    found = day.isoformat()
        if len(self) < self._KEPT:
            self[text] = found
        return found


def is_formula(text: str) -> bool:
    """Nothing in these tables begins so; a formula that was not worked out does."""
    return text.startswith("=")


def staged_lines(
    rows: Iterator[tuple[int, list[str]]], headings: Headings, *, today: date, bad: Rejects
) -> Iterator[str]:
    """Lines in COPY's text format; rows with a wrong cell go to `bad` instead."""
    at = headings.places
    width = max(at.values()) + 1
    # A missing column reads as the empty cell we add at the end of each row.
    places = [at.get(key, width) for key in KEYS]
    (c_id, c_family, c_given, c_patronymic, c_birth, c_sex, c_org, c_role, c_group, c_title,
     c_since, c_until) = places  # fmt: skip
    dates = Dates()
    sexes, roles, now = SEXES.get, ROLES.get, today.isoformat()
    for line, row in rows:
        cells = row[:width]
        cells += [""] * (width + 1 - len(cells))
        identity, family, given = cells[c_id], cells[c_family], cells[c_given]
        organisation, title = cells[c_org], cells[c_title]
        birth, since, until = dates[cells[c_birth]], dates[cells[c_since]], dates[cells[c_until]]
        sex, role = sexes(cells[c_sex].strip().lower()), roles(cells[c_role].strip().lower())
        if (
            identity and family and given and organisation and role and sex is not None
            and birth and until and since and since != "\\N"
            and (birth == "\\N" or (birth < since and birth <= now))
            and (until == "\\N" or since <= until)
        ):  # fmt: skip
            texts = (identity, family, given, cells[c_patronymic], organisation, cells[c_group],
                     title)  # fmt: skip
            joined = "".join(texts)
            plain = (
                len(joined) <= 60 and len(texts[5]) <= 30 and joined.isprintable()
                and " " not in joined and "\\" not in joined and "=" not in joined
            )  # fmt: skip
            tidy = texts if plain else _tidy(texts)
            if tidy:
                identity, family, given, patronymic, organisation, group, title = tidy
                yield (
                    f"{line}\t{identity}\t{family}\t{given}\t{patronymic}\t{birth}\t{sex}\t"
                    f"{organisation}\t{role.value}\t{group}\t{title}\t{since}\t{until}\n"
                )
                continue
        kept = {key: cells[place][:300].strip() for key, place in zip(KEYS, places, strict=True)}
        bad.append((line, kept, _faults(kept, dates, now)))


_TEXTS = (
    "external_id", "family_name", "given_name", "patronymic", "organisation", "group", "title",
)  # fmt: skip
_NEEDED = frozenset(column.key for column in COLUMNS if column.required)


def _tidy(texts: tuple[str, ...]) -> tuple[str, ...] | None:
    """Cells with something unusual, made ready for COPY; None when one of them is wrong."""
    tidy = tuple(" ".join(text.split()) for text in texts)
    for key, text in zip(_TEXTS, tidy, strict=True):
        if len(text) > LENGTHS[key] or not text.isprintable() or (key in _NEEDED and not text):
            return None
        if is_formula(text):
            return None
    return tuple(text.replace("\\", "\\\\") for text in tidy)


def _faults(cells: dict[str, str], dates: Dates, today: str) -> list[Fault]:
    """Everything that is wrong with the cells of one row."""
    found: list[Fault] = []
    for column in COLUMNS:
        value = cells[column.key]
        if column.required and not value:
            found.append([column.key, "", "missing"])
        elif len(value) > LENGTHS[column.key]:
            found.append([column.key, value[:60] + "…", "long"])
        elif not " ".join(value.split()).isprintable():
            found.append([column.key, "", "unprintable"])
        elif is_formula(value):
            found.append([column.key, value, "formula"])
        elif column.key in {"birth_date", "since", "until"} and not dates[value]:
            found.append([column.key, value, "date"])
    if SEXES.get(cells["sex"].lower()) is None:
        found.append(["sex", cells["sex"], "word"])
    if cells["role"] and cells["role"].lower() not in ROLES:
        found.append(["role", cells["role"], "role"])
    birth, since, until = (dates[cells[key]] for key in ("birth_date", "since", "until"))
    if birth not in {"", "\\N"} and birth > today:
        found.append(["birth_date", cells["birth_date"], "future"])
    elif "" not in {birth, since} and "\\N" not in {birth, since} and birth >= since:
        found.append(["since", cells["since"], "before-birth"])
    if "" not in {since, until} and "\\N" not in {since, until} and until < since:
        found.append(["until", cells["until"], "before-since"])
    return found


def fault_text(fault: Fault) -> str:
    """What is wrong, in words."""
    column, value, kind = fault
    texts: dict[str, Any] = {
        "missing": _("The cell is empty."),
        "long": _("The text is too long."),
        "unprintable": _("There are unprintable signs in the cell."),
        "formula": str(FORMULA),
        "date": _("This is not a day: write 31.12.2015 or 2015-12-31."),
        "word": _("Write “ж” or “м”."),
        "role": _("There is no such role: ученик, студент, учитель, администратор, директор."),
        "future": _("This day has not come yet."),
        "before-birth": _("This is before the birth."),
        "before-since": _("The last day is before the first."),
        "organisation-unknown": _("No organisation has this number."),
        "organisation-scope": _("This organisation is not yours to fill."),
        "organisation-closed": _("The organisation had closed by then."),
        "role-kind": _("An organisation of this kind has nobody in this role."),
        "role-given": _("You may not give this role."),
        "person-elsewhere": _(
            "This number belongs to somebody of another organisation: ask the regional operator."
        ),
        "group-unknown": _("There is no such class, and its name does not begin with its grade."),
        "places": _("The registry has several terms within these days: change them by hand."),
        "twice": _("The same person, organisation and role are in the table twice."),
        "differs": _("Another row with this number has another name, birthday or sex."),
    }
    label = LABELS.get(column, column)
    text = texts.get(kind, kind)
    if not value:
        return f"{label}: {text}"
    return _("%(label)s: “%(value)s” — %(text)s") % {"label": label, "value": value, "text": text}


def as_written(cells: dict[str, str]) -> dict[str, str]:
    """Cells of a row that was refused after its words had become codes, in words again."""
    words = {"sex": SEX_WORDS, "role": ROLE_WORDS}
    return cells | {key: words[key].get(cells[key], cells[key]) for key in words.keys() & cells}
