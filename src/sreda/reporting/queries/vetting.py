"""Everything that stands between a draft and its being put in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.translation import gettext as _

from sreda.reporting.expressions import vet_schema
from sreda.reporting.forms import Check, Schema, SchemaError, Section
from sreda.reporting.forms.edit import Place, part_at
from sreda.reporting.models import Dictionary, FormVersion
from sreda.reporting.queries.knowledge import Known, likely_repeats, repeats
from sreda.reporting.queries.versions import schema_in_force


class ProblemKind(StrEnum):
    STRUCTURE = "structure"
    EXPRESSION = "expression"
    REPEAT = "repeat"
    LIKELY = "likely"


@dataclass(frozen=True, slots=True)
class Problem:
    """`place` is as SchemaError and expressions name it; `known` is where a repeated question is
    answered already; a `decided` one is asked all the same and does not stand in the way."""

    kind: ProblemKind
    place: str
    said: str
    known: Known | None = None
    decided: str = ""

    @property
    def stops(self) -> bool:
        return not self.decided


def problems(version: FormVersion, *, on: date) -> list[Problem]:
    """All of them, those of structure first."""
    schema = version.schema
    found = [*schema_problems(schema), *_dictionary_problems(schema)]
    known = repeats(version.form, schema)
    for key, one in known.items():
        found.append(
            Problem(
                ProblemKind.REPEAT,
                key,
                _("is known already: %(holder)s, “%(title)s”")
                % {"holder": one.holder, "title": one.title},
                one,
            )
        )
    for key, likely in likely_repeats(version.form, schema).items():
        if key in known:
            continue
        decision = version.repeats.get(key, {})
        same = decision.get("of") == place_of(likely.known)
        found.append(
            Problem(
                ProblemKind.LIKELY,
                key,
                _("looks like “%(title)s”: %(holder)s")
                % {"holder": likely.known.holder, "title": likely.known.title},
                likely.known,
                decision.get("reason", "") if same else "",
            )
        )
    return found


def place_of(known: Known) -> str:
    """What a decision about a likely repeat is about."""
    return known.source


def schema_problems(
    schema: Schema, form_of: Callable[[str], Schema | None] | None = schema_in_force
) -> Iterator[Problem]:
    """Structure and expressions. Without `form_of` it asks no database, and takes what is said of
    other forms on trust."""
    if not schema.cells:
        yield Problem(ProblemKind.STRUCTURE, "form", _("asks nothing"))
    for fault in schema.faults():
        yield Problem(ProblemKind.STRUCTURE, fault.place, translated(fault))
    for error in vet_schema(schema, form_of=form_of):
        where = _("line %(line)s, column %(column)s: ") % {
            "line": error.line, "column": error.column,
        } if error.line else ""  # fmt: skip
        yield Problem(ProblemKind.EXPRESSION, error.rule, f"{where}{error.reason}")


def translated(fault: SchemaError) -> str:
    return _(fault.said) % fault.parts if fault.parts else _(fault.said)


def _dictionary_problems(schema: Schema) -> Iterator[Problem]:
    used = {
        f"{block.code}.{field.code}": field.dictionary
        for block in schema.blocks.values()
        for field in block.fields
        if field.dictionary
    }
    known = set(Dictionary.objects.filter(code__in=used.values()).values_list("code", flat=True))
    for place, code in used.items():
        if code not in known:
            yield Problem(
                ProblemKind.STRUCTURE, place, _("there is no dictionary %(code)s") % {"code": code}
            )


def target(schema: Schema, place: str) -> Place | None:
    """The part of the form that a problem's place means, to open it."""
    first, _dot, rest = place.partition(".")
    if first == "checks":
        return Place("check", rest)
    if any(check.code == place for check in schema.checks):
        return Place("check", place)
    if any(isinstance(s, Section) and s.code == place for s in schema.sections):
        return Place("section", place)
    block = schema.blocks.get(first)
    if block is None:
        return None
    parts = rest.split(".") if rest else []
    if not parts or parts == ["*"]:
        return Place("block", first)
    names = {field.code for field in block.fields}
    if parts[-1] in names and (len(parts) == 1 or parts[0] == "*"):
        return Place("field", parts[-1], first)
    rows = {row.code for row in block.rows}
    return Place("row", parts[0], first) if parts[0] in rows else Place("block", first)


def title_of(schema: Schema, place: str) -> str:
    """What the part of the form that a problem's place means is called; "" where none is meant."""
    if cell := schema.cells.get(place):
        return cell.title
    at = target(schema, place)
    part = part_at(schema, at) if at else None
    if part is None:
        return ""
    return part.message if isinstance(part, Check) else part.title
