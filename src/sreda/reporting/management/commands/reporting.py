"""`sreda reporting`: forms, indicators and analysts from a shell; `check` needs no database.

Exit status of `check`: 0 nothing wrong, 1 something is, 2 the file cannot be read.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sreda.kernel import clock
from sreda.reporting.domain import analysts, files, shipping
from sreda.reporting.formats import read_json
from sreda.reporting.forms import SchemaError
from sreda.reporting.forms.burden import burden_of
from sreda.reporting.queries.vetting import schema_problems, translated

CLEAN, FOUND, UNREADABLE = 0, 1, 2


class Command(BaseCommand):
    requires_system_checks = ()

    @property
    def help(self) -> str:  # type: ignore[override]
        return _("Forms, indicators and accounts of analysts.")

    def add_arguments(self, parser: CommandParser) -> None:
        words = parser.add_subparsers(dest="word", required=True)
        one = words.add_parser(
            "check",
            help=_("check a form kept as JSON"),
            epilog=_("Exit status: 0 nothing wrong, 1 something is, 2 the file cannot be read."),
        )
        one.add_argument("form", metavar="FORM.json", type=Path)
        one = words.add_parser(
            "load-forms",
            help=_("put the forms that come with the system in force: {names}").format(
                names=", ".join(files.shipped())
            ),
        )
        one.add_argument("codes", metavar="CODE", nargs="*")

        words.add_parser(
            "load-indicators", help=_("add the indicators and dashboards that come with the system")
        )
        one = words.add_parser(
            "analyst", help=_("an account in the database that reads the views for analysts alone")
        )
        one.add_argument("name", metavar="NAME")
        one.add_argument("--days", type=int, help=_("the account ends after so many days"))
        one.add_argument("--drop", action="store_true", help=_("take the account away"))

    @staticmethod
    def needs_database(words: list[str]) -> bool:
        return words[:1] != ["check"]

    def handle(self, *args: Any, **options: Any) -> None:
        match options["word"]:
            case "check":
                status = self.check_form(options["form"])
            case "load-forms":
                status = self.load(options["codes"])
            case "load-indicators":
                status = self.load_indicators()
            case _:
                status = self.analyst(options["name"], options["days"], drop=options["drop"])
        if status:
            raise SystemExit(status)

    def check_form(self, path: Path) -> int:
        try:
            form = read_json(path.read_bytes())
        except OSError as error:
            self.stderr.write(f"{path}: {error.strerror}")
            return UNREADABLE
        except SchemaError as error:
            self.stderr.write(f"{path.name}: {error.place}: {translated(error)}")
            return UNREADABLE
        found = list(schema_problems(form.schema, form_of=None))
        known = set(form.dictionaries)
        for block in form.schema.blocks.values():
            for field in block.fields:
                if field.dictionary and field.dictionary not in known:
                    self.stdout.write(
                        f"{block.code}.{field.code}: "
                        + _("the dictionary %(code)s is not in the file")
                        % {"code": field.dictionary}
                    )
        for problem in found:
            self.stdout.write(f"{problem.place}: {problem.said}")
        burden = burden_of(form.schema)
        self.stdout.write(
            _("%(cells)s cells, %(share)d %% filled from records; %(minutes)s minutes a filling.")
            % {"cells": burden.cells, "share": burden.share, "minutes": burden.asked}
        )
        if found:
            count = len(found)
            self.stdout.write(ngettext("{n} fault", "{n} faults", count).format(n=count))
        return FOUND if found else CLEAN

    def load(self, codes: list[str]) -> int:
        known = files.shipped()
        unknown = [code for code in codes if code not in known]
        if unknown:
            self.stderr.write(_("There is no such form: {names}.").format(names=", ".join(unknown)))
            return UNREADABLE
        status, at = CLEAN, clock.now()
        for code in codes or known:
            try:
                done = files.load_shipped(known[code], actor=None, at=at)
            except ValidationError as error:
                status = FOUND
                self.stderr.write(f"{code}: {' '.join(error.messages)}")
            else:
                words = {
                    "added": _("in force"),
                    "known": _("already there, left as it is"),
                    "draft": _("a draft: something in it is asked elsewhere too"),
                }
                self.stdout.write(f"{code}: {words[done]}")
                status = FOUND if done == "draft" else status
        return status

    def load_indicators(self) -> int:
        done = shipping.add_shipped(at=clock.now(), actor=None)
        self.stdout.write(
            _("Added: %(indicators)s indicators, %(dashboards)s dashboards.")
            % {"indicators": len(done.indicators), "dashboards": len(done.dashboards)}
        )
        for code, why in done.refused.items():
            self.stderr.write(f"{code}: {why}")
        return FOUND if done.refused else CLEAN

    def analyst(self, name: str, days: int | None, *, drop: bool) -> int:
        at = clock.now()
        until = clock.today() + timedelta(days=days) if days else None
        try:
            if drop:
                self.stdout.write(_("Taken away: %s") % analysts.drop_analyst(name, at=at))
                return CLEAN
            account = analysts.add_analyst(name, until=until, at=at)
        except ValidationError as error:
            self.stderr.write(" ".join(error.messages))
            return FOUND
        self.stdout.write(_("Account") + f": {account.role}")
        self.stdout.write(_("Password (shown once)") + f": {account.password}")
        if account.until:
            self.stdout.write(_("Until") + f": {account.until.isoformat()}")
        return CLEAN
