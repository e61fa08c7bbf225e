"""A region out of a seed: the same seed and day give the same rows to the last byte.

Rows come in batches, organisation by organisation, so that the whole region never has to lie
in memory. Everybody is made up; only the listed organisations and the places are real.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import chain, cycle, islice
from random import Random

from sreda.registry.enums import Category, GuardianKind, OrganisationKind, Role, Sex
from sreda.registry.generator import names
from sreda.registry.generator.plan import Planned, plan
from sreda.registry.generator.rows import Rows, empty, keys
from sreda.registry.generator.shares import apportion, part
from sreda.registry.generator.spec import (
    COLLEGE_SHARES,
    DIGITAL,
    FACTS_ON,
    ICT_MANAGERS,
    ICT_TEACHERS,
    SCHOOL_SHARES,
    Spec,
    StaffShares,
)
from sreda.registry.generator.subjects import (
    COLLEGE_POSITIONS,
    POSITIONS,
    PRIMARY,
    PRIMARY_SUBJECTS,
    SPECIALITIES,
    subjects,
)

# Where the standing characters live, by their key in the programme's list.
DEMO_SCHOOL, DEMO_COLLEGE = "school-03", "college-04"
DEMO_CLASS, SIBLING_CLASS, TEACHERS_CHILD_CLASS = "7А", "3А", "5А"
PARENTS_PERCENT = 5
LETTERS = "АБВГДЕЖЗИКЛМНОПРСТ"
PROGRAMMES = (
    "Цифровая образовательная среда: содержание и технологии",
    "Электронное обучение и дистанционные образовательные технологии",
    "Информационная образовательная среда организации",
    "Сетевые сервисы и электронные ресурсы в работе педагога",
)
KEYS_FROM = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Character:
    """A standing person of the demo, who signs in as `username`."""

    username: str
    role: Role
    person_id: str
    name: str
    place: str


@dataclass(slots=True)
class _Teacher:
    post_id: str
    title: str
    family: int
    person_id: str
    female: bool


class _Deck:
    """Values in exact numbers, dealt in random order."""

    def __init__(self, rng: Random, counts: dict[object, int]) -> None:
        self.cards = [value for value, count in counts.items() for _n in range(count)]
        rng.shuffle(self.cards)

    def deal(self) -> object:
        return self.cards.pop()


def _share(rng: Random, whole: int, percent: str) -> _Deck:
    yes = part(whole, percent)
    return _Deck(rng, {True: yes, False: whole - yes})


class _Staffing:
    """The shares of one kind of organisation's teachers, dealt out exactly."""

    def __init__(self, rng: Random, shares: StaffShares, planned: Sequence[Planned]) -> None:
        teachers = sum(o.teachers for o in planned)
        listed = [o for o in planned if o.listed]
        self.higher = _share(rng, teachers, shares.higher)
        self.ict = _share(rng, teachers, ICT_TEACHERS)
        highest = part(teachers, shares.highest)
        first = part(teachers, shares.category) - highest
        suitable = part(teachers, shares.suitable)
        self.category = _Deck(
            rng,
            {
                Category.HIGHEST.value: highest,
                Category.FIRST.value: first,
                Category.SUITABLE.value: suitable,
                Category.NONE.value: teachers - highest - first - suitable,
            },
        )
        self.trained = _share(rng, sum(o.teachers + 2 for o in listed), shares.trained)


