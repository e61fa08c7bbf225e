"""`sreda programme`: programme packs from a shell; only `load` needs the database.

Exit status of `check`: 0 no findings, 1 findings or bad rows, 2 the pack cannot be read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from sreda.kernel import clock
from sreda.programme.domain import packs
from sreda.programme.enums import LoadStatus
from sreda.programme.pack import PACKS, Issue, PackReading, read_pack, write_csv, write_xlsx
from sreda.programme.pack.model import Pack
from sreda.programme.rules import Finding, check

CLEAN, FOUND, UNREADABLE = 0, 1, 2


class Command(BaseCommand):
    requires_system_checks = ()

    @property
    def help(self) -> str:  # type: ignore[override]
        return _("Check a programme pack, turn it into a workbook, or start a new one.")

    def add_arguments(self, parser: CommandParser) -> None:
        words = parser.add_subparsers(dest="word", required=True)
        pack_help = _("workbook, ZIP or folder; or a pack that comes with Sreda: {names}").format(
            names=", ".join(shipped())
        )

        one = words.add_parser(
            "check",
            help=_("check the order of a pack"),
            epilog=_(
                "Exit status: 0 no findings, 1 findings or bad rows, 2 the pack cannot be read."
            ),
        )
        one.add_argument("pack", metavar="PACK", help=pack_help)
        one.add_argument("--json", action="store_true", help=_("everything as JSON"))
        one.add_argument("--language", choices=["ru", "en"], help=_("language of the messages"))

        one = words.add_parser("export-xlsx", help=_("write a pack as a workbook"))
        one.add_argument("pack", metavar="PACK", help=pack_help)
        one.add_argument("out", metavar="OUT", type=Path)

        one = words.add_parser("load", help=_("load a pack into the database, as its page does"))
        one.add_argument("pack", metavar="PACK", help=pack_help)
        one.add_argument("--with-bad", action="store_true", help=_("load the good rows only"))
        one.add_argument("--dry-run", action="store_true", help=_("show what would change"))

        one = words.add_parser("new-pack", help=_("make a folder with an empty pack to fill in"))
        one.add_argument("dir", metavar="DIR", type=Path)
        one.add_argument(
            "--from", type=int, dest="first", metavar="YEAR", help=_("first year of the plan")
        )
        one.add_argument(
            "--to", type=int, dest="last", metavar="YEAR", help=_("last year of the plan")
        )

    @staticmethod
    def needs_database(words: list[str]) -> bool:
        return words[:1] == ["load"]

    def handle(self, *args: Any, **options: Any) -> None:
        with override(options.get("language") or get_language()):
            match options["word"]:
                case "check":
                    status = self.check_pack(options["pack"], as_json=options["json"])
                case "load":
                    status = self.load(options["pack"], options["with_bad"], options["dry_run"])
                case "export-xlsx":
                    status = self.export(options["pack"], options["out"])
                case _:
                    status = self.new_pack(options["dir"], options["first"], options["last"])
        if status:
            raise SystemExit(status)

    def check_pack(self, name: str, *, as_json: bool) -> int:
        reading = read_pack(find(name))
        status = UNREADABLE if unreadable(reading) else CLEAN
        findings = check(reading.pack) if reading.pack and status == CLEAN else []
        if status == CLEAN and (findings or reading.errors):
            status = FOUND
        if as_json:
            self.stdout.write(as_text(reading, findings, status))
            return status
        for issue in reading.issues:
            self.stderr.write(line_of(issue))
        for finding in findings:
            self.stdout.write(paragraph(finding))
        count = len(findings)
        if status == UNREADABLE:
            self.stderr.write(_("The pack cannot be checked."))
        elif count:
            self.stdout.write(ngettext("{n} finding", "{n} findings", count).format(n=count))
        else:
            self.stdout.write(_("No findings."))
        return status

    def export(self, name: str, out: Path) -> int:
        reading = read_pack(find(name))
        for issue in reading.issues:
            self.stderr.write(line_of(issue))
        if reading.pack is None or reading.errors:
            self.stderr.write(_("Nothing was written: correct the pack first."))
            return UNREADABLE
        write_xlsx(reading.pack, out)
        self.stdout.write(str(out))
        return CLEAN

    def load(self, name: str, with_bad: bool, dry_run: bool) -> int:
        """Stage, show the counts, confirm; a dry run is cancelled."""
        at = clock.now()
        staged = packs.stage_path(path=find(name), actor=None, at=at)
        for issue in packs.issues_of(staged):
            self.stderr.write(line_of(issue))
        if staged.status == LoadStatus.REFUSED:
            self.stderr.write(_("The pack cannot be loaded."))
            return UNREADABLE
        tables = staged.summary["tables"].values()
        counts = {kind: sum(t[kind] for t in tables) for kind in ("new", "changed", "gone", "bad")}
        self.stdout.write(
            _("New: {new}, changed: {changed}, gone: {gone}, bad: {bad}; findings: {n}.").format(
                n=len(staged.summary["findings"]), **counts
            )
        )
        if dry_run:
            packs.cancel(load=staged.pk, actor=None, at=at)
            return CLEAN
        try:
            packs.confirm(load=staged.pk, actor=None, at=at, with_bad=with_bad)
        except ValidationError as error:
            packs.cancel(load=staged.pk, actor=None, at=at)
            self.stderr.write(" ".join(error.messages))
            return FOUND
        self.stdout.write(_("Loaded."))
        return CLEAN

    def new_pack(self, folder: Path, first: int | None, last: int | None) -> int:
        if folder.exists() and any(folder.iterdir()):
            self.stderr.write(_("{folder} is not empty.").format(folder=folder))
            return UNREADABLE
        first = first or 2026
        years = tuple(range(first, max(first, last or first + 2) + 1))
        write_csv(Pack(folder.name), folder, years)
        readme = PACKS / "empty" / "README.md"
        (folder / "README.md").write_text(readme.read_text(encoding="utf-8"), encoding="utf-8")
        self.stdout.write(str(folder))
        return CLEAN


def shipped() -> list[str]:
    return sorted(path.parent.name for path in PACKS.glob("*/order.csv"))


def find(name: str) -> Path:
    path = Path(name)
    return PACKS / name if not path.exists() and name in shipped() else path


def unreadable(reading: PackReading) -> bool:
    """Where a required table is missing whole, checking the rest would mislead; a pack that does
    not say what document it is of can neither be loaded nor checked."""
    lost = {"sheet-missing", "headings-wrong", "heading-missing", "heading-twice", "sheet-empty"}
    if reading.pack is None or not reading.pack["order"]:
        return True
    return any(issue.code in lost for issue in reading.issues)


def line_of(issue: Issue) -> str:
    words = {"fatal": _("refused"), "error": _("error"), "warning": _("warning")}
    return f"{words[issue.severity]}: {issue.text()}"


def paragraph(finding: Finding) -> str:
    words = {"error": _("error"), "warning": _("warning"), "note": _("remark")}
    lines = [f"{words[finding.severity]} [{finding.rule}] {finding.location.place}"]
    lines.append(f"    {finding.text()}")
    if finding.suggestion:
        lines.append("    " + _("Correction: {text}").format(text=finding.suggestion))
    if advice := finding.advice_text():
        lines.append(f"    {advice}")
    return "\n".join(lines)


def as_text(reading: PackReading, findings: list[Finding], status: int) -> str:
    found = {
        "status": status,
        "pack": reading.pack.name if reading.pack else None,
        "issues": [issue.as_dict() for issue in reading.issues],
        "findings": [finding.as_dict() for finding in findings],
    }
    return json.dumps(found, ensure_ascii=False, indent=2)
