"""Finished courses, costs, and who teaches what."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from sreda.registry.domain import costs, qualifications, teaching
from sreda.registry.models import ClassGroup, ManagementCost, Qualification, Teaching
from sreda.registry.web.forms.base import WIDGETS, CorrectionForm, RecordForm, Sections

_COURSE_LAYOUT: Sections = (
    ("", ("programme:12", "topic:8", "hours:4", "completed_on:4", "document:8")),
    ("", ("reason:12",)),
)


class QualificationForm(RecordForm):
    layout = _COURSE_LAYOUT

    class Meta:
        model = Qualification
        fields = list(qualifications.FIELDS)
        widgets = WIDGETS


class QualificationChangeForm(CorrectionForm):
    kept = qualifications.FIELDS
    layout = _COURSE_LAYOUT

    class Meta:
        model = Qualification
        fields = list(qualifications.FIELDS)
        widgets = WIDGETS


_COSTS_LAYOUT: Sections = (("", ("year:4", "total:4", "management:4")), ("", ("reason:12",)))


class CostsForm(RecordForm):
    layout = _COSTS_LAYOUT

    class Meta:
        model = ManagementCost
        fields = list(costs.FIELDS)


class CostsChangeForm(CorrectionForm):
    kept = costs.FIELDS
    layout = _COSTS_LAYOUT

    class Meta:
        model = ManagementCost
        fields = list(costs.FIELDS)


class TeachingForm(RecordForm):
    """Who of the class's organisation teaches what in it."""

    layout = (("", ("post:12", "subject:8", "homeroom:12")),)

    class Meta:
        model = Teaching
        fields = ["post", *teaching.FIELDS]
        labels = {"post": _("Teacher")}
        help_texts = {"subject": _("Empty for a class teacher who teaches nothing here.")}

    def __init__(self, *args: Any, group: ClassGroup, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["post"]
        field.queryset = teaching.posts_for(group)
        field.label_from_instance = lambda post: (
            f"{post.person.full_name}, {post.title or post.get_role_display()}"
        )


class TeachingChangeForm(CorrectionForm):
    kept = teaching.FIELDS
    layout = (("", ("subject:8", "homeroom:12", "reason:12")),)

    class Meta:
        model = Teaching
        fields = list(teaching.FIELDS)
