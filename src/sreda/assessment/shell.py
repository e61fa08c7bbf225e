"""`sreda qti`: checking and marking QTI from a shell, without a database.

Exit status of `check`: 0 nothing is wrong, 1 something is, 2 nothing could be read. Of `score`: 0
marked, 1 marked although some responses could not be read, 2 nothing could be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sreda.assessment.qti import (
    Item,
    QtiError,
    read_item,
    read_json,
    score,
)
from sreda.kernel.terminal import translator

_ = translator("assessment")
CLEAN, FOUND, UNREADABLE = 0, 1, 2


def main(words: Sequence[str]) -> int:
    """Entry point of `sreda qti`; returns the exit status."""
    options = parser().parse_args(list(words))
    try:
        return int(options.run(options))
    except QtiError as error:
        print(error.issue.text(_), file=sys.stderr)  # noqa: T201
        return UNREADABLE


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="sreda qti", description="QTI 2.x, 3.0")
    words = made.add_subparsers(dest="word", required=True)
    one = words.add_parser("score", help="mark responses, print the outcome variables as JSON")
    one.add_argument("path", metavar="ITEM|TEST|PACKAGE", type=Path)
    one.add_argument("responses", metavar="RESPONSES.json", help="- reads standard input")
    one.add_argument("--seed", type=int, default=0)
    one.add_argument("--template-values", metavar="JSON|FILE")
    one.set_defaults(run=run_score)
    return made


def run_score(options: argparse.Namespace) -> int:
    responses = json_of(options.responses)
    item = read_item(read_bytes(options.path), file=str(options.path))
    return score_item(item, responses, options)


def score_item(item: Item, responses: Any, options: argparse.Namespace) -> int:
    given = template_values(item, options.template_values)
    scored = score(item, responses, seed=options.seed, template_values=given)
    for problem in scored.problems:
        print(f"{problem.identifier}: {problem.text(_)}", file=sys.stderr)  # noqa: T201
    for note in scored.notes:
        print(note, file=sys.stderr)  # noqa: T201
    show(scored.as_json())
    return FOUND if any(p.code in ("type", "unknown") for p in scored.problems) else CLEAN


def show(data: Any) -> None:
    print(json.dumps(data, ensure_ascii=False, indent=2))  # noqa: T201


def template_values(item: Item, said: str | None) -> Mapping[str, Any]:
    if not said:
        return {}
    held = json.loads(said) if said.lstrip().startswith("{") else json_of(said)
    found = {}
    for name, value in held.items():
        declaration = item.templates.get(name)
        if declaration is None:
            print(f"{name}: ?", file=sys.stderr)  # noqa: T201
            continue
        found[name] = read_json(value, declaration.base_type, declaration.cardinality)
    return found


def json_of(name: str) -> Any:
    text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8-sig")
    return json.loads(text)


def read_bytes(path: Path) -> bytes:
    return path.read_bytes()
