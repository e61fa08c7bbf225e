"""The format of a programme pack: its tables and columns. `docs/programme-pack.md` explains it.

Titles are Russian because they are the format (the headings of an order); every table and column
also answers to its machine key. `graph` is the column's number in the order's own table.
"""

from __future__ import annotations

from dataclasses import dataclass

TEXT, WHOLE, DECIMAL, DATE, YES_NO, CHOICE, KEYS = (
    "text",
    "whole",
    "decimal",
    "date",
    "yes_no",
    "choice",
    "keys",
)


@dataclass(frozen=True)
class Column:
    key: str
    title: str
    kind: str = TEXT
    required: bool = False
    graph: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    help: str = ""


@dataclass(frozen=True)
class Table:
    key: str
    title: str
    prefix: str
    columns: tuple[Column, ...]
    required: bool = False
    years: bool = False
    help: str = ""

    def column(self, key: str) -> Column:
        for column in self.columns:
            if column.key == key:
                return column
        if self.years and key.isdecimal():
            return year_column(int(key))
        raise KeyError(key)


def year_column(year: int) -> Column:
    return Column(str(year), f"{year} год", DECIMAL)


SECTIONS = (
    ("school", "общеобразовательная"),
    ("college", "профессиональная"),
)
KEY = Column("key", "Ключ", help="Постоянное имя строки; пусто — составляется само.")
PLACE = Column("place", "Место в документе", help="Где это напечатано: таблица, раздел, строка.")
NOTE = Column("note", "Примечание составителя", help="Наше прочтение; в документе этого нет.")


def actions(executor: str, term: str, graphs: dict[str, str]) -> tuple[Column, ...]:
    return (
        KEY,
        Column("number", "№ п/п", WHOLE, required=True, graph="1", aliases=("№", "№ пп")),
        Column("name", "Наименование мероприятия", required=True, graph="2"),
        Column("result", "Ожидаемые результаты", graph=graphs.get("result", "")),
        Column("executor", executor, graph=graphs["executor"]),
        Column("term", term, graph=graphs["term"]),
        Column("start", "Начало", DATE, help="Пусто — читается из срока."),
        Column("due", "Окончание", DATE, help="Пусто — читается из срока."),
        Column("recurrence", "Повторение", help="Пусто — читается из срока."),
        Column("needs", "Требует", KEYS, help="Ключи мероприятий, без которых это невозможно."),
        Column("serves", "Служит показателю", KEYS, help="Ключи индикаторов и нормативов."),
        Column(
            "produces",
            "Создаёт таблицу",
            CHOICE,
            choices=(
                ("organisations", "перечень"),
                ("roadmap", "дорожная карта"),
                ("indicators", "индикаторы"),
                ("budget", "калькуляция"),
            ),
            help="Если результат мероприятия уже приложен к документу.",
        ),
        PLACE,
        NOTE,
    )


ORDER = Table(
    "order",
    "Распоряжение",
    "order",
    (
        KEY,
        Column("number", "Номер", required=True),
        Column("date", "Дата", DATE, required=True),
        Column("kind", "Вид документа", required=True),
        Column("issuer", "Кем издан", required=True),
        Column("title", "Название", required=True),
        Column("region", "Субъект Российской Федерации", required=True),
        Column("region_code", "Код субъекта"),
        Column("postcodes", "Почтовые индексы региона", help="Например: 650000-654999."),
        Column("plan_from", "Первый год плана", WHOLE, required=True),
        Column("plan_to", "Последний год плана", WHOLE, required=True),
        Column("roadmap_year", "Год дорожной карты", WHOLE),
        Column("in_force", "Вступает в силу"),
        Column("signer", "Подписал"),
        Column("signer_position", "Должность подписавшего"),
        Column("supervisor", "Контроль исполнения"),
        Column("supervisor_position", "Должность контролирующего"),
        Column("coordinator", "Региональный координатор"),
        Column("bulletin", "Где публикуется"),
        Column(
            "list_order",
            "Порядок перечня",
            CHOICE,
            choices=(("ascending", "по возрастанию"), ("descending", "по убыванию")),
        ),
        Column("list_order_basis", "Чем установлен порядок перечня"),
        Column(
            "budget_nature",
            "Вид расходов калькуляции",
            CHOICE,
            choices=(("operating", "операционные"), ("any", "любые")),
        ),
        PLACE,
        NOTE,
    ),
    required=True,
    help="Одна строка: сам документ.",
)

