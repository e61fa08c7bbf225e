"""Forms in our markup."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django import forms
from django.utils.translation import override

import sreda
from sreda.registry.models import Post

DASHES = re.compile(r"<option[^>]*>\s*[-—]+\s*</option>")


class Choosing(forms.Form):
    own = forms.ChoiceField(choices=[("", "—"), ("a", "А")], required=False)
    said = forms.ChoiceField(choices=[("", "Любой"), ("a", "А")], required=False)
    radio = forms.ChoiceField(choices=[("", "---------")], widget=forms.RadioSelect)


OfPosts = forms.modelform_factory(Post, fields=("municipality", "category"))


@pytest.mark.django_db
def test_the_choice_of_nothing_is_said_in_words() -> None:
    """Django's dashes, and dashes of our own, are the same to everybody: nothing is chosen."""
    with override("ru"):
        shown = Choosing().as_div() + OfPosts().as_div()
    assert not DASHES.search(shown)
    assert "---" not in shown
    assert shown.count("Не выбрано") == 3
    assert "Любой" in shown


def test_no_page_writes_dashes_for_the_choice_of_nothing() -> None:
    pages = Path(sreda.__file__).parent.rglob("templates/**/*.html")
    assert [page.name for page in pages if DASHES.search(page.read_text(encoding="utf-8"))] == []