class Region:
    """`batches()` once, in full; the standing characters are known afterwards."""

    def __init__(self, spec: Spec, *, seed: int, on: date) -> None:
        self.spec, self.seed, self.on = spec, seed, on
        self.school_year = on.year if on.month >= 9 else on.year - 1
        self.characters: list[Character] = []
        rng = Random(f"{seed}/plan")  # noqa: S311 - not a secret
        self.planned = plan(spec, rng)
        schools = [o for o in self.planned if o.school]
        colleges = [o for o in self.planned if not o.school]
        self.staffing = {
            True: _Staffing(rng, SCHOOL_SHARES, schools),
            False: _Staffing(rng, COLLEGE_SHARES, colleges),
        }
        self.managers_ict = _share(rng, 2 * len(self.planned), ICT_MANAGERS)
        self.key = keys(rng, KEYS_FROM)
        self.external = 0
        self.places = {place.code: next(self.key) for place in spec.places}
        self.ids = {o.code: next(self.key) for o in self.planned}
        # A teacher of the demo school also teaches in the first unlisted school of its place.
        home = next((o for o in schools if o.listed and o.listed.key == DEMO_SCHOOL), schools[0])
        self.second_school = next(
            (o for o in schools if o is not home and not o.listed and o.place is home.place), None
        )
        self.visiting: _Teacher | None = None
        self.parent_of_two: _Person | None = None

    @property
    def total(self) -> int:
        """Organisations, the measure of progress."""
        return len(self.planned)

    def batches(self) -> Iterator[tuple[int, Rows]]:
        """(organisations done, rows); the first batch holds the organisations themselves."""
        yield 0, self._organisations()
        for done, organisation in enumerate(self.planned, 1):
            yield done, _People(self, organisation).rows()

    def next_external(self) -> str:
        self.external += 1
        return f"42-{self.external:07}"

    # Organisations, and the people above them.

    def _organisations(self) -> Rows:
        rows = empty()
        rng = Random(f"{self.seed}/organisations")  # noqa: S311
        rows["municipality"] = [
            (self.places[p.code], p.code, p.name, p.kind) for p in self.spec.places
        ]
        for o in self.planned:
            id_ = self.ids[o.code]
            host = f"{o.slug}.{o.place.domain}.example"
            kind = OrganisationKind.SCHOOL if o.school else OrganisationKind.COLLEGE
            rows["organisation"].append((
                id_, o.code, kind.value, o.ownership, self.places[o.place.code], o.name,
                o.short_name, o.postcode, o.locality, o.address, o.rural, _phone(rng),
                f"office@{host}", f"https://{host}/", date(rng.randint(1936, 2008), 9, 1),
            ))  # fmt: skip
            source = "Перечень организаций, графы 4–9" if o.listed else "Демонстрационные данные"
            rows["facilities"].append((
                next(self.key), id_, FACTS_ON, o.link, o.computers, o.office_computers,
                o.network, o.management_system, o.computer_classes, o.multimedia, o.licensed,
                source,
            ))  # fmt: skip
            rows["managementcost"] += self._costs(o, id_, rng)
        self._officials(rows, rng)
        return rows

    def _costs(self, o: Planned, id_: str, rng: Random) -> Iterator[tuple[object, ...]]:
        """Each finished year since 2018; the listed ones save 2, 4 and 6 % of the share."""
        tenths = o.learners * rng.randint(850, 1150) + 40_000
        share = rng.randint(1000, 1400)
        for year in range(FACTS_ON.year, max(self.on.year, FACTS_ON.year + 1)):
            saved = min(2 * (year - FACTS_ON.year), 6) if o.listed else 0
            management = tenths * share * (100 - saved) // 1_000_000
            yield next(self.key), id_, year, Decimal(tenths) / 10, Decimal(management) / 10
            tenths = tenths * rng.randint(1030, 1075) // 1000

    def _officials(self, rows: Rows, rng: Random) -> None:
        region = "Департамент образования и науки"
        for n in range(self.spec.operators):
            title = "Консультант отдела информационной работы" if n else (
                "Заместитель начальника департамента"
            )  # fmt: skip
            self._official(rows, rng, Role.OPERATOR, title, None, "operator" * (n == 0), region)
        for place in self.spec.places:
            municipality = self.places[place.code]
            first = place is self.spec.places[0]
            self._official(
                rows, rng, Role.COORDINATOR, "Муниципальный координатор",
                municipality, "coordinator" * first, place.name,
            )  # fmt: skip
        for n in range(self.spec.experts):
            title = "Эксперт электронных образовательных ресурсов"
            self._official(rows, rng, Role.EXPERT, title, None, "expert" * (n == 0), region)

    def _official(
        self,
        rows: Rows,
        rng: Random,
        role: Role,
        title: str,
        municipality: str | None,
        username: str,
        place: str,
    ) -> None:
        since = date(rng.randint(2009, 2017), rng.randint(1, 12), 1)
        person = adult(self, rows, rng, since)
        rows["post"].append((
            next(self.key), person.id, role.value, None, municipality, title, False,
            Category.NONE.value, True, True, since,
        ))  # fmt: skip
        if username:
            self.stand(username, role, person.id, person.name, place)

    def stand(self, username: str, role: Role, person: str, name: str, place: str) -> None:
        self.characters.append(Character(username, role, person, name, place))


