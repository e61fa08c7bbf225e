"""`sreda demo`: fills an empty installation with a made-up region."""

from __future__ import annotations

import re
import time
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.assessment.api import record_demo_assessment
from sreda.kernel import clock
from sreda.kernel.api import Actor
from sreda.portal.site import use_example
from sreda.programme.api import load_demo_programme, record_demo_progress
from sreda.programme.pack import read_pack, shipped_pack
from sreda.registry.api import Person, Role, User, seats_of
from sreda.registry.generator import (
    AlreadyLoaded,
    ListedOrganisation,
    Progress,
    Region,
    load,
    region,
)
from sreda.reporting.api import (
    add_shipped_indicators,
    load_all_shipped,
    load_demo_reports,
    load_demo_survey,
)

PACK = "kemerovo-2018"
SITE = "kuzbass"
PASSWORD = "sreda-demo-2018"  # noqa: S105 - made-up people of a demonstration
STREET = re.compile(r"\b(?:ул|пр|б-р|пер)(?:\.\s*|\s+)")


# One of each role, in the order they are introduced.
STANDING = (
    "operator",
    "coordinator",
    "expert",
    "head",
    "administrator",
    "teacher",
    "lecturer",
    "parent",
    "pupil",
    "student",
)


class Command(BaseCommand):
    help = gettext_lazy(  # type: ignore[assignment]
        "Fills an empty installation with a made-up region to try things out on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--region",
            choices=("small", "whole"),
            default="small",
            help=_("small: eight organisations; whole: all 718 of the order (some minutes)"),
        )
        parser.add_argument(
            "--seed", type=int, default=2018, help=_("another number gives other people")
        )
        parser.add_argument("--password", default=PASSWORD, help=_("password of all demo users"))

    def handle(self, *args: Any, **options: Any) -> None:
        made = Region(
            region(options["region"], listed_organisations()),
            seed=options["seed"],
            on=clock.today(),
        )
        bar = Bar(self)
        at = clock.now()
        try:
            with transaction.atomic():  # the region and its programme, or neither
                counts = load(made, at=at, password=options["password"], report=bar.show)
                programme = load_demo_programme(at=at)
                operator = demo_operator(at.date())
                record_demo_progress(programme, at=at, actor=operator)
                load_all_shipped(actor=operator, at=at)
                add_shipped_indicators(actor=operator, at=at)
                record_demo_assessment(
                    operator=operator,
                    teacher=standing("teacher"),
                    pupil=standing("pupil"),
                    lecturer=standing("lecturer"),
                    student=standing("student"),
                    at=at,
                )
                load_demo_reports(at=at)
                load_demo_survey(at=at)
        except AlreadyLoaded:
            self.stdout.write(_("The registry already holds organisations: nothing was changed."))
            if demo_password_holds(options["password"]):
                self.introduce(at.date(), options["password"])
            return
        bar.close()
        use_example(SITE)
        self.stdout.write(
            _("Loaded: %(organisations)s organisations, %(people)s people, %(rows)s rows.")
            % {
                "organisations": counts["organisation"],
                "people": counts["person"],
                "rows": sum(counts.values()),
            }
        )
        self.introduce(at.date(), options["password"])

    def introduce(self, on: date, password: str) -> None:
        """Who may sign in, with every seat they have."""
        self.stdout.write("")
        self.stdout.write(_("Demo users, all with the password %s:") % password)
        users = User.objects.select_related("person").in_bulk(STANDING, field_name="username")
        for username in filter(users.__contains__, STANDING):  # an older region lacks some
            person = users[username].person
            assert person is not None  # the generator made both
            seats = "; ".join(
                f"{Role(s.role).label} ({s.place or s.label})" for s in seats_of(person.pk, on)
            )
            self.stdout.write(f"  {username:<14} {person.full_name}: {seats}")


def standing(username: str) -> Person:
    user = User.objects.select_related("person").get(username=username)
    assert user.person is not None  # the generator made both
    return user.person


def demo_operator(on: date) -> Actor:
    """In whose name the programme's invented course is recorded."""
    user = User.objects.get(username=STANDING[0])
    person = standing(STANDING[0])
    seats = seats_of(person.pk, on)
    return Actor(on, user.pk, person.pk, person.full_name, seats, seats[0])


def demo_password_holds(password: str) -> bool:
    """Whether the demo people are there and may still sign in as printed."""
    users = User.objects.in_bulk(STANDING, field_name="username")
    there = STANDING[0] in users and len(users) > 1
    return there and users[STANDING[0]].check_password(password)


class Bar:
    """One line that fills up; on a pipe, a line at every tenth."""

    def __init__(self, command: BaseCommand) -> None:
        self.out = command.stdout
        self.live = self.out.isatty()
        self.began = time.monotonic()
        self.tenth = -1

    def show(self, progress: Progress) -> None:
        done = 100 * progress.organisations // max(progress.of, 1)
        rate = round(progress.rows / max(time.monotonic() - self.began, 0.001))
        line = _("%(percent)3d %% %(rows)9d rows %(rate)7d rows/s") % {
            "percent": done,
            "rows": progress.rows,
            "rate": rate,
        }
        if self.live:
            filled = "█" * (done * 30 // 100)
            self.out.write(f"\r[{filled:<30}] {line}", ending="")
            self.out.flush()
        elif done // 10 > self.tenth:
            self.tenth = done // 10
            self.out.write(line)

    def close(self) -> None:
        if self.live:
            self.out.write("")


def listed_organisations() -> list[ListedOrganisation]:
    """The list of the shipped order, as the generator wants it."""
    pack = read_pack(shipped_pack(PACK)).pack
    assert pack is not None  # a shipped pack is readable
    found = []
    for item in pack.organisations:
        written = item.address.removeprefix(item.postcode).strip(" ,")
        street = STREET.search(written)
        place = written[: street.start()] if street else written
        found.append(
            ListedOrganisation(
                key=item.key,
                school=item.section == "school",
                name=" ".join(item.name.split()),
                postcode=item.postcode,
                locality=re.sub(r"^г\.\s*", "", place.strip(" ,").rpartition(", ")[2]),
                address=" ".join(written[street.start() :].split()) if street else "",
                municipality=item.municipality,
                learners=item.learners,
                computers=item.computers,
                link=item.link,
                network=bool(item.network),
                office_computers=item.office_computers or 0,
                management_system=bool(item.management_system),
            )
        )
    return found
