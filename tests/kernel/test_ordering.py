"""Names stand where a Russian reader looks for them."""

import random

import pytest
from django.db import connection

from sreda.registry.models import Municipality

EXPECTED = [
    "Аист", "Ежова", "Ёлкина", "Ель", "Жук", "лицей № 2", "«Лицей № 7»", "Лицей № 10",
    "Семёнов", "Семёнова", "Семяхин", "Школа № 99", "школа № 100",
]  # fmt: skip


@pytest.mark.django_db
def test_names_in_order():
    names = list(EXPECTED)
    random.Random(1).shuffle(names)
    Municipality.objects.bulk_create(
        [Municipality(code=f"t{n}", name=name, kind="urban") for n, name in enumerate(names)]
    )
    ours = Municipality.objects.filter(code__startswith="t")
    assert list(ours.order_by("name__natural").values_list("name", flat=True)) == EXPECTED
    backwards = ours.order_by("-name__natural").values_list("name", flat=True)
    assert list(backwards) == EXPECTED[::-1]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "key"),
    [(None, None), ("", ""), ("№ 007", "№ 00000007"), ("Ё1а22", "е00000001а00000022")],
)
def test_key(text: str | None, key: str | None):
    with connection.cursor() as cursor:
        cursor.execute("SELECT kernel_sort_key(%s::text)", [text])
        assert cursor.fetchone() == (key,)
