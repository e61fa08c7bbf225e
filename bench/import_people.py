"""How fast a table of everyone who learns is taken over, beside a raw COPY of the same rows.

    python bench/import_people.py [--region small|whole]

Raw COPY writes people and enrolments straight into the same tables, with all their indexes and
constraints, from rows that lie ready in memory. An import is `stage_people` + `apply_import` of
a CSV file: parsing, checking, comparing and writing. Copying and importing take turns, from
empty tables; of the rounds the best counts, for a shared machine disturbs the others.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from datetime import timedelta
from typing import Any

from common import fresh_database, machine, number, peak_memory_mb, table, timed

HEAD = ("Идентификатор", "Фамилия", "Имя", "Отчество", "Дата рождения", "Пол",
        "Код организации", "Роль", "Класс", "С")  # fmt: skip
PEOPLE = ("id", "external_id", "family_name", "given_name", "patronymic", "birth_date", "sex",
          "email", "phone")  # fmt: skip
ENROLMENTS = ("id", "person_id", "organisation_id", "group_id", "role", "since")
MINIMUM_NEW, MINIMUM_SAME = 0.5, 0.9


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--region", choices=("small", "whole"), default="whole")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts")
    options = parser.parse_args()
    with fresh_database("sreda_bench_import"):
        return measure(options.region, options.rounds)


def measure(size: str, rounds: int) -> int:
    from django.db import transaction

    from sreda.config.management.commands.demo import listed_organisations
    from sreda.kernel import clock
    from sreda.kernel.api import Actor, Seat, copy_rows, path_of
    from sreda.registry.domain.people_import import apply_import, stage_people
    from sreda.registry.generator import Region, load, region
    from sreda.registry.models import Enrolment, Person

    at = clock.now()
    made = Region(region(size, listed_organisations()), seed=2018, on=clock.today())
    with timed() as loading:
        counts = load(made, at=at, password="-")
    print(f"{machine()}; region “{size}”: {number(sum(counts.values()))} rows\n")

    people, enrolments, lines = everyone()
    file = stored(lines)
    del lines
    actor = Actor(on=clock.today(), seat=Seat("bench", "operator", "Bench"))
    total = len(enrolments)

    copying: list[float] = []
    importing: dict[str, list[tuple[float, float]]] = {"new": [], "unchanged": []}
    for _round in range(rounds):
        empty_tables()
        with timed() as timer, transaction.atomic():
            copy_rows(Person, PEOPLE, people)
            copy_rows(Enrolment, ENROLMENTS, enrolments)
        copying.append(timer.seconds)
        empty_tables()
        for expected, seconds in importing.items():
            with timed() as staging:
                imported = stage_people(file, actor=actor, at=at)
            with timed() as applying:
                imported = apply_import(
                    imported, actor=actor, at=at + timedelta(seconds=1), only_good=False
                )
            assert getattr(imported, expected) == imported.total == total, imported.__dict__
            seconds.append((staging.seconds, applying.seconds))
        assert Enrolment.objects.count() == total
    path_of(file).unlink()

    raw = total / min(copying)
    rows = [["raw COPY", "", "", f"{min(copying):.1f}", number(raw), "1.00"]]
    ratios = []
    for name, expected in (("import, all new", "new"), ("import, nothing changed", "unchanged")):
        staging_s, applying_s = min(importing[expected], key=sum)
        rate = total / (staging_s + applying_s)
        ratios.append(rate / raw)
        rows.append([
            name, f"{staging_s:.1f}", f"{applying_s:.1f}", f"{staging_s + applying_s:.1f}",
            number(rate), f"{rate / raw:.2f}",
        ])  # fmt: skip
    table(["", "stage, s", "apply, s", "total, s", "rows/s", "of COPY"], rows)
    print(f"\nrows of the table: {number(total)}, {number(file.size / 1024**2)} MB")
    print(f"loading the region “{size}”: {loading.seconds:.1f} s")
    print(f"peak memory of this process: {number(peak_memory_mb())} MB")
    passed = ratios[0] >= MINIMUM_NEW and ratios[1] >= MINIMUM_SAME
    print(f"required: {MINIMUM_NEW} and {MINIMUM_SAME} of COPY: {'met' if passed else 'NOT met'}")
    return 0 if passed else 1


def everyone() -> tuple[list[Any], list[Any], list[Any]]:
    """All learners as rows for COPY and as lines of a table."""
    from sreda.registry.models import Enrolment, Person

    enrolments = list(Enrolment.objects.order_by("id").values_list(*ENROLMENTS))
    people = list(
        Person.objects.filter(enrolments__isnull=False).order_by("id").values_list(*PEOPLE)
    )
    sexes = {"male": "м", "female": "ж", "": ""}
    roles = {"pupil": "ученик", "student": "студент"}
    lines = [
        (code, family, given, patronymic, born.strftime("%d.%m.%Y"), sexes[sex], place,
         roles[role], group, since.strftime("%d.%m.%Y"))
        for code, family, given, patronymic, born, sex, place, role, group, since in (
            Enrolment.objects.order_by("id").values_list(
                "person__external_id", "person__family_name", "person__given_name",
                "person__patronymic", "person__birth_date", "person__sex",
                "organisation__code", "role", "group__name", "since",
            )
        )
    ]  # fmt: skip
    return people, enrolments, lines


def stored(lines: list[Any]) -> Any:
    """The table as a stored file, put where the kernel looks for it."""
    import hashlib

    from sreda.kernel import clock
    from sreda.kernel.api import StoredFile, path_of

    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";")
    writer.writerow(HEAD)
    writer.writerows(lines)
    content = out.getvalue().encode()
    file = StoredFile.objects.create(
        name="people.csv", content_type="text/csv", size=len(content),
        sha256=hashlib.sha256(content).hexdigest(), stored_at=clock.now(),
    )  # fmt: skip
    path = path_of(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return file


def empty_tables() -> None:
    """Before each writing stage: neither people nor what hangs on them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE registry_person, registry_enrolment, registry_post, registry_guardianship,"
            " registry_qualification, registry_teaching, registry_user CASCADE"
        )


if __name__ == "__main__":
    sys.exit(main())
