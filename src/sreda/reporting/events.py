"""What happens in reporting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from sreda.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPublished(Event):
    """Another version of a form is in force: what names its cells may have lost them."""

    type: ClassVar[str] = "reporting.form.published"
    form_id: UUID
    code: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FormWithdrawn(Event):
    """A form is asked no more (`withdrawn`), or is asked again."""

    type: ClassVar[str] = "reporting.form.withdrawn"
    form_id: UUID
    code: str
    withdrawn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOpened(Event):
    type: ClassVar[str] = "reporting.campaign.opened"
    campaign_id: UUID
    form: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignClosed(Event):
    """`closed` False: it was opened again."""

    type: ClassVar[str] = "reporting.campaign.closed"
    campaign_id: UUID
    form: str
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCounted(Event):
    """An organisation's report began to count (it was handed in) or counts no more (it was taken
    back or returned): what was computed from the form's cells may differ."""

    type: ClassVar[str] = "reporting.report.counted"
    campaign_id: UUID
    submission_id: UUID
    organisation_id: UUID
    form: str
    counted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorAdded(Event):
    type: ClassVar[str] = "reporting.indicator.added"
    indicator_id: UUID
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorChanged(Event):
    type: ClassVar[str] = "reporting.indicator.changed"
    indicator_id: UUID
    code: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorDeleted(Event):
    """Indicators whose formulas name it are broken from now on."""

    type: ClassVar[str] = "reporting.indicator.deleted"
    indicator_id: UUID
    code: str
