"""Sample content of the component gallery."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest

from .nav import Line, Section

SCHOOLS = [
    ("МБОУ «СОШ № 14»", "Кемерово", 912, Decimal("128"), "работает"),
    ("МАОУ «Лицей № 62»", "Кемерово", 1043, Decimal("100"), "работает"),
    ("МКОУ «Тутальская СОШ»", "Яшкинский округ", 128, Decimal("3.5"), "медленно"),
    ("МБОУ «Гимназия № 1 имени Тасирова Г. Х.»", "Белово", 781, Decimal("50"), "работает"),
    ("ГПОУ «Кузбасский техникум архитектуры»", "Кемерово", 640, None, "нет данных"),
    ("МБОУ «СОШ № 5»", "Таштагол", 402, Decimal("12.8"), "медленно"),
]

PLACES = (
    "Анжеро-Судженск,Анж,3,0 Тайга,Тай,1,0 Юрга,Юрг,0,1 Яшкинский,Яшк,1,1 Яйский,Яйс,4,0 "
    "Ижморский,Ижм,5,0 Мариинск,Мар,6,0 Тяжинский,Тяж,7,0 Кемерово,Кем,2,1 Берёзовский,Бер,3,1 "
    "Чебулинский,Чеб,5,1 Тисульский,Тис,7,1 Топки,Топ,1,2 Кемеровский,КемР,2,2 "
    "Крапивинский,Крап,4,2 Промышленная,Пром,2,3 Полысаево,Пол,3,3 Ленинск,Лен,3,4 Белово,Бел,3,5 "
    "Гурьевск,Гур,2,5 Киселёвск,Кис,3,6 Прокопьевск,Прк,4,6 Новокузнецк,Нвк,5,6 "
    "Междуреченск,Мжд,6,6 Калтан,Клт,5,7 Осинники,Оси,6,7 Мыски,Мыс,7,6 Таштагол,Таш,6,8"
)


class SampleForm(forms.Form):
    name = forms.CharField(label="Наименование", help_text="Как в уставе организации")
    email = forms.EmailField(label="Электронная почта")
    kind = forms.ChoiceField(
        label="Вид", choices=[("", "—"), ("school", "Школа"), ("college", "Колледж")]
    )
    level = forms.ChoiceField(
        label="Связь", choices=[("a", "Оптика"), ("b", "Спутник")], widget=forms.RadioSelect
    )
    about = forms.CharField(label="Примечание", widget=forms.Textarea, required=False)
    since = forms.DateField(
        label="Дата начала", widget=forms.DateInput(attrs={"type": "date"}), required=False
    )
    agreed = forms.BooleanField(label="Сведения проверены", required=False)
    file = forms.FileField(label="Пакет программы", help_text="XLSX до 20 МБ", required=False)


@dataclass
class SampleListing:
    """Shaped like a kernel Listing."""

    params: dict[str, str]
    search: Any = True
    exports: list[tuple[str, str]] = field(
        default_factory=lambda: [("CSV", "?export=csv"), ("XLSX", "?export=xlsx")]
    )

    def __post_init__(self) -> None:
        self.q = self.params.get("q", "")
        self.sort = self.params.get("sort", "name")
        rows = [row for row in SCHOOLS if self.q.lower() in row[0].lower()]
        self.page = Paginator(rows * 40, 6).get_page(self.params.get("page"))
        self.total = self.page.paginator.count if rows else 0
        self.narrowed = bool(self.q)
        self.filters_set = 1
        self.reset_url = "?"
        kinds = [("school", "Школы", False), ("college", "Колледжи", False)]
        self.filters = [
            SimpleNamespace(name="kind", label="Вид", value="", choices=kinds),
            SimpleNamespace(
                name="place",
                label="Муниципалитет",
                value="",
                choices=[("kem", "Кемерово", False), ("bel", "Белово", False)],
            ),
        ]

    def url(self, **changes: Any) -> str:
        return "?" + urlencode({**self.params, **changes})

    @property
    def pages(self) -> list[tuple[int | str, str]]:
        numbers = self.page.paginator.get_elided_page_range(self.page.number, on_ends=1)
        return [(n, self.url(page=n) if isinstance(n, int) else "") for n in numbers]

    @property
    def previous_url(self) -> str:
        return self.url(page=self.page.number - 1) if self.page.has_previous() else ""

    @property
    def next_url(self) -> str:
        return self.url(page=self.page.number + 1) if self.page.has_next() else ""


def link(label: str, active: bool = False) -> dict[str, Any]:
    return {"url": "#", "label": label, "active": active}


def sample(request: HttpRequest) -> dict[str, Any]:
    bad = SampleForm({"name": "", "email": "не адрес", "kind": ""})
    bad.is_valid()
    tiles = []
    for number, place in enumerate(PLACES.split(" ")):
        name, short, x, y = place.split(",")
        value = None if number == 5 else Decimal((number * 37) % 100)
        tiles.append({"name": name, "short": short, "x": int(x), "y": int(y), "value": value})
    seats = (
        SimpleNamespace(key="1", label="Муниципальный координатор", place="Яшкинский округ"),
        SimpleNamespace(key="2", label="Учитель информатики", place="МБОУ «Яшкинская СОШ № 2»"),
    )
    if not getattr(getattr(request, "actor", None), "signed_in", False):
        request.actor = SimpleNamespace(  # type: ignore[attr-defined]
            name="Воробьёва Анна", signed_in=True, seats=seats, seat=seats[0]
        )
    return {
        "search_url": "#",
        "public_nav": [
            link("Организации", active=True),
            link("Программа изменений"),
            link("Показатели"),
            link("Открытые данные"),
            link("О проекте"),
        ],
        "footer_nav": [
            {"label": "Портал", "items": [link("Организации"), link("Программа изменений")]},
            {"label": "Данные", "items": [link("Открытые данные"), link("Словарь данных")]},
        ],
        "imprint": "Сетевое издание. Учредитель: департамент образования и науки. 0+",
        "cabinet_nav": (
            Section(
                "",
                (
                    Line("Главная", "#", "home", active=True),
                    Line("Организации", "#", "building-community"),
                    Line("Люди", "#", "users"),
                    Line("Задачи", "#", "checklist", badge=12),
                ),
            ),
            Section(
                "Программа изменений",
                (
                    Line("Комплекс мер", "#", "list-check"),
                    Line("Дорожная карта", "#", "timeline-event"),
                    Line("Показатели", "#", "chart-bar"),
                    Line("Бюджет", "#", "coins"),
                ),
            ),
        ),
        "sample_form": SampleForm(initial={"level": "a"}),
        "bad_form": bad,
        "listing": SampleListing(
            {k: v for k, v in request.GET.dict().items() if k in {"q", "page", "sort"}}
        ),
        "tiles": tiles,
        "facts": [
            ("Полное наименование", "МБОУ «Средняя общеобразовательная школа № 14»"),
            ("Адрес", "650000, Кемерово, ул. Дзержинского, 6"),
            ("Официальный сайт", None),
        ],
        "history": [
            {
                "title": "Изменена скорость связи",
                "at": datetime(2018, 10, 26, 14, 30, tzinfo=UTC),
                "actor": "Воробьёва Анна",
                "tone": "info",
                "icon": "edit",
                "changes": [("Скорость", "3 Мбит/с", "12,8 Мбит/с")],
            },
            {
                "title": "Проверено координатором",
                "at": datetime(2018, 10, 20, 9, 0, tzinfo=UTC),
                "tone": "success",
                "icon": "check",
                "text": "Сведения подтверждены по договору.",
            },
            {"title": "Запись создана", "at": date(2018, 9, 1), "icon": "plus"},
        ],
        "tab_items": [
            {"label": "Сведения", "url": "#", "active": True},
            {"label": "Оборудование", "url": "#", "count": 128},
            {"label": "История", "url": "#", "count": 3},
        ],
        "step_labels": ["Файл", "Проверка", "Загрузка"],
        "bar_items": [
            ("Кемерово", 118, "#"),
            ("Новокузнецк", 104, "#"),
            ("Прокопьевск", 57, ""),
            ("Яшкинский округ", None, ""),
        ],
        "donut_items": [("Школы", 661), ("Колледжи", 57)],
        "rows_of_years": [
            ("Кемерово", [12, 18, 25, 40]),
            ("Белово", [8, 9, 15, 22], "#"),
            ("Юрга", [3, 7, None, 30]),
            ("Таштагол", [1, 2, 2, 6]),
        ],
        "spark": [3, 5, 4, 8, 9, 14, 13, 21],
        "years": ["2019", "2020", "2021"],
        "series": [
            {"name": "План", "values": [Decimal("5"), Decimal("15"), Decimal("30")]},
            {"name": "Факт", "values": [Decimal("6.4"), Decimal("17.2"), None]},
        ],
        "terms": [
            {
                "label": "Трёхстороннее соглашение",
                "start": date(2019, 1, 15),
                "end": date(2019, 3, 15),
                "state": "done",
                "url": "#",
            },
            {
                "label": "Ведомственный проектный офис",
                "start": date(2019, 2, 1),
                "end": date(2019, 5, 1),
                "state": "late",
            },
            {
                "label": "Перечень организаций, внедряющих целевую модель в 2020 году",
                "start": date(2019, 6, 1),
                "end": date(2019, 10, 30),
            },
            {"label": "Повышение квалификации", "end": date(2019, 12, 1), "state": "draft"},
        ],
        "gantt_start": date(2019, 1, 1),
        "gantt_end": date(2019, 12, 31),
        "gantt_today": date(2019, 4, 10),
        "big": 356079,
        "share": Decimal("86.54"),
        "speed": Decimal("3.5"),
        "moment": datetime(2018, 10, 26, 14, 30, tzinfo=UTC),
    }
