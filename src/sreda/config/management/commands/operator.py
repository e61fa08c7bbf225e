"""`sreda operator`: the first person who may sign in, and a way back in for one locked out."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sreda.config import supervisor
from sreda.kernel import clock
from sreda.registry.api import appoint_operator, new_link


class Command(BaseCommand):
    help = gettext_lazy(  # type: ignore[assignment]
        "the regional operator: a first one for a new installation, a new link for one locked out"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        new = actions.add_parser("new", help=_("enter an operator and print a one-time link"))
        new.add_argument("name", help=_("family name, given name, patronymic, in quotes"))
        new.add_argument("--title", default="", help=_("position"))
        new.add_argument("--username", default="", help=_("user name (made from the name)"))
        new.add_argument("--email", default="", help=_("e-mail"))
        link = actions.add_parser("link", help=_("print a new one-time link to set a password"))
        link.add_argument("username", help=_("user name"))
        link.add_argument(
            "--drop-second-factor",
            action="store_true",
            help=_("take off a lost second factor as well; ends all open sessions"),
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        try:
            if options["action"] == "new":
                given = {key: options[key] for key in ("title", "username", "email")}
                made = appoint_operator(options["name"], **given, at=at)
            else:
                made = new_link(
                    options["username"], drop_second_factor=options["drop_second_factor"], at=at
                )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(_("User name: {name}").format(name=made.user.username))
        self.stdout.write(
            _("One-time link to set a password: {url}").format(url=at_site(made.path))
        )
        self.stdout.write(_("Who has the link can sign in: give it to this person only."))


def at_site(path: str) -> str:
    """At the lasting address, where one is set; else where `sreda up` serves now."""
    address = settings.SITE_ADDRESS
    if not os.environ.get("SREDA_ADDRESS"):
        running = supervisor.running(settings.HOME) or {}
        address = running.get("address") or address
    return urljoin(address, path)
