"""Changing a schema part by part. A part is named by its place: "section:CODE", "block:CODE",
"row:BLOCK.CODE", "field:BLOCK.CODE" (a column is a field) or "check:CODE"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sreda.reporting.forms.schema import (
    Block,
    Check,
    Field,
    Row,
    Schema,
    SchemaError,
    Section,
    gettext_noop,
)

Part = Section | Block | Row | Field | Check
P = TypeVar("P", Section, Block, Row, Field, Check)
Moves = Mapping[str, str | None]
KINDS = ("section", "block", "row", "field", "check")


@dataclass(frozen=True, slots=True)
class Place:
    kind: str
    code: str
    block: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.block}.{self.code}" if self.block else f"{self.kind}:{self.code}"

    @classmethod
    def read(cls, text: str) -> Place:
        """SchemaError where the text names no place."""
        kind, _colon, path = text.partition(":")
        block, dot, code = path.partition(".")
        if kind not in KINDS or not path or (kind in {"row", "field"}) != bool(dot):
            raise SchemaError(text[:60], gettext_noop("there is no such place in the form"))
        return cls(kind, code if dot else path, block if dot else "")


def part_at(schema: Schema, place: Place) -> Part | None:
    return next((part for part in siblings(schema, place) if part.code == place.code), None)


def siblings(schema: Schema, place: Place) -> tuple[Part, ...]:
    """The parts among which the one at `place` stands (or would stand)."""
    match place.kind:
        case "section":
            return schema.sections
        case "check":
            return schema.checks
        case "block":
            return next(
                (s.blocks for s in schema.sections if any(b.code == place.code for b in s.blocks)),
                (),
            )
    block = schema.blocks.get(place.block)
    if block is None:
        return ()
    return block.rows if place.kind == "row" else block.fields


def add(schema: Schema, part: Part, *, under: str = "") -> Schema:
    """At the end; `under` is the code of the section of a block, of the block of a row or field."""
    match part:
        case Section():
            return replace(schema, sections=(*schema.sections, part))
        case Check():
            return replace(schema, checks=(*schema.checks, part))
        case Block():
            return _sections(
                schema,
                lambda s: replace(s, blocks=(*s.blocks, part)) if s.code == under else s,
            )
        case Row():
            return _block(schema, under, lambda b: replace(b, rows=(*b.rows, part)))
        case Field():
            return _block(schema, under, lambda b: replace(b, fields=(*b.fields, part)))


def put(schema: Schema, place: Place, part: Part) -> Schema:
    """Another part instead of the one at `place`. Where its code is another one, expressions and
    checks follow it: they name its cells by their new keys."""
    made = _among(
        schema, place, lambda found: tuple(part if p.code == place.code else p for p in found)
    )
    if part.code == place.code:
        return made
    if place.kind == "field":
        made = _block(made, place.block, lambda b: _renamed_column(b, place.code, part.code))
    return _following(made, renamed_keys(schema, place, part.code))


def move(schema: Schema, place: Place, by: int) -> Schema:
    """Nearer to the beginning (a negative `by`) or to the end, among its own kind."""

    def shifted(found: tuple[Any, ...]) -> tuple[Any, ...]:
        parts = list(found)
        at = next((n for n, part in enumerate(parts) if part.code == place.code), None)
        if at is None:
            return found
        part = parts.pop(at)
        parts.insert(min(max(at + by, 0), len(parts)), part)
        return tuple(parts)

    return _among(schema, place, shifted)


def move_block(schema: Schema, code: str, section: str) -> Schema:
    """To the end of another section; keys of cells do not change."""
    block = schema.blocks.get(code)
    if block is None or all(s.code != section for s in schema.sections):
        return schema
    return add(drop(schema, Place("block", code)), block, under=section)


def drop(schema: Schema, place: Place) -> Schema:
    """Without the part. What still speaks of it stays as it is, and is found at publishing."""
    made = _among(schema, place, lambda found: tuple(p for p in found if p.code != place.code))
    if place.kind == "field":
        made = _block(made, place.block, lambda b: _without_column(b, place.code))
    return made


def renamed_keys(schema: Schema, place: Place, code: str) -> dict[str, str]:
    """Keys of cells that change when the part at `place` gets another code."""
    found = {}
    for key, cell in schema.cells.items():
        parts = key.split(".")
        match place.kind:
            case "block" if cell.block == place.code:
                parts[0] = code
            case "row" if cell.block == place.block and cell.row == place.code:
                parts[1] = code
            case "field" if cell.block == place.block and cell.field.code == place.code:
                parts[-1] = code
            case _:
                continue
        found[key] = ".".join(parts)
    return found


def moved(moves: Moves, before: Schema, old: Schema, new: Schema, renamed: Moves) -> Moves:
    """`moves` of a version after one change of it from `old` to `new`: `before` is the version in
    force, `renamed` what got another key. A key that was dropped is kept as null, so that a new
    cell that happens to take it does not inherit its values."""
    found = dict(moves)
    for key in before.cells:
        now = found.get(key, key)
        if now is None or now not in old.cells:
            continue
        if now in renamed:
            found[key] = renamed[now]
        elif now not in new.cells:
            found[key] = None
    return {key: now for key, now in found.items() if now != key}


def _sections(schema: Schema, change: Callable[[Section], Section]) -> Schema:
    return replace(schema, sections=tuple(change(section) for section in schema.sections))


def _block(schema: Schema, code: str, change: Callable[[Block], Block]) -> Schema:
    return _sections(
        schema,
        lambda s: replace(s, blocks=tuple(change(b) if b.code == code else b for b in s.blocks)),
    )


def _among(
    schema: Schema, place: Place, change: Callable[[tuple[Any, ...]], tuple[Any, ...]]
) -> Schema:
    match place.kind:
        case "section":
            return replace(schema, sections=change(schema.sections))
        case "check":
            return replace(schema, checks=change(schema.checks))
        case "block":
            return _sections(
                schema,
                lambda s: (
                    replace(s, blocks=change(s.blocks))
                    if any(b.code == place.code for b in s.blocks)
                    else s
                ),
            )
        case "row":
            return _block(schema, place.block, lambda b: replace(b, rows=change(b.rows)))
    return _block(schema, place.block, lambda b: replace(b, fields=change(b.fields)))


def _renamed_column(block: Block, old: str, new: str) -> Block:
    def pairs(found: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        return tuple((new if code == old else code, text) for code, text in found)

    return replace(
        block,
        rows=tuple(
            replace(
                row,
                sources=pairs(row.sources),
                elements=pairs(row.elements),
                closed=frozenset(new if code == old else code for code in row.closed),
            )
            for row in block.rows
        ),
    )


def _without_column(block: Block, code: str) -> Block:
    return replace(
        block,
        rows=tuple(
            replace(
                row,
                sources=tuple(pair for pair in row.sources if pair[0] != code),
                elements=tuple(pair for pair in row.elements if pair[0] != code),
                closed=row.closed - {code},
            )
            for row in block.rows
        ),
    )


def _following(schema: Schema, keys: Mapping[str, str]) -> Schema:
    if not keys:
        return schema
    names = dict(keys)
    blocks = {old.split(".")[0]: new.split(".")[0] for old, new in keys.items()}
    # A list is named as a whole, without a row.
    names |= {old: new for old, new in blocks.items() if old != new}
    longest = sorted(names, key=len, reverse=True)
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(map(re.escape, longest))})(?!\w)")

    def text(expression: str) -> str:
        return pattern.sub(lambda found: names[found[0]], expression) if expression else expression

    def field(one: Field) -> Field:
        return replace(one, source=text(one.source), relevant=text(one.relevant))

    def row(one: Row) -> Row:
        return replace(one, sources=tuple((code, text(said)) for code, said in one.sources))

    def block(one: Block) -> Block:
        return replace(
            one,
            fields=tuple(map(field, one.fields)),
            rows=tuple(map(row, one.rows)),
            rows_source=text(one.rows_source),
        )

    return Schema(
        tuple(replace(s, blocks=tuple(map(block, s.blocks))) for s in schema.sections),
        tuple(
            replace(
                check,
                expression=text(check.expression),
                cells=tuple(names.get(key, key) for key in check.cells),
            )
            for check in schema.checks
        ),
    )
