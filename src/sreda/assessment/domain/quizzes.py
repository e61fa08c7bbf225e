"""Tests as people compose them: the plan a test was written from, copies, the archive."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from sreda.assessment import qti
from sreda.assessment.domain.tests import Place, Plan, add_test, written
from sreda.assessment.enums import ItemStatus
from sreda.assessment.models import Item, Test, TestVersion
from sreda.kernel.api import Actor, audit


def bound_of(version: TestVersion) -> dict[str, Item]:
    rows = version.items.select_related("item_version__item__current")
    return {one.ref: one.item_version.item for one in rows}


def plan_of(content: str, bound: Mapping[str, Item]) -> Plan | None:
    """The plan that `written` gives this very test back from; None where the test says more."""
    try:
        root = qti.read_xml(content.encode())
        plan = _plan(root, bound)
        same = plan is not None and written(plan, root.get("identifier"))[0] == content
    except (qti.QtiError, KeyError, ValueError, InvalidOperation, AttributeError):
        return None
    return plan if same else None


def _plan(root: qti.Element, bound: Mapping[str, Item]) -> Plan | None:
    part, limits = root.find("qti-test-part"), root.find("qti-time-limits")
    if part is None:
        return None
    control = part.find("qti-item-session-control")
    assert control is not None
    sections = part.all("qti-assessment-section")
    places: list[Place] = []
    take: list[int | None] = []
    for number, section in enumerate(sections):
        selection = section.find("qti-selection")
        take.append(int(selection.get("select")) if selection is not None else None)
        for ref in section.all("qti-assessment-item-ref"):
            weight = ref.find("qti-weight")
            value = Decimal(weight.get("value")) if weight is not None else Decimal(1)
            places.append(Place(bound[ref.get("identifier")], value, number))

    def flag(name: str) -> bool:
        return control.get(name) == "true"

    return Plan(
        title=root.get("title"),
        sections=tuple(one.get("title") for one in sections),
        places=tuple(places),
        take=tuple(take),
        shuffle=any(one.find("qti-ordering") is not None for one in sections),
        navigation=part.get("navigation-mode"),
        submission=part.get("submission-mode"),
        minutes=int(limits.get("max-time")) // 60 if limits is not None else None,
        max_attempts=int(control.get("max-attempts")),
        show_feedback=flag("show-feedback"),
        allow_review=flag("allow-review"),
        allow_skipping=flag("allow-skipping"),
    )


def faults_of(plan: Plan) -> dict[str, str]:
    """What keeps the plan from being saved, by field."""
    found: dict[str, str] = {}
    if not plan.title.strip():
        found["title"] = _("Give it a title.")
    if any(not title.strip() for title in plan.sections):
        found["sections"] = _("Every section needs a title.")
    for number, wanted in enumerate(plan.take):
        there = sum(place.section == number for place in plan.places)
        if wanted is not None and not 1 <= wanted <= there:
            found["sections"] = _("“%(title)s”: %(wanted)s of %(there)s items cannot be taken.") % {
                "title": plan.sections[number], "wanted": wanted, "there": there}  # fmt: skip
    if any(not Decimal(0) <= place.weight <= 1000 for place in plan.places):
        found["places"] = _("A weight is from 0 to 1000.")
    return found


def copy_test(
    test: Test, *, organisation_id: UUID | None, actor: Actor, at: datetime, key: UUID | None
) -> Test:
    """A draft of one's own, of the version that is given; its items are the same."""
    source = test.current or test.versions.order_by("-number")[0]
    return add_test(
        content=source.content, bound=bound_of(source), organisation_id=organisation_id,
        actor=actor, at=at, title=test.title, identifier=test.identifier, tags=test.tags.all(),
        key=key,
    )  # fmt: skip


def delete_draft(version: TestVersion, *, actor: Actor, at: datetime) -> None:
    """A draft that was never given; with the first one the test goes too."""
    with transaction.atomic():
        current = TestVersion.objects.select_for_update().select_related("test").get(pk=version.pk)
        if current.status != ItemStatus.DRAFT:
            raise ValidationError(_("A version that was published stays."))
        test = current.test
        state = {"number": current.number, "content": current.content}
        audit("assessment.test.draft_deleted", test, actor=actor, at=at, state=state)
        try:
            with transaction.atomic():
                current.delete()
        except (IntegrityError, models.ProtectedError) as error:
            raise ValidationError(_("This version was given to learners.")) from error
        if not test.versions.exists():
            test.delete()
