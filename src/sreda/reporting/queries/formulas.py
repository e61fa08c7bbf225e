"""Formulas of indicators: vetted against what there is now, and what each depends on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sreda.kernel.api import AuditEntry
from sreda.reporting.enums import VersionStatus
from sreda.reporting.expressions import Compiled, compile_expression
from sreda.reporting.forms import Schema, SchemaError
from sreda.reporting.models import FormVersion, Indicator

Key = tuple[str, str, str]  # kind, name, part


@dataclass
class Sources:
    """What formulas may ask of: forms in force, looked up when first named, and indicators."""

    indicators: frozenset[str]
    _forms: dict[str, Schema | None] = field(default_factory=dict)

    @classmethod
    def now(cls) -> Sources:
        return cls(frozenset(Indicator.objects.order_by().values_list("code", flat=True)))

    def form_of(self, code: str) -> Schema | None:
        if code not in self._forms:
            version = FormVersion.objects.filter(
                form__code=code, form__withdrawn_at=None, status=VersionStatus.PUBLISHED
            ).first()
            try:
                self._forms[code] = version.schema if version else None
            except SchemaError:
                self._forms[code] = None
        return self._forms[code]

    def compile(self, code: str, formula: str) -> Compiled:
        """ExpressionError says what is wrong, and where in the formula."""
        return compile_expression(
            formula,
            code,
            organisation=False,
            form_of=self.form_of,
            indicator_known=self.indicators.__contains__,
        )


def titles_of_deleted(codes: Collection[str]) -> dict[str, str]:
    """What indicators that are no more were called, by code, as the audit log still knows it."""
    if not codes:
        return {}
    entries = AuditEntry.objects.filter(
        action="reporting.indicator.deleted", data__state__code__in=list(codes)
    )
    states = entries.order_by("pk").values_list("data__state", flat=True)
    return {state["code"]: state["title"] for state in states}


def inputs_of(compiled: Compiled) -> set[Key]:
    found = compiled.inputs
    return {
        *(("dataset", name, part) for name, part in found.datasets),
        *(("form", name, part) for name, part in found.forms),
        *(("indicator", name, "") for name in found.indicators),
    }


class Circle(ValueError):
    """Names that need each other, `way` round: the last is the first again."""

    def __init__(self, way: list[str]) -> None:
        super().__init__(" → ".join(way))
        self.way = way


def in_order(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Names after all they need; Circle tells those that need each other."""
    order: list[str] = []
    state: dict[str, int] = {}
    for start in needs:
        stack = [(start, iter(needs.get(start, ())))]
        if state.get(start):
            continue
        state[start] = 1
        while stack:
            name, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                state[name] = 2
                order.append(name)
            elif following in needs and state.get(following) == 1:
                way = [n for n, _rest in stack]
                raise Circle([*way[way.index(following) :], following])
            elif following in needs and not state.get(following):
                state[following] = 1
                stack.append((following, iter(needs[following])))
    return order


def needs_of(codes: Mapping[str, set[Key]]) -> dict[str, list[str]]:
    return {
        code: sorted(name for kind, name, _part in keys if kind == "indicator")
        for code, keys in codes.items()
    }
