"""The plan of a region: every organisation with its place, size, staff and facilities."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from sreda.registry.generator.places import Place, village
from sreda.registry.generator.shares import apportion, chosen, part
from sreda.registry.generator.spec import (
    COLLEGE_SHARES,
    COMPUTER_CLASSES,
    FAST,
    FAST_MBPS,
    LEARNERS_PER_COMPUTER,
    LICENSED,
    MULTIMEDIA,
    ONLINE,
    SCHOOL_SHARES,
    ListedOrganisation,
    Spec,
)

FORMS = {
    "МБОУ": "Муниципальное бюджетное общеобразовательное учреждение",
    "МКОУ": "Муниципальное казённое общеобразовательное учреждение",
    "МАОУ": "Муниципальное автономное общеобразовательное учреждение",
    "МБНОУ": "Муниципальное бюджетное нетиповое общеобразовательное учреждение",
    "МАНОУ": "Муниципальное автономное нетиповое общеобразовательное учреждение",
    "НМБОУ": "Нетиповое муниципальное бюджетное общеобразовательное учреждение",
    "ГБНОУ": "Государственное бюджетное нетиповое общеобразовательное учреждение",
    "ГКОУ": "Государственное казённое общеобразовательное учреждение",
    "ГПОУ": "Государственное профессиональное образовательное учреждение",
    "ГКПОУ": "Государственное казённое профессиональное образовательное учреждение",
    "ЧОУ": "Частное общеобразовательное учреждение",
}
SLOW = tuple(map(Decimal, (3, 5, 8, 10, 10, 15, 20, 20, 30, 40, 50, 50, 75)))
STREETS = (
    "ул. Ленина", "ул. Школьная", "ул. Советская", "ул. Мира", "ул. Кирова", "ул. Гагарина",
    "ул. Октябрьская", "ул. Молодёжная", "ул. Центральная", "ул. Пушкина", "ул. Шахтёров",
    "пр. Строителей", "ул. Весенняя", "ул. Дзержинского", "ул. Горняков", "ул. Космонавтов",
    "пр. Победы", "ул. Садовая", "ул. Набережная", "ул. Рабочая", "ул. Лесная",
)  # fmt: skip
COLLEGES = (
    "горнотехнический колледж", "политехнический техникум", "аграрный колледж",
    "строительный техникум", "индустриальный колледж", "медицинский колледж",
    "техникум сферы услуг", "транспортный техникум", "педагогический колледж",
    "металлургический техникум", "колледж информационных технологий", "техникум питания",
)  # fmt: skip
STATE_SCHOOLS = (
    "Губернаторская кадетская школа-интернат МЧС",
    "Губернаторская женская гимназия-интернат",
    "Губернаторская кадетская школа-интернат полиции",
    "Кадетский корпус радиоэлектроники",
    "Кузбасский центр образования",
    "Школа-интернат «Созвездие»",
    "Школа-интернат для одарённых детей",
    "Лицей-интернат естественных наук",
    "Областная санаторная школа-интернат",
)
PRIVATE_SCHOOLS = ("Интеллект", "Православная гимназия", "Перспектива", "Росток", "Эрудит")


@dataclass(slots=True)
class Planned:
    """One organisation of the plan; figures are filled in step by step."""

    place: Place
    school: bool
    ownership: str
    short_name: str = ""
    name: str = ""
    postcode: str = ""
    locality: str = ""
    address: str = ""
    rural: bool = False
    learners: int = 0
    teachers: int = 0
    grades: int = 11
    link: Decimal | None = None
    computers: int = 0
    office_computers: int = 0
    network: bool = False
    management_system: bool = False
    computer_classes: bool = False
    multimedia: bool = False
    licensed: bool = False
    slug: str = ""
    number: int = 0
    listed: ListedOrganisation | None = None

    @property
    def code(self) -> str:
        return f"42{self.number:05}"


def plan(spec: Spec, rng: Random) -> list[Planned]:
    """All organisations of a region: the listed ones first, in the order of the list."""
    listed = [_listed(item, spec) for item in spec.listed]
    schools = [o for o in listed if o.school] + _schools(spec, listed, rng)
    colleges = [o for o in listed if not o.school] + _colleges(spec, listed, rng)
    if (len(schools), len(colleges)) != (spec.schools, spec.colleges):
        raise ValueError(f"planned {len(schools)} schools, {len(colleges)} colleges")
    _teachers(schools, spec.school_teachers, SCHOOL_SHARES.trained_of)
    _teachers(colleges, spec.college_teachers, COLLEGE_SHARES.trained_of)
    everything = schools + colleges
    for number, organisation in enumerate(everything, 1):
        organisation.number = number
        _contacts(organisation, rng)
    _facilities(everything, rng)
    return everything


def _listed(item: ListedOrganisation, spec: Spec) -> Planned:
    place = next(p for p in spec.places if p.name == item.municipality)
    form, _, title = item.name.partition(" ")
    long_form = FORMS.get(form)
    return Planned(
        place=place,
        school=item.school,
        ownership="state" if form.startswith("Г") else "municipal",
        short_name=item.name,
        name=f"{long_form} {title}" if long_form else item.name,
        postcode=item.postcode,
        locality=item.locality,
        address=item.address,
        rural=item.locality.startswith(("с. ", "д. ", "п. ", "пгт ")),
        learners=item.learners,
        link=item.link,
        computers=item.computers,
        office_computers=item.office_computers,
        network=item.network,
        management_system=item.management_system,
        listed=item,
    )


def _schools(spec: Spec, listed: list[Planned], rng: Random) -> list[Planned]:
    """The schools that are not listed, so that learners and ownership add up."""
    known = [o for o in listed if o.school]
    state = spec.state - sum(o.ownership == "state" for o in known)
    municipal = spec.municipal - sum(o.ownership == "municipal" for o in known)
    capital = spec.places[0]
    special = [
        _special(capital if n % 3 else spec.places[-1 if n == 0 else n % 5], name, "state", rng)
        for n, name in enumerate(STATE_SCHOOLS[:state])
    ] + [
        _special(spec.places[n % 2 if spec.places[n % 2].urban else 0], name, "private", rng)
        for n, name in enumerate(PRIVATE_SCHOOLS[: spec.private])
    ]
    rest = spec.pupils - sum(o.learners for o in known + special)
    # A village school is some four times smaller than one in a town.
    counts = apportion(
        municipal, [p.people * (10 if p.urban else 26) for p in spec.places], least=1
    )
    made = [
        school
        for place, count in zip(spec.places, counts, strict=True)
        for school in _municipal(place, count, [o for o in known if o.place is place], rng)
    ]
    least = 12 if rest > 200 * len(made) else 1
    for school, learners in zip(
        made, apportion(rest, [_size(o, rng) for o in made], least), strict=True
    ):
        school.learners = learners
        if learners < 40 and school.rural and "основная" in school.short_name:
            school.grades = 9
    return special + made


def _size(school: Planned, rng: Random) -> int:
    if not school.rural:
        return int(1000 * min(rng.lognormvariate(6.45, 0.42), 1900))
    if "средняя" not in school.short_name:
        return int(1000 * min(rng.lognormvariate(3.9, 0.5), 160))
    return int(1000 * min(rng.lognormvariate(5.0, 0.55), 620))


def _special(place: Place, title: str, ownership: str, rng: Random) -> Planned:
    form = "ГБНОУ" if ownership == "state" else "ЧОУ"
    quoted = title if "«" in title else f"«{title}»"
    return Planned(
        place=place,
        school=True,
        ownership=ownership,
        short_name=f"{form} {quoted}",
        name=f"{FORMS[form]} {quoted}",
        locality=place.seat.removeprefix("г. ").partition(":")[0],
        learners=rng.randint(180, 320) if ownership == "state" else rng.randint(60, 140),
    )


def _municipal(place: Place, count: int, known: list[Planned], rng: Random) -> list[Planned]:
    made = _urban(place, count, known, rng) if place.urban else _rural(place, count, known, rng)
    for school in made:
        form = rng.choices(("МБОУ", "МКОУ", "МАОУ"), (80, 12 if school.rural else 2, 8))[0]
        school.name = f"{FORMS[form]} {school.short_name}"
        school.short_name = f"{form} {school.short_name}"
    return made


def _urban(place: Place, count: int, known: list[Planned], rng: Random) -> list[Planned]:
    taken = {
        int(digits)
        for o in known
        if (digits := "".join(c for c in o.short_name.rpartition("№")[2] if c.isdigit()))
    }
    numbers = (n for n in range(1, 999) if n not in taken)
    kinds = ("Средняя общеобразовательная школа",) * 12 + (
        "Основная общеобразовательная школа", "Лицей", "Гимназия", "Лицей",
    )  # fmt: skip
    made = []
    for _turn in range(count):
        kind = rng.choice(kinds)
        made.append(
            Planned(
                place=place,
                school=True,
                ownership="municipal",
                short_name=f"«{kind} № {next(numbers)}»",
                locality=place.seat,
                grades=9 if kind.startswith("Основная") else 11,
            )
        )
    return made


def _rural(place: Place, count: int, known: list[Planned], rng: Random) -> list[Planned]:
    """A first school for each village, further ones by number; small ones end at grade 9."""
    homes = [village(written) for written in place.villages]
    named = " ".join(o.short_name for o in known)
    homes = [home for home in homes if home[1] not in named] or homes
    names: list[tuple[str, str]] = []
    turn = 0
    while len(names) < count:
        locality, adjective = homes[turn % len(homes)]
        round_ = turn // len(homes)
        if round_ == 0 and (locality.startswith(("г. ", "пгт ")) or rng.random() < 0.45):
            title = f"{adjective} средняя общеобразовательная школа"
        elif round_ == 0:
            title = f"{adjective} основная общеобразовательная школа"
        else:
            title = f"{adjective} средняя общеобразовательная школа № {round_ + 1}"
        names.append((locality, title))
        turn += 1
    return [
        Planned(
            place=place,
            school=True,
            ownership="municipal",
            short_name=f"«{title}»",
            locality=locality.removeprefix("г. "),
            rural=not locality.startswith("г. "),
            grades=9 if "основная" in title else 11,
        )
        for locality, title in names
    ]


def _colleges(spec: Spec, listed: list[Planned], rng: Random) -> list[Planned]:
    known = [o for o in listed if not o.school]
    count = spec.colleges - len(known)
    if not count:
        return []
    counts = apportion(count, [p.people if p.urban else p.people // 4 for p in spec.places])
    made: list[Planned] = []
    for place, number in zip(spec.places, counts, strict=True):
        named = " ".join(o.short_name for o in known if o.place is place)
        kinds = [kind for kind in rng.sample(COLLEGES, k=len(COLLEGES)) if kind not in named]
        town = place.seat.removeprefix("г. ").partition(":")[0]
        adjective = place.name.split(" ")[0]
        for turn in range(number):
            kind = kinds[turn % len(kinds)]
            again = f" № {turn // len(kinds) + 1}" if turn >= len(kinds) else ""
            title = f"{adjective} {kind}{again}"
            made.append(
                Planned(
                    place=place,
                    school=False,
                    ownership="state",
                    short_name=f"ГПОУ «{title}»",
                    name=f"{FORMS['ГПОУ']} «{title}»",
                    locality=town,
                    rural=town.startswith("пгт "),
                    grades=4,
                )
            )
    rest = spec.students - sum(o.learners for o in known)
    weights = [int(1000 * min(rng.lognormvariate(6.6, 0.35), 1700)) for _college in made]
    for college, learners in zip(made, apportion(rest, weights, 60), strict=True):
        college.learners = learners
    return made


def _teachers(organisations: list[Planned], total: int, trained_of: int) -> None:
    """Share teachers out by learners; the listed staff becomes a multiple of `trained_of`.

    Each organisation also has a head and an administrator, who are staff but no teachers.
    """
    listed = [o for o in organisations if o.listed]
    rest = [o for o in organisations if not o.listed]
    of_listed = 0 if rest else total
    if listed and rest:
        managers = 2 * len(listed)
        wanted = total * sum(map(_need, listed)) // sum(map(_need, organisations)) + managers
        of_listed = max(round(wanted / trained_of), 1) * trained_of - managers
    for group, share in ((listed, of_listed), (rest, total - of_listed)):
        for organisation, teachers in zip(
            group, apportion(share, [_need(o) for o in group], 3), strict=True
        ):
            organisation.teachers = teachers


def _need(organisation: Planned) -> int:
    """Small schools have more teachers for a learner."""
    return organisation.learners * 10 + 300


def _contacts(o: Planned, rng: Random) -> None:
    seat = o.place
    if not o.postcode:
        o.postcode = str(seat.postcode + rng.randint(1, 69))
        streets = [s for s in STREETS if s.startswith("ул.")] if o.rural else STREETS
        o.address = f"{rng.choice(streets)}, д. {rng.randint(1, 60 if o.rural else 120)}"
    digits = "".join(c for c in o.short_name.rpartition("№")[2] if c.isdigit())
    kind = "school" if o.school else "college"
    o.slug = f"{kind}-{digits}-{o.number}" if digits else f"{kind}-{o.number}"


def _facilities(everything: list[Planned], rng: Random) -> None:
    total = len(everything)
    others = [o for o in everything if not o.listed]
    listed = [o for o in everything if o.listed]
    online = part(total, ONLINE)
    fast = part(online, FAST) - sum((o.link or 0) >= FAST_MBPS for o in listed)
    order = sorted(others, key=lambda o: (o.rural, rng.random()))
    for place, organisation in enumerate(order):
        if place < fast:
            organisation.link = Decimal(FAST_MBPS)
        elif place < online - sum(o.link is not None for o in listed):
            organisation.link = rng.choice(SLOW)
        organisation.network = rng.random() < 0.94
        organisation.management_system = rng.random() < 0.78
        organisation.office_computers = max(2, organisation.learners // rng.randint(45, 90))
    learners = sum(o.learners for o in everything)
    computers = round(learners / LEARNERS_PER_COMPUTER) - sum(o.computers for o in listed)
    if computers < len(others):  # a small region, where the listed ones have more than all
        computers = max(sum(o.learners for o in others) // LEARNERS_PER_COMPUTER, len(others))
    if others:
        weights = [o.learners * rng.randint(60, 150) for o in others]
        for organisation, count in zip(others, apportion(computers, weights, 1), strict=True):
            organisation.computers = count
    for attribute, share in (
        ("computer_classes", COMPUTER_CLASSES),
        ("multimedia", MULTIMEDIA),
        ("licensed", LICENSED),
    ):
        having = part(total, share)
        lucky = chosen(rng, len(others), min(having - len(listed), len(others)))
        for organisation in listed:
            setattr(organisation, attribute, True)
        for index, organisation in enumerate(others):
            setattr(organisation, attribute, index in lucky)
