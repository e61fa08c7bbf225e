"""`sreda qti`: checking and marking QTI from a shell; only `export` needs the database.

Exit status of `check`: 0 nothing is wrong, 1 something is, 2 nothing could be read. Of `score`: 0
marked, 1 marked although some responses could not be read, 2 nothing could be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sreda.assessment.qti import (
    Declaration,
    Issue,
    Item,
    Package,
    Problem,
    QtiError,
    Test,
    Value,
    package_files,
    read_json,
    read_package,
    score,
    score_test,
    write_package,
)
from sreda.assessment.qti.session.validation import UNREAD
from sreda.kernel.terminal import translator

_ = translator("assessment")
CLEAN, FOUND, UNREADABLE = 0, 1, 2
BAD = ("error", "fatal")


class Refused(Exception):
    """What the person asked for cannot be done; said in one line."""


def main(words: Sequence[str]) -> int:
    """Entry point of `sreda qti`; returns the exit status."""
    options = parser().parse_args(list(words))
    try:
        return int(options.run(options))
    except QtiError as error:
        if getattr(options, "json", False):
            show(report((error.issue,), UNREADABLE))
        else:
            print(line_of(error.issue), file=sys.stderr)  # noqa: T201
    except Refused as refused:
        print(refused, file=sys.stderr)  # noqa: T201
    except BrokenPipeError:
        raise
    except OSError as error:
        print(": ".join(filter(None, (error.filename, error.strerror))), file=sys.stderr)  # noqa: T201
    return UNREADABLE


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="sreda qti", description=_("Check, mark and convert QTI items, tests and packages.")
    )
    words = made.add_subparsers(dest="word", required=True)

    one = words.add_parser(
        "check",
        help=_("list what is wrong or not supported, place by place"),
        epilog=_("Exit status: 0 nothing is wrong, 1 something is, 2 nothing could be read."),
    )
    one.add_argument("path", metavar="PACKAGE", type=Path, help=_("ZIP, folder or XML file"))
    one.add_argument("--json", action="store_true", help=_("everything as JSON"))
    one.add_argument("--notes", action="store_true", help=_("show remarks too"))
    one.set_defaults(run=run_check)

    one = words.add_parser(
        "score",
        help=_("mark responses and print the outcome variables as JSON"),
        epilog=_(
            'RESPONSES.json for an item: {"RESPONSE": "A"}; for a test: {"Q1": {"RESPONSE": '
            '"A"}}. A list holds one attempt after another. Points are "10 20", pairs "A B".'
        ),
    )
    one.add_argument("path", metavar="ITEM|TEST|PACKAGE", type=Path)
    one.add_argument("responses", metavar="RESPONSES.json", help=_("- reads standard input"))
    one.add_argument("--seed", type=int, default=0, help=_("for everything that is drawn"))
    one.add_argument(
        "--template-values", metavar="JSON", help=_("template variables: JSON or a file with it")
    )
    one.add_argument(
        "--context", metavar="JSON", help=_("context variables: JSON or a file with it")
    )
    one.add_argument("--only", metavar="IDENTIFIER", help=_("the item or test of a package"))
    one.add_argument("--pci", action="store_true", help=_("print in the form of PCI"))
    one.set_defaults(run=run_score)

    one = words.add_parser("convert", help=_("write a package again as QTI 3.0"))
    one.add_argument("path", metavar="PACKAGE", type=Path, help=_("ZIP, folder or XML file"))
    one.add_argument("out", metavar="OUT", type=Path, help=_("a new ZIP or folder"))
    one.set_defaults(run=run_convert)

    one = words.add_parser(
        "export",
        help=_("write a bank, or some items and tests of it, as a package"),
        epilog=_("Without --item and --test: all that is ready and not in the archive."),
    )
    one.add_argument("out", metavar="OUT.zip", type=Path, help=_("a new ZIP"))
    one.add_argument(
        "--organisation",
        metavar="NUMBER",
        help=_("registry number of the organisation; without it the bank of the region"),
    )
    one.add_argument(
        "--item", metavar="IDENTIFIER", action="append", default=[], help=_("may be repeated")
    )
    one.add_argument(
        "--test",
        metavar="IDENTIFIER",
        action="append",
        default=[],
        help=_("with all its items; may be repeated"),
    )
    one.set_defaults(run=run_export)
    return made


# check


def run_check(options: argparse.Namespace) -> int:
    package = read_package(options.path)
    bad = [issue for issue in package.issues if issue.severity in BAD]
    status = (FOUND if package else UNREADABLE) if bad else CLEAN
    if options.json:
        show(
            {
                **report(package.issues, status),
                "items": {path: item.identifier for path, item in package.items.items()},
                "tests": {path: test.identifier for path, test in package.tests.items()},
            }
        )
        return status
    for issue in package.issues:
        if issue.severity != "note" or options.notes:
            print(line_of(issue))  # noqa: T201
    said = _("Items: {items}, tests: {tests}, errors: {errors}.")
    print(said.format(items=len(package.items), tests=len(package.tests), errors=len(bad)))  # noqa: T201
    return status


def line_of(issue: Issue) -> str:
    words = {
        "fatal": _("refused"),
        "error": _("error"),
        "warning": _("warning"),
        "note": _("remark"),
    }
    return f"{words[issue.severity]}: {issue.text(_)}"


def report(issues: Iterable[Issue], status: int) -> dict[str, Any]:
    return {"status": status, "issues": [issue.as_dict(_) for issue in issues]}


# score


def run_score(options: argparse.Namespace) -> int:
    responses = json_of(options.responses)
    package = read_package(options.path)
    for issue in package.issues:
        if issue.severity in BAD:
            print(line_of(issue), file=sys.stderr)  # noqa: T201
    found = chosen(package, options.only)
    if isinstance(found, Test):
        return score_whole(found, responses, options.seed)
    return score_item(found, responses, options)


def chosen(package: Package, only: str | None) -> Item | Test:
    """The one meant: the only test, else the only item."""
    pool: list[Item | Test] = [*package.tests.values(), *package.items.values()]
    if only:
        pool = [one for one in pool if one.identifier == only or one.file == only]
    elif package.tests:
        pool = list(package.tests.values())
    if len(pool) == 1:
        return pool[0]
    if not pool:
        raise Refused(_("There is nothing to mark."))
    names = ", ".join(sorted(one.identifier for one in pool))
    raise Refused(_("Which one? Say --only IDENTIFIER: {names}").format(names=names))


def score_item(item: Item, responses: Any, options: argparse.Namespace) -> int:
    if not isinstance(responses, dict | list) or not all(
        isinstance(one, dict) for one in (responses if isinstance(responses, list) else [responses])
    ):
        raise Refused(_("The responses must be a JSON object, or a list of objects."))
    given = typed(
        item.templates,
        options.template_values,
        _("The template values must be a JSON object."),
        _("There is no template variable “{name}”."),
    )
    around = typed(
        item.contexts,
        options.context,
        _("The context must be a JSON object."),
        _("There is no context variable “{name}”."),
    )
    scored = score(item, responses, seed=options.seed, template_values=given, context=around)
    tell(scored.problems)
    for note in scored.notes:
        print(note, file=sys.stderr)  # noqa: T201
    show(scored.as_pci() if options.pci else scored.as_json())
    return FOUND if unread(scored.problems) else CLEAN


def score_whole(test: Test, responses: Any, seed: int) -> int:
    if not isinstance(responses, dict):
        raise Refused(_("The responses must be a JSON object: item by item."))
    scored = score_test(test, responses, seed=seed)
    for key, problems in scored.problems.items():
        tell(problems, key)
    for note in scored.notes:
        print(note, file=sys.stderr)  # noqa: T201
    show(scored.as_json())
    return FOUND if any(unread(problems) for problems in scored.problems.values()) else CLEAN


def tell(problems: Iterable[Problem], owner: str = "") -> None:
    for problem in problems:
        place = f"{owner} {problem.identifier}" if owner else problem.identifier
        print(f"{place}: {problem.text(_)}", file=sys.stderr)  # noqa: T201


def unread(problems: Iterable[Problem]) -> bool:
    return any(problem.code in UNREAD for problem in problems)


def typed(
    declared: Mapping[str, Declaration], said: str | None, no_object: str, unknown: str
) -> Mapping[str, Value]:
    """Values of declared variables, from a word of the command or from the file it names."""
    held = object_of(said, no_object)
    for name in held.keys() - declared.keys():
        raise Refused(unknown.format(name=name))
    return {name: value_of(declared[name], value) for name, value in held.items()}


def object_of(said: str | None, otherwise: str) -> dict[str, Any]:
    """The JSON object in a word of the command, or in the file it names."""
    if not said:
        return {}
    held = parsed(said, said) if said.lstrip().startswith("{") else json_of(said)
    if not isinstance(held, dict):
        raise Refused(otherwise)
    return held


def value_of(declaration: Declaration, held: Any) -> Value:
    try:
        return read_json(held, declaration.base_type, declaration.cardinality)
    except (ValueError, TypeError, KeyError) as error:
        raise Refused(f"{declaration.identifier}: {error}") from error


# convert


def run_convert(options: argparse.Namespace) -> int:
    package = read_package(options.path)
    out: Path = options.out
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused(_("{path} exists already.").format(path=out))
    for issue in package.issues:
        if issue.severity in BAD:
            print(line_of(issue), file=sys.stderr)  # noqa: T201
    if not package:
        raise Refused(_("There is nothing to write."))
    if out.suffix.lower() == ".zip":
        out.write_bytes(write_package(package))
    else:
        for path, data in package_files(package).items():
            place = out / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    print(out)  # noqa: T201
    return CLEAN if package.sound else FOUND


# export


def run_export(options: argparse.Namespace) -> int:
    from sreda.assessment.shell_export import NotThere, export

    if options.out.exists():
        raise Refused(_("{path} exists already.").format(path=options.out))
    try:
        items, tests = export(options, _)
    except NotThere as error:
        raise Refused(str(error)) from error
    said = _("{path}: items {items}, tests {tests}.")
    print(said.format(path=options.out, items=items, tests=tests))  # noqa: T201
    return CLEAN


# small helps


def show(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))  # noqa: T201


def json_of(name: str) -> Any:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(_("{name} is no UTF-8 text.").format(name=name)) from error
    except OSError as error:
        raise Refused(f"{name}: {error.strerror}") from error
    return parsed(text, name)


def parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(_("{name} is no JSON: {reason}").format(name=name, reason=error)) from error