ORGANISATIONS = Table(
    "organisations",
    "Перечень",
    "org",
    (
        KEY,
        Column("section", "Раздел перечня", CHOICE, required=True, choices=SECTIONS),
        Column("number", "№ п/п", WHOLE, required=True, graph="1", aliases=("№", "№ пп")),
        Column("name", "Наименование организации", required=True, graph="2"),
        Column("address", "Почтовый адрес", required=True, graph="3", aliases=("Адрес",)),
        Column("learners", "Число обучающихся, чел.", WHOLE, required=True, graph="4"),
        Column("link", "Скорость подключения к сети «Интернет», Мбит/с", DECIMAL, graph="5"),
        Column("network", "Наличие локальной сети (да/нет)", YES_NO, graph="6"),
        Column(
            "computers",
            "Количество единиц вычислительной техники в учебном процессе, шт.",
            WHOLE,
            required=True,
            graph="7",
        ),
        Column(
            "office_computers",
            "Количество единиц вычислительной техники в управлении, шт.",
            WHOLE,
            graph="8",
        ),
        Column(
            "management_system",
            "Использование информационной системы управления организацией (да/нет)",
            YES_NO,
            graph="9",
        ),
        Column(
            "ratio",
            "Соотношение единиц вычислительной техники к числу обучающихся",
            DECIMAL,
            graph="10",
        ),
        Column("municipality", "Муниципальное образование", help="Пусто — не установлено."),
        Column("ogrn", "ОГРН", help="13 цифр; однозначно определяет организацию."),
        PLACE,
        NOTE,
    ),
    required=True,
    help="Организации, в которых внедряется целевая модель.",
)

MEASURES = Table(
    "measures",
    "Комплекс мер",
    "M",
    actions("Исполнители", "Сроки реализации", {"result": "3", "executor": "4", "term": "5"}),
    required=True,
)

ROADMAP = Table(
    "roadmap",
    "Дорожная карта",
    "R",
    actions("Ответственный", "Срок реализации", {"executor": "3", "term": "4"}),
    required=True,
)

INDICATORS = Table(
    "indicators",
    "Индикаторы",
    "I",
    (
        KEY,
        Column("number", "№ п/п", WHOLE, required=True, graph="1", aliases=("№", "№ пп")),
        Column("name", "Наименование индикатора/показателя", required=True, graph="2"),
        Column("unit", "Единица измерения", required=True),
        Column("minimum", "Минимальное значение", DECIMAL, graph="3"),
        Column("minimum_from", "Минимум действует с года", WHOLE),
        Column(
            "direction",
            "Направление",
            CHOICE,
            choices=(("up", "рост"), ("down", "снижение")),
            help="Куда должны идти значения по годам.",
        ),
        Column(
            "counts",
            "Считает организации раздела",
            CHOICE,
            choices=SECTIONS,
            help="Если индикатор — число организаций перечня.",
        ),
        Column("relative", "Отсчитывается от базы (да/нет)", YES_NO),
        Column(
            "measure",
            "Вычисляется как",
            CHOICE,
            choices=(
                ("schools_implementing", "число школ, где модель внедрена"),
                ("colleges_implementing", "число колледжей, где модель внедрена"),
                ("staff_trained", "доля обученных работников организаций перечня"),
                ("management_cost_cut", "снижение доли расходов на управление"),
            ),
            help="Как факт считается по записям реестра; пусто — решит оператор.",
        ),
        Column("base", "Базовое значение", DECIMAL),
        PLACE,
        NOTE,
    ),
    required=True,
    years=True,
    help="Значения — в столбцах «2019 год», «2020 год» и так далее.",
)

