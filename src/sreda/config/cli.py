"""The `sreda` command.

`up`, `doctor`, `qti` and `version` are here; every other word is a management command of an app.
Where a command needs the database, our server runs as long as the command does. A command that
does not says so on its class: `needs_database = False`, or `needs_database(words) -> bool` as a
static method where it depends on the words that follow the command's name.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from typing import Any

from sreda.config import doctor, supervisor
from sreda.kernel.postgres import PostgresError, connected
from sreda.kernel.terminal import language, translator

_ = translator("config")

FAILURE, USAGE, INTERRUPTED = 1, 2, 130
WITHOUT_DATABASE = {
    "check", "collectstatic", "compilemessages", "diffsettings", "findstatic", "makemessages",
    "sendtestemail", "startapp", "startproject", "test",
}  # fmt: skip


def main(words: Sequence[str] | None = None) -> int:
    """Entry point of `sreda`; returns the exit status: 0, 1 failure, 2 usage."""
    words = list(sys.argv[1:] if words is None else words)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sreda.config.settings")
    command, rest = (words[0], words[1:]) if words else ("--help", [])
    try:
        with plain_errors():
            match command:
                case "up":
                    return supervisor.main(rest)
                case "doctor":
                    return doctor.main(rest)
                case "qti":
                    return qti(rest)
                case "version" | "--version":
                    print("sreda", version("sreda"))  # noqa: T201
                    return 0
                case "help" | "--help" | "-h" if not rest:
                    return overview()
                case "help":
                    return manage(rest[0], ["--help"])
                case _:
                    return manage(command, rest)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Refusal as refusal:
        print("sreda:", refusal, file=sys.stderr)  # noqa: T201
        return refusal.status


class Refusal(Exception):
    """A known trouble, said in one line."""

    def __init__(self, text: str, status: int = FAILURE) -> None:
        super().__init__(text)
        self.status = status


@contextmanager
def plain_errors() -> Iterator[None]:
    """Known troubles in one line; SREDA_DEBUG=1 shows the traceback."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(FAILURE) from None
    except Exception as error:
        text = explained(error)
        if text is None or os.environ.get("SREDA_DEBUG") == "1":
            raise
        raise Refusal(text) from error


def explained(error: Exception) -> str | None:
    import psycopg
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError, ProgrammingError

    first = (str(error).strip().splitlines() or [""])[0]
    match error:
        case PostgresError():
            return str(error)
        case ProgrammingError() if isinstance(error.__cause__, psycopg.errors.UndefinedTable):
            return _("The database has no tables yet: run `sreda migrate` first.")
        case OperationalError() | psycopg.OperationalError():
            return _("The database does not answer: {reason}").format(reason=first)
        case ImproperlyConfigured():
            return _("The settings are wrong: {reason}").format(reason=first)
        case FileNotFoundError() | PermissionError() | IsADirectoryError() if error.filename:
            return f"{error.filename}: {error.strerror}"
        case _:
            return None


def manage(name: str, words: list[str]) -> int:
    """Run one management command, with the database where it needs it."""
    set_up()
    from django.core.management import ManagementUtility, get_commands, load_command_class

    known = get_commands()
    if name not in known:
        raise Refusal(unknown(name, list(known)), USAGE)
    app = known[name]
    command = load_command_class(app, name) if isinstance(app, str) else app
    with connected() if needs_database(name, command, words) else nullcontext():
        try:
            ManagementUtility(["sreda", name, *words]).execute()
        except SystemExit as end:
            if isinstance(end.code, str):
                raise Refusal(end.code) from end
            return end.code or 0
        finally:
            doctor.close_connections()
    return 0


def qti(words: Sequence[str]) -> int:
    """Its words work without Django; `export` alone has it and the database."""
    from sreda.assessment import shell

    if words[:1] != ["export"] or {"-h", "--help"} & set(words):
        return shell.main(words)
    set_up()
    with connected():
        try:
            return shell.main(words)
        finally:
            doctor.close_connections()


def set_up() -> None:
    import django
    from django.utils import translation

    django.setup()
    translation.activate(language())


def needs_database(name: str, command: Any, words: list[str]) -> bool:
    if {"-h", "--help"} & set(words) or name in WITHOUT_DATABASE:
        return False
    said = getattr(command, "needs_database", True)
    return bool(said(words) if callable(said) else said)


def unknown(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    text = _("There is no command “{name}”.").format(name=name)
    near = get_close_matches(name, [*known, *OURS], n=1)
    if near:
        return text + " " + _("Did you mean `sreda {name}`?").format(name=near[0])
    return text + " " + _("`sreda --help` lists them.")


OURS = ("up", "doctor", "qti", "version")


def overview() -> int:
    """What `sreda` can do: our own commands with a line each, Django's by name."""
    set_up()
    from django.core.management import get_commands, load_command_class

    lines = {
        "up": _("start everything: database, web server, worker"),
        "doctor": _("check this installation and say what is wrong"),
        "qti": _("check and mark QTI items, tests and packages"),
        "version": _("print the version"),
    }
    others = []
    for name, app in sorted(get_commands().items()):
        label = app if isinstance(app, str) else app.__module__
        if not label.startswith("sreda."):
            others.append(name)
            continue
        told = str(load_command_class(label, name).help).strip()
        lines[name] = told.splitlines()[0] if told else ""
    lines["migrate"] = _("bring the database up to this version of Sreda")
    lines["shell"] = _("a Python shell with everything loaded")
    width = max(map(len, lines))
    print(_("Usage: sreda COMMAND …   (`sreda COMMAND --help` tells more)"), end="\n\n")  # noqa: T201
    for name, text in lines.items():
        print(f"  {name:<{width}}  {text}")  # noqa: T201
    print("\n" + _("Django's commands:"), ", ".join(o for o in others if o not in lines))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
