"""Tags, modes, forms and pages, without a browser."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.template import Context, Template
from django.test import Client, RequestFactory, override_settings
from django.utils import translation

from sreda.ui import bundle, numbers, svg, views
from sreda.ui.modes import COOKIE, Mode

SOURCE = Path(bundle.__file__).resolve().parents[1]
NB = "\u00a0"


def render(source: str, **context: object) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


@pytest.fixture(autouse=True)
def russian():
    with translation.override("ru"):
        yield


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (356079, None, f"356{NB}079"),
        (Decimal("3.50"), None, "3,5"),
        (Decimal("86.535"), 2, "86,54"),
        (-4505, 1, f"−4{NB}505,0"),
        (None, None, "—"),
        (0, None, "0"),
        (Decimal("100"), None, "100"),
        ("не указано", None, "не указано"),
        (float("nan"), None, "—"),
    ],
)
def test_numbers_in_russian(value: object, digits: int | None, shown: str) -> None:
    assert numbers.number(value, digits) == shown


def test_a_unit_suits_every_number() -> None:
    shown = render("{% figure 1 'единиц' %}{% stat 'Доля' 98 'процентов' %}")
    assert f"1{NB}ед." in shown
    assert ">%<" in shown
    assert numbers.unit("тыс. руб.") == "тыс. руб."


def test_numbers_and_days_follow_the_language() -> None:
    assert numbers.percent(Decimal("86.54")) == f"86,54{NB}%"
    assert numbers.day(date(2018, 10, 26)) == f"26{NB}октября{NB}2018"
    assert numbers.moment(datetime(2018, 10, 26, 7, 30, tzinfo=UTC)) == (
        f"26{NB}октября{NB}2018,{NB}14:30"
    )
    assert numbers.span(date(2019, 3, 1), date(2019, 3, 15)) == (
        f"1{NB}марта — 15{NB}марта{NB}2019"
    )
    assert numbers.span(None, date(2019, 3, 15)) == f"до 15{NB}марта{NB}2019"
    with translation.override("en"):
        assert numbers.number(356079) == "356,079"
        assert numbers.percent(Decimal("86.54")) == "86.54%"


def test_what_a_visitor_typed_is_escaped_everywhere() -> None:
    evil = '"><script>alert(1)</script>'
    sources = [
        "{% badge x %}", "{% diff x x %}", "{% copy x %}", "{% definition x x %}",
        "{% facts rows %}", "{% changes changes %}", "{% timeline items %}", "{% tabs items %}",
        "{% stat x x x note=x source=x %}", "{% card x %}{{ x }}{% endcard %}",
        "{% alert 'info' x %}{{ x }}{% endalert %}", "{% empty x x %}{% endempty %}",
        "{% page_header x x %}{{ x }}{% endpage_header %}", "{% avatar x %}", "{% figure x x %}",
        "{% breadcrumb x x x %}", "{% stepper labels 1 %}", "{% progress 1 2 x x %}",
        "{% bars pairs x %}", "{% multiples series_of x %}",
        "{% donut pairs x %}", "{% ring 5 x %}", "{% sparkline nums x %}",
        "{% tilemap tiles x x %}", "{% gantt terms d d d %}", "{% chart 'c' x labels series %}",
        "{% menu x %}{{ x }}{% endmenu %}", "{% dialog 'd' x %}{{ x }}{% enddialog %}",
    ]  # fmt: skip
    html = render(
        "".join(sources),
        x=evil,
        rows=[(evil, evil)],
        changes=[(evil, evil, evil)],
        items=[{"title": evil, "label": evil, "url": evil, "actor": evil, "text": evil}],
        labels=[evil],
        pairs=[(evil, 1)],
        nums=[1, 2],
        series_of=[(evil, [1, 2], evil)],
        tiles=[{"name": evil, "short": evil, "x": 0, "y": 0, "value": 1, "url": evil}],
        terms=[{"label": evil, "start": date(2019, 1, 1), "end": date(2019, 1, 2)}],
        d=date(2019, 1, 1),
        series=[{"name": evil, "values": [1]}],
    )
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;") > 40


class Sample(forms.Form):
    name = forms.CharField(label="Название", help_text="Как в уставе")
    kind = forms.ChoiceField(label="Вид", choices=[("a", "А")], widget=forms.RadioSelect)
    file = forms.FileField(label="Файл", required=False)


def test_a_form_ties_labels_help_and_errors_to_inputs() -> None:
    form = Sample({"name": ""})
    assert not form.is_valid()
    html = str(form)
    named = re.search(r'<input type="text" name="name"[^>]*>', html)
    assert named
    described = re.search(r'aria-describedby="([^"]+)"', named[0])
    assert described
    for target in described[1].split():
        assert f'id="{target}"' in html
    assert 'aria-invalid="true"' in named[0]
    assert 'for="id_name"' in html
    assert "<legend" in html
    assert 'class="filedrop"' in html
    assert html == render("{% form form %}", form=form)


def test_every_icon_named_in_the_sources_is_in_the_sprite() -> None:
    used = set()
    for path in SOURCE.rglob("*.html"):
        text = path.read_text()
        used |= set(re.findall(r"""{% icon ["']([\w-]+)["']""", text))
        used |= set(re.findall(r"""\bicon=["']([\w-]+)["']""", text))
    assert len(used) > 20
    assert not used - bundle.icon_names()


def test_no_template_breaks_the_content_policy() -> None:
    pattern = re.compile(
        r"<script(?![^>]*\b(?:src|type=.application/(?:ld\+)?json))|<style|\sstyle=|\son\w+=|hx-on"
    )
    for path in SOURCE.rglob("templates/**/*.html"):
        assert not pattern.search(path.read_text()), path


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("", Mode()),
        ("theme=dark", Mode(theme="dark")),
        ("lv=1&size=3&scheme=wb", Mode(lv="1", size="3", scheme="wb")),
        ("theme=<script>&size=9&nonsense=1", Mode()),
        ("&".join(["theme=dark"] * 500), Mode()),
    ],
)
def test_a_broken_cookie_is_no_harm(cookie: str, expected: Mode) -> None:
    assert Mode.read(cookie) == expected
    assert Mode.read(expected.write()) == expected


