"""A small form that uses every part of a schema."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from sreda.reporting.forms import (
    Block,
    BlockKind,
    CellType,
    Check,
    Field,
    Option,
    Row,
    Schema,
    Section,
)

PUPILS = Block(
    "pupils",
    "Обучающиеся",
    BlockKind.TABLE,
    fields=(
        Field("total", "Всего", unit="чел.", minimum=Decimal(0), required=True),
        Field("girls", "из них девочки", unit="чел.", minimum=Decimal(0)),
    ),
    rows=(
        Row(
            "g7",
            "7 класс",
            "01",
            sources=(
                ("total", 'count("contingent", {"grade": 7})'),
                ("girls", 'count("contingent", {"grade": 7, "sex": "female"})'),
            ),
        ),
        Row(
            "g8",
            "8 класс",
            "02",
            sources=(("total", 'count("contingent", {"grade": 8})'),),
            closed=frozenset({"girls"}),
        ),
        Row("all", "Всего", "03", sources=(("total", "pupils.g7.total + pupils.g8.total"),)),
    ),
)
HEATING = (Option("central", "Центральное"), Option("own", "Своё"))
BASE = Block(
    "base",
    "Общие сведения",
    BlockKind.FIELDS,
    fields=(
        Field("phone", "Телефон", CellType.TEXT, source='value("passport", "phone")'),
        Field("shifts", "Смен", minimum=Decimal(1), maximum=Decimal(3), required=True),
        Field("canteen", "Есть столовая", CellType.BOOLEAN),
        Field("seats", "Мест в столовой", CellType.INTEGER, relevant="base.canteen"),
        Field("heating", "Отопление", CellType.CHOICE, options=HEATING),
        Field("area", "Площадь", CellType.DECIMAL, unit="кв. м", places=1),
        Field("built", "Год постройки здания", CellType.DATE),
        Field("note", "Примечание", CellType.LONG_TEXT),
    ),
)  # fmt: skip
CLUBS = Block(
    "clubs",
    "Кружки",
    BlockKind.LIST,
    fields=(
        Field("title", "Название", CellType.TEXT, required=True),
        Field("members", "Участников", CellType.INTEGER, minimum=Decimal(0)),
    ),
    max_rows=5,
)
TEACHERS = Block(
    "teachers",
    "Педагоги",
    BlockKind.LIST,
    fields=(
        Field("title", "Должность", CellType.TEXT),
        Field("posts", "Число", CellType.INTEGER),
    ),
    rows_source='listed("staff", {"role": "teacher"}, ["title", "posts"])',
)
SCHEMA = Schema(
    sections=(
        Section("general", "Общие сведения", blocks=(BASE, PUPILS)),
        Section("more", "Кружки и кадры", blocks=(CLUBS, TEACHERS)),
    ),
    checks=(
        Check(
            "parts",
            "pupils.g7.girls <= pupils.g7.total",
            "Девочек не может быть больше, чем всего",
            cells=("pupils.g7.girls", "pupils.g7.total"),
        ),
        Check(
            "clubs",
            "clubs.all(c, c.members <= pupils.all.total)",
            "В кружке больше участников, чем учеников",
            "warning",
            ("clubs.*.members",),
        ),
        Check("phone", 'base.phone != ""', "Нет телефона", "note", ("base.phone",)),
    ),
)


def with_a_condition_in_rows() -> Schema:
    """Members are asked of clubs that are named."""
    general, more = SCHEMA.sections
    title, members = CLUBS.fields
    members = replace(members, relevant='row.title != ""')
    clubs = replace(CLUBS, fields=(title, members))
    return replace(SCHEMA, sections=(general, replace(more, blocks=(clubs, TEACHERS))))


QUESTIONS = Schema(
    (
        Section(
            "s",
            "Опрос",
            blocks=(
                Block(
                    "q",
                    "Вопросы",
                    BlockKind.FIELDS,
                    (
                        Field("ease", "Удобно ли", CellType.CHOICE, required=True,
                              options=(Option("yes", "Да"), Option("no", "Нет"))),
                        Field("mark", "Оценка", minimum=Decimal(1), maximum=Decimal(5)),
                        Field("uses", "Чем пользуетесь", CellType.CHOICES,
                              options=(Option("diary", "Дневник"), Option("tests", "Тесты"))),
                        Field("hours", "Часов в неделю", CellType.DECIMAL, places=1,
                              minimum=Decimal(0), maximum=Decimal(100)),
                        Field("wish", "Пожелания", CellType.LONG_TEXT),
                    ),
                ),
            ),
        ),
    )
)  # fmt: skip