BUDGET = Table(
    "budget",
    "Калькуляция",
    "B",
    (
        KEY,
        Column(
            "kind",
            "Вид строки",
            CHOICE,
            required=True,
            choices=(("line", "статья"), ("total", "итого"), ("grand_total", "всего")),
        ),
        Column("code", "Код статьи"),
        Column("name", "Статья", required=True),
        Column("unit", "Единица измерения"),
        Column("total", "За все годы", DECIMAL),
        Column(
            "nature",
            "Вид расходов",
            CHOICE,
            choices=(("operating", "операционные"), ("capital", "капитальные")),
        ),
        PLACE,
        NOTE,
    ),
    required=True,
    years=True,
    help="Суммы — в столбцах «2019 год» и так далее; общий итог — в столбце «За все годы».",
)

FIGURES = Table(
    "figures",
    "Сведения концепции",
    "F",
    (
        KEY,
        Column("name", "Сведение", required=True),
        Column("value", "Значение", DECIMAL, required=True),
        Column("unit", "Единица измерения", required=True),
        Column("bound", "Граница", CHOICE, choices=(("more", "более"), ("least", "не менее"))),
        Column("date", "На дату", DATE),
        Column("of", "Доля от", help="Ключ сведения, от которого взята доля."),
        Column("sentence", "Предложение документа", required=True),
        PLACE,
        NOTE,
    ),
)

RELATIONS = Table(
    "relations",
    "Связи сведений",
    "L",
    (
        KEY,
        Column(
            "kind",
            "Вид связи",
            CHOICE,
            required=True,
            choices=(
                ("sum", "целое равно сумме частей"),
                ("part", "часть не больше целого"),
                ("shares", "доли не больше ста процентов"),
                ("equal", "значения равны"),
                ("close", "значения близки"),
            ),
        ),
        Column("subject", "Сведение", required=True, help="Ключ: целое, или проверяемое."),
        Column("others", "Другие сведения", KEYS, help="Ключи частей, целого или равных."),
        Column("expression", "Выражение", help="CEL: чему равно, если это не сведение."),
        Column("tolerance", "Допуск", DECIMAL),
        Column("sentence", "Предложение документа"),
        PLACE,
        NOTE,
    ),
)

PROMISES = Table(
    "promises",
    "Обещания",
    "P",
    (
        KEY,
        Column("name", "Обещание", required=True),
        Column("value", "Значение", DECIMAL),
        Column("unit", "Единица измерения"),
        Column("indicator", "Индикатор", KEYS, help="Ключ индикатора, который его измеряет."),
        Column("action", "Мероприятие", KEYS, help="Ключи мероприятий, которые его исполняют."),
        Column("sentence", "Предложение документа", required=True),
        PLACE,
        NOTE,
    ),
)

BODIES = Table(
    "bodies",
    "Органы и лица",
    "D",
    (
        KEY,
        Column(
            "kind",
            "Вид",
            CHOICE,
            required=True,
            choices=(
                ("coordinator", "региональный координатор"),
                ("agreement", "соглашение"),
                ("project_office", "ведомственный проектный офис"),
                ("office_head", "руководитель проектного офиса"),
                ("council", "координационный совет"),
                ("cdo", "ответственное лицо (CDO)"),
                ("signer", "подписавший"),
                ("supervisor", "контролирующий"),
                ("publication", "публикация"),
                ("executor", "исполнитель"),
            ),
        ),
        Column("name", "Наименование", required=True),
        Column("person", "Лицо"),
        Column("position", "Должность"),
        Column("act", "Документ", help="Номер и дата акта, соглашения или публикации."),
        Column("date_from", "С какой даты", DATE),
        Column("date_to", "По какую дату", DATE),
        Column("founded_by", "Создаётся мероприятием", KEYS),
        PLACE,
        NOTE,
    ),
)

NORMS = Table(
    "norms",
    "Нормативы",
    "N",
    (
        KEY,
        Column("name", "Норматив", required=True),
        Column("value", "Значение", DECIMAL, required=True),
        Column("unit", "Единица измерения", required=True),
        Column("basis", "Основание"),
        NOTE,
    ),
    help="Внешние требования, с которыми сверяются таблицы.",
)

TABLES: tuple[Table, ...] = (
    ORDER,
    ORGANISATIONS,
    MEASURES,
    ROADMAP,
    INDICATORS,
    BUDGET,
    FIGURES,
    RELATIONS,
    PROMISES,
    BODIES,
    NORMS,
)
BY_KEY = {table.key: table for table in TABLES}
