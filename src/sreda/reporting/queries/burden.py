"""Minutes a year that forms ask of the region, and that their sources save."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sreda.reporting.enums import FormKind, VersionStatus
from sreda.reporting.forms.burden import PERIODS, Burden
from sreda.reporting.models import Form, FormVersion
from sreda.reporting.queries.audience import reach


@dataclass(frozen=True, slots=True)
class Yearly:
    """`once` is one filling; `asked` and `saved` are minutes of everybody in a year."""

    once: Burden
    organisations: int
    times: int

    @property
    def asked(self) -> Decimal:
        return self.once.asked * self.organisations * self.times

    @property
    def saved(self) -> Decimal:
        return self.once.saved * self.organisations * self.times

    @property
    def hours(self) -> Decimal:
        return self.asked / 60

    @property
    def hours_saved(self) -> Decimal:
        return self.saved / 60


def yearly(pairs: Iterable[tuple[Form, FormVersion]], on: date) -> list[Yearly]:
    """Of each form with a version of it; two queries for any number of them.

    People who answer a survey are not counted as organisations: it asks none.
    """
    known = list(pairs)
    sizes = reach([form.audience for form, _version in known], on)
    return [
        Yearly(
            kept(version), 0 if form.kind == FormKind.SURVEY else size, PERIODS[form.period_kind]
        )
        for (form, version), size in zip(known, sizes, strict=True)
    ]


def kept(version: FormVersion) -> Burden:
    return Burden(
        Decimal(version.minutes_asked),
        Decimal(version.minutes_saved),
        version.cell_count,
        version.sourced_count,
    )


def total(on: date) -> tuple[Decimal, Decimal]:
    """(asked, saved) of all forms in force, in minutes a year."""
    versions = (
        FormVersion.objects.filter(status=VersionStatus.PUBLISHED, form__withdrawn_at=None)
        .select_related("form")
        .defer("content", "moves", "repeats")
    )
    found = yearly([(version.form, version) for version in versions], on)
    return (
        sum((one.asked for one in found), Decimal(0)),
        sum((one.saved for one in found), Decimal(0)),
    )
