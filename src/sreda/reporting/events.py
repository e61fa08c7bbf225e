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
