"""Templates as functions give what Django's own rendering gives."""

# ruff: noqa: E501

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.template import Context, Engine, Template, TemplateSyntaxError
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import override

import sreda
from sreda.ui.compiled.compiler import Uncompilable, compiled
from sreda.ui.compiled.loader import Fast

FILES = {
    "base.html": "<b>{% block one %}1{% block inner %}i{% endblock %}{% endblock %}</b>{{ who }}"
    "{% block two %}2{% endblock %}",
    "middle.html": '{% extends "base.html" %}{% load ui %}{% block one %}m{{ block.super }}{% endblock %}',
    "part.html": "[{{ a }}|{{ who }}|{{ forloop.counter }}]{% block two %}own{% endblock %}",
    "self.html": "{{ n }}{% if deeper %}{% include 'self.html' with deeper=False %}{% endif %}",
}
TEXTS = {
    "escaping": "{{ hostile }}{{ hostile|safe }}{{ marked }}{{ hostile|upper }}{{ marked|upper }}",
    "nothing": "{{ none }}|{{ missing }}|{{ missing.deep }}|{{ thing.missing }}|{{ data.missing }}",
    "look-ups": "{{ data.key }}{{ data.items|length }}{{ list.1 }}{{ list.9 }}{{ thing.name }}"
    "{{ thing.call }}{{ thing.wants }}{{ thing.delete }}{{ thing.gone }}{{ pair.0 }}{{ f }}",
    "numbers and days": "{{ 5 }}{{ 2.5 }}{{ n }}{{ yes }}{{ money }}{{ day }}{{ moment }}"
    "{{ moment|date:'H:i' }}{{ day|date:'Y-m-d' }}{{ n|add:3 }}{{ n|num }}{{ money|num:1 }}",
    "filters": "{{ missing|default:'x<' }}{{ none|default:who }}{{ hostile|truncatechars:5 }}"
    "{{ list|join:', ' }}{{ hostile|linebreaksbr }}{{ _('Sreda') }}{{ missing|default:_('Yes') }}",
    "conditions": "{% if n == 3 and yes or missing %}a{% elif who %}b{% else %}c{% endif %}"
    "{% if not missing.x %}d{% endif %}{% if 2 in list %}e{% endif %}{% if n in none %}!{% else %}f"
    "{% endif %}{% if none is None and n != 4 and n >= 3 and n < 9 %}g{% endif %}"
    "{% if 'x' not in data %}h{% endif %}{% if thing.gone %}!{% endif %}{% if n > who %}!{% endif %}",
    "loops": "{% for x in list %}{{ forloop.counter }}{{ forloop.last }}{{ x }}{% for y in list %}"
    "{{ forloop.parentloop.counter }}{{ y }}{% endfor %}{% empty %}none{% endfor %}"
    "{% for x in missing %}!{% empty %}none{% endfor %}{% for k, v in data.items %}{{ k }}={{ v }}"
    "{% endfor %}{% for x in list reversed %}{{ x }}{% endfor %}{{ x }}"
    "{% for x in generator %}{{ x }}{{ forloop.revcounter }}{% endfor %}",
    "names": "{% with a=n b=who|upper %}{{ a }}{{ b }}{% translate 'Yes' as c %}{{ c }}{% endwith %}"
    "{{ a }}{{ c }}{% if yes %}{% translate 'Yes' as t %}{% else %}{% translate 'No' as t %}{% endif %}"
    "{{ t }}{% if missing %}{% translate 'Yes' as who %}{{ who }}{% endif %}{{ who }}"
    "{% for x in list %}{{ last }}{% if x == 1 %}{% firstof x as last %}{% endif %}{{ last }}"
    "{% endfor %}{{ last }}{% firstof missing none who %}",
    "inheritance": '{% extends "middle.html" %}{% block one %}<{{ block.super }}>{% endblock %}'
    "{% block inner %}I{{ who }}{% endblock %}",
    "includes": '{% include "part.html" %}{% for x in list %}{% include "part.html" with a=x %}'
    '{% include "part.html" with a=x only %}{% endfor %}{% include "self.html" with deeper=yes %}'
    '{% include file %}',
    "texts": "{% translate 'Yes' %}{% blocktranslate %}plain 100%{% endblocktranslate %}"
    "{% blocktranslate with w=hostile %}Menu of {{ w }} {{ missing }}{% endblocktranslate %}"
    "{% blocktranslate count c=n %}{{ c }} organisation{% plural %}{{ c }} organisations"
    "{% endblocktranslate %}{% blocktranslate asvar v with name=hostile %}Menu of {{ name }}"
    "{% endblocktranslate %}{{ v }}",
    "addresses": "{% url 'home' %}{% url 'registry:person' key %}{% url 'registry:merge' key key %}"
    "{% url 'no-such' as u %}[{{ u }}]{% url 'audit_entry' n %}{% static 'brand/favicon.svg' %}",
    "tags": "{% icon 'school' %}{% icon kind 'sm' %}{% badge hostile 'success' %}"
    "{% translate 'Yes' as t %}{% badge t %}{% card hostile icon='school' css=who %}<i>{{ n }}</i>"
    "{% endcard %}{% card 'x' %}still{% endcard %}{% stat hostile n source=who %}"
    "{% breadcrumb 'A' '/a/' hostile %}{% span day none %}{% csrf_token %}",
    "tags in loops": "{% for x in list %}{% alert 'info' x %}{% for y in list %}{% stat x y %}"
    "{% endfor %}{% endalert %}{% endfor %}",
    "changes": "{% for x in list %}{% for y in list %}{% ifchanged x %}{{ x }}{% else %}-{% endifchanged %}"
    "{% ifchanged y n %}{{ y }}{% endifchanged %}{% endfor %}{% endfor %}",
    "names set anew": "{% translate 'Yes' as t %}{% if n == 3 %}{% translate 'No' as t %}{% endif %}"
    "{{ t }}{% if n == 4 %}{% translate 'Yes' as t %}{% endif %}{{ t }}{% for x in list %}{% if x == 2 %}"
    "{% firstof x as t %}{% if yes %}{% firstof n as t %}{{ t }}{% endif %}{% endif %}{{ t }}{% endfor %}{{ t }}"
    "{% with t=n %}{% if yes %}{% translate 'Yes' as t %}{% endif %}{{ t }}{% include 'part.html' with a=t %}"
    "{% endwith %}{{ t }}",
    "what the compiler does not know": "{% for x in list %}"
    "{% cycle 'a' 'b' %}{% endfor %}{% now 'Y' %}",
}  # fmt: skip


