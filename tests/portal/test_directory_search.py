"""Finding organisations by what people type."""

from __future__ import annotations

import pytest
from django.db import connection

from sreda.kernel.api import Actor, copy_rows, uuid7
from sreda.registry.api import (
    Organisation,
    find,
    listed,
    near,
    rebuild_directory,
    suggestions,
    understand,
)
from tests.factories import TODAY, MunicipalityFactory, OrganisationFactory

pytestmark = pytest.mark.django_db
PUBLIC = Actor(on=TODAY)


@pytest.fixture
def region() -> None:
    kemerovo = MunicipalityFactory(name="Кемеровский городской округ")
    yurga = MunicipalityFactory(name="Юргинский городской округ")
    yashkino = MunicipalityFactory(name="Яшкинский муниципальный район", kind="district")
    novokuznetsk = MunicipalityFactory(name="Новокузнецкий городской округ")

    def add(short_name: str, place=kemerovo, locality="Кемерово", **more: object) -> None:
        OrganisationFactory(short_name=short_name, municipality=place, locality=locality, **more)

    add("МБОУ «Лицей № 62»", address="ул. Институтская, д. 5")
    add("МБОУ «Средняя общеобразовательная школа № 162»", address="ул. Весенняя, д. 8")
    add("МБОУ «Средняя общеобразовательная школа №5»", address="пр. Ленина, д. 62")
    add("МБОУ «Гимназия № 6 имени С.Ф. Вензелева»", address="ул. Мичурина, д. 19")
    add("МАОУ «Гимназия города Юрги»", yurga, "Юрга", address="ул. Мира, д. 1")
    add("МБОУ «Лицей № 46»", novokuznetsk, "Новокузнецк", address="ул. Тольятти, д. 1")
    add("МБОУ «Яшкинская ООШ № 2»", yashkino, "пгт Яшкино", address="ул. Куйбышева, д. 14а")
    add("МБОУ «СОШ № 62»", novokuznetsk, "Новокузнецк", address="ул. Зелёная, д. 3")
    add(
        "ГПОУ «Кемеровский педагогический колледж»",
        kind="college",
        ownership="state",
        address="ул. Чайковского, д. 4",
    )


def titles(text: str) -> list[str]:
    return [row.short_name for row in find(listed(PUBLIC), understand(text))]


LYCEUM = "МБОУ «Лицей № 62»"


@pytest.mark.parametrize(
    "text",
    [
        "лицей 62 кемерово",
        "Лицей №62",
        "62-й лицей",
        "62й лицей",
        "лицея 62 кемерова",
        "кемеровские лицеи",
        "лецей 62 кимерово",
        "лицкй 62",
        "лицйе 62",
        "kbwtq 62",
        "kbwtq №62 rtvthjdj",
        "litsey 62",
        "licey 62 kemerovo",
        "институтская 5",
    ],
)
def test_the_lyceum_is_first_however_it_is_typed(region: None, text: str) -> None:
    assert titles(text)[0] == LYCEUM


def test_a_number_is_that_number_exactly(region: None) -> None:
    found = titles("62")
    assert set(found) == {LYCEUM, "МБОУ «СОШ № 62»"}
    assert titles("6") == ["МБОУ «Гимназия № 6 имени С.Ф. Вензелева»"]
    assert titles("школа 16") == []


def test_a_house_number_counts_only_with_its_street(region: None) -> None:
    assert titles("ленина 62") == ["МБОУ «Средняя общеобразовательная школа №5»"]
    assert "МБОУ «Средняя общеобразовательная школа №5»" not in titles("школа 62")


def test_kinds_are_known_by_everyday_words(region: None) -> None:
    assert titles("техникум") == ["ГПОУ «Кемеровский педагогический колледж»"]
    assert titles("сош 5") == ["МБОУ «Средняя общеобразовательная школа №5»"]
    assert titles("основная школа яшкино") == ["МБОУ «Яшкинская ООШ № 2»"]
    assert titles("средняя общеобразовательная школа 62") == ["МБОУ «СОШ № 62»"]
    # the school called a school comes before the lyceum, which is one too
    assert titles("школа 62") == ["МБОУ «СОШ № 62»", LYCEUM]


def test_a_word_of_the_name_counts_for_more_than_the_kind(region: None) -> None:
    place = MunicipalityFactory(name="Тайгинский городской округ")
    for code, name in (("1", "Колледж"), ("2", "Горный техникум"), ("3", "Училище")):
        OrganisationFactory(
            code=code, kind="college", municipality=place, locality="Тайга", short_name=name
        )
    assert titles("техникум тайга")[0] == "Горный техникум"
    assert len(titles("техникум тайга")) == 3
    assert titles("училище тайга")[0] == "Училище"