@dataclass(frozen=True, slots=True)
class _Person:
    id: str
    name: str
    family: int
    female: bool
    husband: int = -1


def adult(
    region: Region,
    rows: Rows,
    rng: Random,
    since: date,
    *,
    female: bool | None = None,
    family: int | None = None,
    given: int | None = None,
) -> _Person:
    """A grown-up who was 22 to 35 on the day `since`."""
    if female is None:
        female = rng.random() < 0.86
    if family is None:
        family = int(rng.random() * len(names.FAMILIES))
    list_ = names.FEMALE_ADULTS if female else names.MALE_ADULTS
    first = list_[int(rng.random() * len(list_)) if given is None else given]
    father = names.PATRONYMICS[int(rng.random() * len(names.PATRONYMICS))][female]
    born = since - timedelta(days=8036 + int(rng.random() * 4700))
    id_ = next(region.key)
    last = names.FAMILIES[family][female]
    sex = Sex.FEMALE if female else Sex.MALE
    rows["person"].append(
        (id_, region.next_external(), last, first, father, born, sex.value, "", _phone(rng))
    )
    return _Person(id_, f"{last} {first} {father}", family, female)


def _phone(rng: Random) -> str:
    """No exchange of the region begins with 00: these numbers ring nowhere."""
    number = int(rng.random() * 10_000)
    return f"+7 (3842) 00-{number // 100:02}-{number % 100:02}"


