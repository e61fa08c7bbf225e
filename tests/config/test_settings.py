"""The settings hold together."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection

from sreda.config import env


def test_checks_of_django_are_silent():
    call_command("check", fail_level="WARNING")


@pytest.mark.django_db
def test_no_model_lacks_a_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_database_knows_russian_letters():
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        cursor.execute("SELECT cardinality(show_trgm('лицей')), lower('ЁЛКА')")
        assert cursor.fetchone() == (6, "ёлка")
        cursor.execute("SELECT to_tsvector('russian', '«Лицеи № 62» — школы')::text")
        assert cursor.fetchone()[0] == "'62':2 'лиц':1 'школ':3"


@pytest.mark.parametrize("good", ["", "/", "https://hot.example.org", "http://127.0.0.1:8001/a"])
def test_an_address_of_the_environment(good, monkeypatch):
    monkeypatch.setenv("SREDA_X", f" {good} ")
    assert env.address("SREDA_X") == good


@pytest.mark.parametrize(
    "wrong", ["hot", "/hot", "ftp://a", "https://a;b", "https://a b", "https://a'", "//a"]
)
def test_a_wrong_address_is_named(wrong, monkeypatch):
    monkeypatch.setenv("SREDA_X", wrong)
    with pytest.raises(ImproperlyConfigured, match="SREDA_X"):
        env.address("SREDA_X")
