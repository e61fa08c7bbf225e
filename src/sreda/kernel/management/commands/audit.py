"""`sreda audit verify` and `sreda audit checkpoint`."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from sreda.kernel import clock
from sreda.kernel.domain import audit


class Command(BaseCommand):
    @property
    def help(self) -> str:  # type: ignore[override]
        return _("Proves the audit log: no entry was edited, moved or cut.")

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=["verify", "checkpoint"])
        parser.add_argument("--json", action="store_true", help=_("print the faults as JSON"))

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "checkpoint":
            made = audit.checkpoint(at=clock.now())
            told = (
                _("Checkpoint signed at entry %(n)s.") % {"n": made.position}
                if made
                else _("Nothing was added since the last checkpoint.")
            )
            self.stdout.write(told)
            return
        faults = list(audit.verify())
        if options["json"]:
            report = [{"position": f.position, "kind": f.kind, "text": f.text} for f in faults]
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        elif faults:
            for fault in faults:
                self.stdout.write(
                    _("Entry %(n)s: %(what)s") % {"n": fault.position, "what": fault.text}
                )
        else:
            self.stdout.write(_("The audit log is whole."))
        if faults:
            sys.exit(1)
