"""`sreda records credential NAME --scope …`: a key and secret for a source of learning records."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.kernel import clock
from sreda.records.domain import feeding
from sreda.records.domain.credentials import make, revoke
from sreda.records.enums import Scope
from sreda.records.models import Credential
from sreda.records.queries import columns
from sreda.registry.api import Organisation


class Command(BaseCommand):
    help = gettext_lazy(  # type: ignore[assignment]
        "learning records: make, list and revoke credentials of sources"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        new = actions.add_parser("credential", help=_("make a key and a secret"))
        new.add_argument("name", help=_("the source"))
        new.add_argument(
            "--scope", action="append", choices=Scope.values, help=_("may be repeated")
        )
        new.add_argument("--agent", default="", help=_("who vouches: an Agent as JSON"))
        new.add_argument("--organisation", help=_("number of the only organisation"))
        actions.add_parser("credentials", help=_("list credentials"))
        fed = actions.add_parser("feed", help=_("feed ClickHouse what it lacks"))
        fed.add_argument("--anew", action="store_true", help=_("all of it, from the beginning"))
        end = actions.add_parser("revoke", help=_("revoke a credential"))
        end.add_argument("key", help=_("its key"))

    def handle(self, *args: Any, **options: Any) -> None:
        match options["action"]:
            case "credential":
                self.make(options)
            case "credentials":
                for one in Credential.objects.all():
                    state = _("revoked") if one.revoked_at else _("in force")
                    self.stdout.write(f"{one.key}  {state}  {one.name}  {' '.join(one.scopes)}")
            case "feed":
                if not settings.RECORDS_CLICKHOUSE:
                    raise CommandError(_("SREDA_RECORDS_CLICKHOUSE is not set."))
                if options["anew"]:
                    feeding.feed_anew()
                while feeding.feed():
                    pass
                through = timezone.localtime(columns.through()).isoformat(" ", "seconds")
                self.stdout.write(_("Fed up to {moment}").format(moment=through))
            case "revoke":
                found = Credential.objects.filter(key=options["key"], revoked_at=None).first()
                if found is None:
                    raise CommandError(_("No credential in force has this key."))
                revoke(found, at=clock.now(), actor=None)
                self.stdout.write(_("Revoked: {name}").format(name=found.name))

    def make(self, options: dict[str, Any]) -> None:
        organisation = None
        if options["organisation"] is not None:
            organisation = Organisation.objects.filter(code=options["organisation"]).first()
            if organisation is None:
                raise CommandError(_("No organisation has this number."))
        scopes = options["scope"] or [Scope.WRITE, Scope.READ_MINE]
        try:
            made = make(
                options["name"],
                scopes=scopes,
                at=clock.now(),
                agent=options["agent"],
                organisation=organisation,
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"key: {made.credential.key}\nsecret: {made.secret}")
        self.stderr.write(_("The secret is shown this once."))
