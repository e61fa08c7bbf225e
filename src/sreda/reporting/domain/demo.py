"""A campaign in the made-up region: some schools have handed in, some not, one was returned."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from sreda.kernel.api import Actor
from sreda.registry.api import Post, Role, on_day, school_year, seats_of
from sreda.reporting.domain import handing_in
from sreda.reporting.domain.campaigns import open_campaign, plan_campaign
from sreda.reporting.domain.filling import Change, save_changes
from sreda.reporting.domain.prefill import fill_campaign
from sreda.reporting.domain.surveys import open_survey
from sreda.reporting.enums import VersionStatus
from sreda.reporting.forms import CellType, Field
from sreda.reporting.models import Campaign, FormVersion, Submission
from sreda.reporting.queries.cells import cells_of_submission
from sreda.reporting.queries.checks import check_submission

FORM = "oo1"
AT_WORK = 28  # schools whose people did something: enough to see, quick to make
WAYS = ("waits", "waits", "at work", "handed in", "accepted", "returned", "handed in")


SURVEY = "satisfaction"


def load_demo_survey(*, at: datetime) -> Campaign | None:
    """Open the shipped survey for everybody whom it asks; None where it is not in force."""
    version = FormVersion.objects.filter(form__code=SURVEY, status=VersionStatus.PUBLISHED).first()
    if version is None:
        return None
    on = timezone.localtime(at).date()
    return open_survey(
        version, title="", opens_on=on, due_on=on + timedelta(days=14),
        audience=version.form.audience, anonymous=True, actor=None, at=at,
    )  # fmt: skip


def load_demo_reports(*, at: datetime) -> Campaign | None:
    """Open this school year's campaign of the shipped yearly form and let some schools work on it;
    None where the form is not in force."""
    version = FormVersion.objects.filter(form__code=FORM, status=VersionStatus.PUBLISHED).first()
    if version is None:
        return None
    on = timezone.localtime(at).date()
    year = school_year(on)
    campaign = plan_campaign(
        version,
        title="",
        period_start=date(year, 9, 1),
        period_end=date(year + 1, 8, 31),
        as_of=on,
        opens_on=on - timedelta(days=10),
        due_on=on + timedelta(days=4),
        actor=None,
        at=at,
    )
    campaign = open_campaign(campaign, actor=None, at=at)
    fill_campaign(campaign, at=at)
    reports = (
        Submission.objects.filter(campaign=campaign)
        .select_related("campaign__version__form", "organisation")
        .order_by("organisation__code")[:AT_WORK]
    )
    for number, report in enumerate(reports):
        _work(report, WAYS[number % len(WAYS)], at=at, on=on)
    return campaign


def _work(report: Submission, way: str, *, at: datetime, on: date) -> None:
    head = _seated(Role.HEAD, on, organisation_id=report.organisation_id)
    if way == "waits" or head is None:
        return
    _fill(report, head, part=way == "at work", at=at)
    if way == "at work":
        return
    for finding in check_submission(report).unexplained:
        handing_in.explain(report, finding.code, _("Checked: it is so."), actor=head, at=at)
    try:
        handing_in.submit(report, actor=head, at=at)
    except ValidationError:
        return  # the made-up records contradict a check: the report stays at work
    coordinator = _seated(Role.COORDINATOR, on, municipality_id=report.municipality_id)
    if coordinator is None:
        return
    if way == "accepted":
        handing_in.accept(report, actor=coordinator, at=at)
    elif way == "returned":
        cell = next(c for c in report.campaign.version.schema.cells.values() if not c.listed)
        handing_in.send_back(
            report,
            comment="",
            comments={cell.key: _("Please check this once more.")},
            actor=coordinator,
            at=at,
        )


def _seated(role: str, on: date, **place: object) -> Actor | None:
    post = Post.objects.filter(on_day(on), role=role, **place).select_related("person").first()
    if post is None:
        return None
    seats = seats_of(post.person_id, on)
    seat = next((s for s in seats if s.role == role), None)
    return Actor(on, None, post.person_id, post.person.full_name, seats, seat)


def _fill(report: Submission, actor: Actor, *, part: bool, at: datetime) -> None:
    """What the records did not fill; of a part only the first half."""
    schema = report.campaign.version.schema
    known = cells_of_submission(report, schema)
    empty = [
        cell
        for cell in schema.cells.values()
        if not cell.listed
        and not known.filled(cell.key)
        and cell.field.type is not CellType.FILE
        and (cell.field.required or cell.field.type.numeric)
    ]
    chosen = empty[: (len(empty) + 1) // 2] if part else empty
    save_changes(
        report,
        edition=10**9,
        changes=[Change(cell.key, _likely(cell.field, report)) for cell in chosen],
        actor=actor,
        at=at,
        key=uuid4(),
    )


def _likely(field: Field, report: Submission) -> str:
    match field.type:
        case CellType.INTEGER | CellType.DECIMAL:
            return str(field.minimum or 0).partition(".")[0]
        case CellType.BOOLEAN:
            return "false"
        case CellType.DATE:
            return report.campaign.period_start.isoformat()
        case CellType.CHOICE | CellType.CHOICES:
            return field.options[0].code if field.options else ""
    return _("As before")