def test_places_are_found_by_adjectives_and_without_yo(region: None) -> None:
    assert titles("юргинская гимназия") == ["МАОУ «Гимназия города Юрги»"]
    place = MunicipalityFactory(name="Белогорский городской округ")
    OrganisationFactory(short_name="Школа № 8", municipality=place, locality="Белогорск")
    assert titles("беловская школа") == []
    assert titles("белогорские школы") == ["Школа № 8"]
    assert titles("шклоа белогорск") == ["Школа № 8"]
    assert titles("ул. зеленая") == ["МБОУ «СОШ № 62»"]


def test_a_correction_is_told(region: None) -> None:
    search = understand("лецей 62 кимерово")
    assert search.understood == "лицей 62 кемерово"
    assert understand("лицей 62").understood == ""
    assert understand("kbwtq 62").understood == "лицей 62"


def test_what_is_nowhere_is_named_and_the_near_is_offered(region: None) -> None:
    search = understand("лицей 62 владивосток")
    assert search.unknown == ["владивосток"]
    assert not find(listed(PUBLIC), search)
    assert near(listed(PUBLIC), search)[0].short_name == LYCEUM
    together = understand("лицей 62 юрга")
    assert together.unknown == []
    assert not find(listed(PUBLIC), together)
    assert near(listed(PUBLIC), together)[0].short_name == LYCEUM


@pytest.mark.parametrize("text", ["", "!!!", "«»", "и", "' OR 1=1 --", "a & | ! :*", "\\", "%%"])
def test_odd_texts_find_nothing_and_break_nothing(region: None, text: str) -> None:
    search = understand(text)
    assert list(find(listed(PUBLIC), search)) == []
    list(near(listed(PUBLIC), search))
    suggestions(PUBLIC, text)


def test_the_registry_number_is_found(region: None) -> None:
    wanted = Organisation.objects.get(short_name=LYCEUM)
    assert titles(wanted.code)[0] == LYCEUM


def test_suggestions_follow_the_typing(region: None) -> None:
    assert suggestions(PUBLIC, "гимн")[0].short_name.count("Гимназия")
    assert suggestions(PUBLIC, "лицей 62 кем")[0].short_name == LYCEUM
    assert suggestions(PUBLIC, "педаг")[0].kind == "college"


def test_rows_loaded_by_copy_are_found(region: None) -> None:
    place = MunicipalityFactory(name="Тайгинский городской округ")
    fields = [
        "id",
        "code",
        "kind",
        "ownership",
        "municipality",
        "name",
        "short_name",
        "postcode",
        "locality",
        "address",
        "rural",
        "phone",
        "email",
        "website",
        "since",
        "edition",
    ]
    copy_rows(
        Organisation,
        fields,
        [
            (uuid7(), "4299999", "school", "municipal", place.pk, "Школа № 777", "Школа № 777",
             "", "Тайга", "", False, "", "", "", TODAY, 1)
        ],
    )  # fmt: skip
    assert titles("777 тайга") == ["Школа № 777"]
    assert titles("тайгв 777") == ["Школа № 777"]


def test_the_index_follows_changes(region: None) -> None:
    row = Organisation.objects.get(short_name=LYCEUM)
    row.short_name = row.name = "МБОУ «Академическая гимназия № 62»"
    row.save()
    assert titles("академическая 62") == [row.short_name]
    assert LYCEUM not in titles("лицей 62")
    municipality = row.municipality
    municipality.name = "Щегловский городской округ"
    municipality.save()
    assert titles("щегловский 62") == [row.short_name]
    row.delete()
    assert titles("академическая 62") == []


def test_the_index_made_anew_is_the_same(region: None) -> None:
    def kept() -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT organisation_id, number, title, words::text"
                " FROM registry_directoryentry ORDER BY 1"
            )
            return cursor.fetchall()

    before = kept()
    assert rebuild_directory() == len(before) == 9
    assert kept() == before


def test_the_number_of_queries_does_not_depend_on_the_words(
    region: None, django_assert_max_num_queries
) -> None:
    for text in ("лицей", "лецей 62 кимерово юргв", "kbwtq 62 rtvthjdj"):
        with django_assert_max_num_queries(3):
            [row.municipality.name for row in find(listed(PUBLIC), understand(text))]
