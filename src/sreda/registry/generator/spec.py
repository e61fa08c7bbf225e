"""What is to be generated: the sizes of a region, and the organisations known by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from sreda.registry.enums import Topic
from sreda.registry.generator.places import PLACES, Place


@dataclass(frozen=True, slots=True)
class ListedOrganisation:
    """A row of the programme's list, with its printed figures (columns 2 to 9)."""

    key: str
    school: bool
    name: str
    postcode: str
    locality: str
    address: str
    municipality: str
    learners: int
    computers: int
    link: Decimal | None
    network: bool
    office_computers: int
    management_system: bool


@dataclass(frozen=True, slots=True)
class Spec:
    """Totals of a region. The shares are those of the concept the order approved."""

    name: str
    places: tuple[Place, ...]
    listed: tuple[ListedOrganisation, ...]
    municipal: int
    state: int
    private: int
    colleges: int
    pupils: int
    students: int
    school_teachers: int
    college_teachers: int
    experts: int
    operators: int

    @property
    def schools(self) -> int:
        return self.municipal + self.state + self.private

    @property
    def organisations(self) -> int:
        return self.schools + self.colleges


# The day as of which the order states its facts.
FACTS_ON = date(2018, 9, 1)
DIGITAL = Topic.DIGITAL.value

ONLINE, FAST, FAST_MBPS = "99", "87", 100
LEARNERS_PER_COMPUTER = 12
COMPUTER_CLASSES, MULTIMEDIA, LICENSED = "98.5", "90", "88.4"
ICT_MANAGERS, ICT_TEACHERS = "89.8", "86.2"


@dataclass(frozen=True, slots=True)
class StaffShares:
    higher: str
    category: str
    highest: str
    suitable: str
    trained: str
    # The smallest staff of which `trained` is that share to two decimals: 45/52, 95/112.
    trained_of: int


SCHOOL_SHARES = StaffShares("81.54", "87", "43.04", "4.12", "86.54", 52)
COLLEGE_SHARES = StaffShares("86.4", "72.42", "44", "5.3", "84.82", 112)

WHOLE = Spec(
    name="whole",
    places=PLACES,
    listed=(),
    municipal=647,
    state=9,
    private=5,
    colleges=57,
    pupils=308_204,
    students=47_875,
    school_teachers=21_459,
    college_teachers=3_187,
    experts=60,
    operators=6,
)
SMALL = replace(
    WHOLE,
    name="small",
    places=tuple(p for p in PLACES if p.seat == "Кемерово"),
    municipal=7,
    state=0,
    private=0,
    colleges=1,
    pupils=508 + 482 + 340,
    students=997,
    school_teachers=100,
    college_teachers=110,
    experts=4,
    operators=2,
)
SMALL_LISTED = ("school-03", "school-13", "college-04")
SPECS = {spec.name: spec for spec in (WHOLE, SMALL)}


def region(name: str, listed: Sequence[ListedOrganisation]) -> Spec:
    """The whole or the small region, with the listed organisations that lie in it."""
    spec = SPECS[name]
    if spec is SMALL:
        listed = [item for item in listed if item.key in SMALL_LISTED]
    return replace(spec, listed=tuple(listed))


__all__ = [
    "COLLEGE_SHARES",
    "DIGITAL",
    "FACTS_ON",
    "SCHOOL_SHARES",
    "SMALL",
    "WHOLE",
    "ListedOrganisation",
    "Spec",
    "StaffShares",
    "region",
]