class Gone(Exception):
    silent_variable_failure = True


class Thing:
    name = "thing <1>"

    def call(self) -> str:
        return "called"

    def wants(self, more: int) -> str:
        return f"!{more}"

    def delete(self) -> str:
        raise AssertionError("a template may not delete")

    delete.alters_data = True  # type: ignore[attr-defined]

    @property
    def gone(self) -> str:
        raise Gone


def names() -> dict[str, Any]:
    return {
        "hostile": "<script>\"'&",
        "marked": mark_safe("<b>bold</b>"),
        "none": None,
        "who": "Анна <А>",
        "yes": True,
        "n": 3,
        "money": Decimal("1234567.50"),
        "day": date(2026, 9, 1),
        "moment": datetime(2026, 9, 1, 20, 30, tzinfo=timezone.get_fixed_timezone(0)),
        "data": {"key": "value &", "n": 1},
        "list": [1, 2, 3],
        "pair": ("first", "second"),
        "generator": (x for x in "ab"),
        "thing": Thing(),
        "f": lambda: "made",
        "key": UUID("019b76db-d84d-7672-a3d6-2b0153d55c25"),
        "kind": "school",
        "file": "part.html",
        "csrf_token": "token",
    }


def engine(fast: bool) -> Engine:
    apart = Path(sreda.__file__).parent / "ui/templates"
    loaders: list[Any] = [
        ("django.template.loaders.locmem.Loader", FILES | {"page.html": ""}),
        ("django.template.loaders.filesystem.Loader", [str(apart)]),
    ]
    return Engine(
        loaders=[("sreda.ui.compiled.Loader", loaders)] if fast else loaders,
        libraries={"ui": "sreda.ui.templatetags.ui"},
        builtins=[
            "django.templatetags.i18n",
            "django.templatetags.static",
            "sreda.ui.templatetags.ui",
        ],
    )


def rendered(source: str, fast: bool) -> str:
    template = Template(source, engine=engine(fast), name="page.html")
    if fast:
        template.nodelist = Fast(template)
    return template.render(Context(names()))


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("what", TEXTS)
def test_same_text(what: str, language: str) -> None:
    with override(language):
        assert rendered(TEXTS[what], fast=True) == rendered(TEXTS[what], fast=False)


def test_functions_are_made_for_each_language() -> None:
    template = Template("{% translate 'Yes' %}", engine=engine(True), name="x.html")
    template.nodelist = Fast(template)
    for language, text in (("ru", "Да"), ("en", "Yes"), ("ru", "Да")):
        with override(language):
            assert template.render(Context()) == text
    assert len(template.nodelist.functions) == 2
    assert all(template.nodelist.functions.values())


def test_errors_stay_errors() -> None:
    class Broken:
        @property
        def name(self) -> str:
            return self.no_such  # type: ignore[attr-defined,no-any-return]

        def call(self) -> None:
            raise TypeError("inside")

    for source in ("{{ thing.name }}", "{{ thing.call }}", "{% for a, b in list %}{% endfor %}"):
        for fast in (True, False):
            template = Template(source, engine=engine(fast), name="page.html")
            if fast:
                template.nodelist = Fast(template)
            with pytest.raises((AttributeError, TypeError, ValueError)):
                template.render(Context({"thing": Broken(), "list": [1]}))


def test_unescaped_texts_go_the_plain_way() -> None:
    template = Template("{{ a }}", engine=engine(True), name="mail.txt")
    template.nodelist = Fast(template)
    assert template.render(Context({"a": "<&>"}, autoescape=False)) == "<&>"


def test_our_templates_are_functions() -> None:
    """Whatever is shown often; a template that names its parent in a variable is not."""
    plain = set()
    folder = Path(sreda.__file__).parent
    for path in sorted(folder.glob("*/templates/**/*.html")):
        name = str(path.relative_to(folder)).split("/templates/", 1)[1]
        try:
            compiled(Engine.get_default().get_template(name))
        except Uncompilable:
            plain.add(name)
        except TemplateSyntaxError:
            pytest.fail(name)
    theirs = ("allauth/", "account/", "mfa/", "socialaccount/")
    assert {name for name in plain if not name.startswith(theirs)} <= {"ui/gallery.html"}
