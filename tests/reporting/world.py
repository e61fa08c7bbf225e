"""Campaigns of small forms over a few organisations."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sreda.reporting.domain.campaigns import open_campaign, plan_campaign
from sreda.reporting.domain.prefill import fill_campaign
from sreda.reporting.forms import Schema, to_json
from sreda.reporting.models import Campaign, Form, FormCell, FormVersion, Submission
from tests.reporting.forms import SCHEMA

AT = datetime(2026, 11, 20, 10, tzinfo=ZoneInfo("Asia/Novokuznetsk"))


def published(schema: Schema = SCHEMA, *, code: str = "yearly", **form: object) -> FormVersion:
    """A version in force with its cells."""
    made = Form.objects.create(
        code=code,
        title=form.pop("title", "Годовой отчёт"),
        kind=form.pop("kind", "report"),
        period_kind="school_year",
        made_at=AT,
        **form,
    )
    version = FormVersion.objects.create(
        form=made, number=1, status="published", content=to_json(schema), made_at=AT,
        published_at=AT,
    )  # fmt: skip
    FormCell.objects.bulk_create(
        FormCell(
            version=version, key=cell.key, number=number, type=cell.field.type,
            element=cell.element, title=cell.title,
        )
        for number, cell in enumerate(schema.cells.values())
    )  # fmt: skip
    return version


def campaign(
    version: FormVersion | None = None, *, year: int = 2026, title: str = "Отчёт", **more: object
) -> Campaign:
    return plan_campaign(
        version or published(),
        title=title,
        period_start=date(year, 9, 1),
        period_end=date(year + 1, 8, 31),
        as_of=more.pop("as_of", date(year, 11, 20)),
        opens_on=date(year, 11, 1),
        due_on=date(year, 12, 1),
        actor=None,
        at=AT,
        **more,
    )


def opened(version: FormVersion | None = None, **more: object) -> Campaign:
    """Planned, opened and filled."""
    found = open_campaign(campaign(version, **more), actor=None, at=AT)
    fill_campaign(found, at=AT)
    return found


def report(of: Campaign, organisation: object) -> Submission:
    return Submission.objects.select_related("campaign__version__form", "organisation").get(
        campaign=of, organisation=organisation
    )


def values(submission: Submission) -> dict[str, object]:
    """Contents by place."""
    return {
        value.cell.key.replace("*", value.row): (
            value.number if value.number is not None else value.text
        )
        for value in submission.values.select_related("cell")
        if value.number is not None or value.text
    }