def test_the_mode_is_changed_and_the_visitor_returns() -> None:
    client = Client(headers={"accept-language": "ru"})
    answer = client.post("/ui/mode/", {"lv": "1", "next": "/ui/?as=public"})
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/ui/?as=public#lv-settings"
    client.post("/ui/mode/", {"size": "3"})
    assert Mode.read(client.cookies[COOKIE].value) == Mode(lv="1", size="3")
    with override_settings(GALLERY=True):
        page = client.get("/ui/").content.decode()
    tag = re.search(r"<html[^>]*>", page)
    assert tag
    assert 'data-lv="1"' in tag[0]
    assert 'data-size="3"' in tag[0]


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_way_back_never_leads_elsewhere(away: str) -> None:
    answer = Client().post("/ui/mode/", {"theme": "dark", "next": away})
    assert answer.headers["Location"] == "/"


def test_the_gallery_is_closed_unless_asked_for() -> None:
    request = RequestFactory().get("/ui/")
    with override_settings(GALLERY=False, DEBUG=False), pytest.raises(views.Http404):
        views.gallery(request)


class Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [v for k, v in attrs if k == "id" and v]
        if re.fullmatch(r"h[1-6]", tag):
            self.headings.append(int(tag[1]))


@pytest.mark.parametrize("name", ["public", "cabinet", "auth"])
@override_settings(GALLERY=True)
def test_a_page_has_one_h1_and_says_its_language(name: str) -> None:
    page = Client(headers={"accept-language": "ru"}).get("/ui/", {"as": name}).content.decode()
    outline = Outline()
    outline.feed(page)
    assert outline.headings.count(1) == 1
    assert '<html lang="ru"' in page


def test_errors_have_their_status_a_reason_and_a_way_on() -> None:
    request = RequestFactory().get("/x")
    request.user = SimpleNamespace(is_authenticated=False)  # type: ignore[assignment]
    refused = views.forbidden(request, Exception("Срок правки истёк 1 марта"))
    assert refused.status_code == 403
    assert "Срок правки истёк 1 марта" in refused.content.decode()
    for answer, status in (
        (views.not_found(request, Exception()), 404),
        (views.bad_request(request, Exception()), 400),
        (views.csrf_failure(request), 403),
        (views.server_error(request), 500),
    ):
        assert answer.status_code == status
        assert 'href="/"' in answer.content.decode()


def test_a_picture_of_nothing_is_drawn_without_failing() -> None:
    day = date(2019, 1, 1)
    for drawn in (
        svg.sparkline([]), svg.bars([]), svg.donut([]), svg.tilemap([]), svg.gantt([], day, day),
        svg.multiples([]),
        svg.multiples([("А", [None])]), svg.ring(None),
        svg.donut([("А", 0)]), svg.bars([("А", None)]),
    ):  # fmt: skip
        assert "nan" not in drawn


def test_a_chart_of_terms_is_heard_whole() -> None:
    """Each row is one thing in a list: its whole name, its days and its state; the bar leads to
    the same page as the name."""
    name = "12. Повышение квалификации сотрудников организаций, где внедряется модель"
    day = date(2019, 3, 1)
    rows = [
        {"label": name, "start": day, "end": date(2019, 3, 15), "said": "Просрочено", "url": "/a/"},
        {"label": "Ежегодно", "start": None, "end": None, "marks": [day, date(2019, 12, 31)]},
    ]
    drawn = svg.gantt(rows, date(2019, 1, 1), date(2019, 12, 31), day)
    heard = re.findall(r'aria-label="([^"]*)"|<a [^>]*><title>([^<]*)', drawn)
    heard = [label or title for label, title in heard]
    assert f"{name}: 1{NB}марта — 15{NB}марта{NB}2019. Просрочено" in heard
    assert f"Ежегодно: 1{NB}марта{NB}2019, 31{NB}декабря{NB}2019" in heard
    assert drawn.count('role="listitem"') == 2
    link = drawn[drawn.index("<a ") : drawn.index("</a>")]
    assert "<text" in link
    assert "<rect" in link
    stones = [float(x) for x in re.findall(r"translate\(([\d.]+) ", drawn)]
    assert max(stones) <= 1200 - 6 * 2**0.5