class _People:
    """Everybody of one organisation."""

    def __init__(self, region: Region, o: Planned) -> None:
        self.region, self.o = region, o
        self.rng = Random(f"{region.seed}/{o.code}")  # noqa: S311
        self.id = region.ids[o.code]
        self.out = empty()
        self.teachers: list[_Teacher] = []
        key = o.listed.key if o.listed else ""
        self.demo_school, self.demo_college = key == DEMO_SCHOOL, key == DEMO_COLLEGE

    def rows(self) -> Rows:
        self._managers()
        self._teachers()
        if self.o.school:
            self._classes()
        else:
            self._courses()
        return self.out

    # Staff.

    def _managers(self) -> None:
        for role, title, username in (
            (Role.HEAD, "Директор", "head"),
            (Role.ADMINISTRATOR, "Заместитель директора", "administrator"),
        ):
            since = _began(self.rng, 2004)
            person = adult(self.region, self.out, self.rng, since)
            ict = self.region.managers_ict.deal()
            self.out["post"].append((
                next(self.region.key), person.id, role.value, self.id, None, title, False,
                Category.NONE.value, True, ict, since,
            ))  # fmt: skip
            self._training(person.id)
            if self.demo_school:
                self.region.stand(username, role, person.id, person.name, self.o.short_name)

    def _teachers(self) -> None:
        school = self.o.school
        staffing = self.region.staffing[school]
        primary = max(1, self.o.teachers * 35 // 100) if school else 0
        titles = chain(
            [PRIMARY] * primary, islice(cycle(POSITIONS if school else COLLEGE_POSITIONS), 10_000)
        )
        demo = primary if self.demo_school else -1
        for n, title in zip(range(self.o.teachers), titles, strict=False):
            since = _began(self.rng, 2002)
            visiting = self.region.visiting
            if n == primary and visiting and self.o is self.region.second_school:
                person = _Person(visiting.person_id, "", visiting.family, visiting.female)
                since = date(2016, 9, 1)
            else:
                woman = True if n == demo else None
                person = adult(self.region, self.out, self.rng, since, female=woman)
            post = next(self.region.key)
            self.out["post"].append((
                post, person.id, Role.TEACHER.value, self.id, None, title, False,
                staffing.category.deal(), staffing.higher.deal(), staffing.ict.deal(), since,
            ))  # fmt: skip
            if person.name:
                self._training(person.id)
            teacher = _Teacher(post, title, person.family, person.id, person.female)
            self.teachers.append(teacher)
            if self.demo_college and n == 0:  # the tutor of the first group
                self.region.stand(
                    "lecturer", Role.TEACHER, person.id, person.name, self.o.short_name
                )
            if n == demo:
                self.region.visiting = teacher
                self.region.stand(
                    "teacher", Role.TEACHER, person.id, person.name, self.o.short_name
                )

    def _training(self, person: str) -> None:
        """One finished course or none; on the day of the order's facts the shares are exact."""
        rng = self.rng
        if self.o.listed:
            before = bool(self.region.staffing[self.o.school].trained.deal())
            wanted = before or rng.random() < 0.9
        else:
            before, wanted = rng.random() < 0.6, rng.random() < 0.8
        first, days = (date(2014, 2, 1), 1672) if before else (date(2019, 3, 1), 1000)
        completed = first + timedelta(days=int(rng.random() * days))
        if not wanted or completed > self.region.on:
            return
        number = int(rng.random() * 90_000) + 10_000
        self.out["qualification"].append((
            next(self.region.key), person, PROGRAMMES[int(rng.random() * len(PROGRAMMES))],
            DIGITAL, (36, 72, 72, 108)[int(rng.random() * 4)], completed,
            f"Удостоверение № {number}",
        ))  # fmt: skip

    # Learners.

    def _classes(self) -> None:
        o = self.o
        grades = range(1, o.grades + 1)
        shares = apportion(o.learners, [100 if g < 10 else 48 for g in grades])
        largest = 18 if o.rural else 27
        number = 0
        for grade, count in zip(grades, shares, strict=True):
            sections = -(-count // largest)
            for letter, size in zip(LETTERS, apportion(count, [1] * sections), strict=False):
                name = f"{grade}{letter}"
                group = self._group(grade, name)
                self._teach(group, grade, name, number)
                self._learners(group, grade, name, size, Role.PUPIL)
                number += 1

    def _courses(self) -> None:
        number = 0
        for course, count in zip(
            range(1, 5), apportion(self.o.learners, (30, 27, 24, 19)), strict=True
        ):
            sections = -(-count // 25)
            year = (self.region.school_year - course + 1) % 100
            for n, size in enumerate(apportion(count, [1] * sections)):
                speciality = SPECIALITIES[n % len(SPECIALITIES)]
                name = f"{speciality}-{year:02}-{n // len(SPECIALITIES) + 1}"
                group = self._group(course, name)
                self._teach(group, course, name, number)
                self._learners(group, course, name, size, Role.STUDENT)
                number += 1

    def _group(self, grade: int, name: str) -> str:
        group = next(self.region.key)
        self.out["classgroup"].append((group, self.id, self.region.school_year, grade, name))
        return group

    def _teach(self, group: str, grade: int, name: str, number: int) -> None:
        key, out = self.region.key, self.out["teaching"]
        primary = self.o.school and grade <= 4
        able = [t for t in self.teachers if (t.title == PRIMARY) == primary] or self.teachers
        tutor = able[number % len(able)]
        if self.demo_school and name == DEMO_CLASS and self.region.visiting:
            tutor = self.region.visiting
        out.append((next(key), tutor.post_id, group, "", True))
        if primary:
            out += [
                (next(key), tutor.post_id, group, subject, False) for subject in PRIMARY_SUBJECTS
            ]
        for subject, title in subjects(self.o.school, grade):
            able = [t for t in self.teachers if t.title == title] or self.teachers
            post = able[number % len(able)].post_id
            out.append((next(key), post, group, subject, False))

    def _learners(self, group: str, grade: int, name: str, size: int, role: Role) -> None:
        region, rng, out = self.region, self.rng, self.out
        year = region.school_year
        pupil = role is Role.PUPIL
        entered = date(year - grade + 1, 9, 1)
        youngest = date(year - grade - (6 if pupil else 15), 12, 31)
        span = 425 if pupil else 900
        demo_class = self.demo_school and name == DEMO_CLASS
        families, fathers = len(names.FAMILIES), len(names.PATRONYMICS)
        for n in range(size):
            female = rng.random() < 0.49
            family, father = int(rng.random() * families), int(rng.random() * fathers)
            known = self._relative(n, name)
            if known:
                family, father = known.family, known.husband if known.husband >= 0 else father
            given = names.FEMALE_CHILDREN if female else names.MALE_CHILDREN
            first = given[int(rng.random() * len(given))]
            born = youngest - timedelta(days=int(rng.random() * span))
            since = entered
            if grade > 1 and rng.random() < 0.12:
                since = date(year - int(rng.random() * (grade - 1)), 9, 1)
            person = next(region.key)
            last, second = names.FAMILIES[family][female], names.PATRONYMICS[father][female]
            sex = Sex.FEMALE if female else Sex.MALE
            out["person"].append(
                (person, region.next_external(), last, first, second, born, sex.value, "", "")
            )
            out["enrolment"].append((next(region.key), person, self.id, group, role.value, since))
            if known:
                self._guard(known.id, person, GuardianKind.MOTHER, born)
            elif demo_class or rng.random() * 100 < PARENTS_PERCENT:
                mother = adult(region, out, rng, born, female=True, family=family)
                self._guard(mother.id, person, GuardianKind.MOTHER, born)
                if rng.random() < 0.4:
                    man = adult(region, out, rng, born, female=False, family=family, given=father)
                    self._guard(man.id, person, GuardianKind.FATHER, born)
            if n == 0:
                self._stand_learner(person, f"{last} {first} {second}", name, grade, role)

    def _relative(self, n: int, name: str) -> _Person | None:
        """The first pupils of three classes of the demo school are a character's children."""
        if not self.demo_school or n:
            return None
        region = self.region
        if name == TEACHERS_CHILD_CLASS and region.visiting:
            teacher = region.visiting
            return _Person(teacher.person_id, "", teacher.family, True)
        if name == SIBLING_CLASS:
            since = date(region.school_year - 13, 1, 1)
            mother = adult(region, self.out, self.rng, since, female=True)
            region.stand("parent", Role.PARENT, mother.id, mother.name, self.o.short_name)
            region.parent_of_two = replace(
                mother, husband=self.rng.randrange(len(names.PATRONYMICS))
            )
            return region.parent_of_two
        return region.parent_of_two if name == DEMO_CLASS else None

    def _guard(self, guardian: str, child: str, kind: GuardianKind, born: date) -> None:
        self.out["guardianship"].append((next(self.region.key), guardian, child, kind.value, born))

    def _stand_learner(self, person: str, name: str, group: str, grade: int, role: Role) -> None:
        place = f"{self.o.short_name}, {group}"
        if self.demo_school and group == DEMO_CLASS:
            self.region.stand("pupil", role, person, name, place)
        elif self.demo_college and not any(c.role is Role.STUDENT for c in self.region.characters):
            self.region.stand("student", role, person, name, place)


def _began(rng: Random, usual: int) -> date:
    """Before the day of the order's facts, mostly 10 to 25 years before it."""
    year = int(rng.triangular(1988, 2018, usual))
    return date(year, 8, 15 + int(rng.random() * 16)) if year < 2018 else date(2018, 8, 20)
