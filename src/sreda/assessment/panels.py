"""Assessment's part of the cabinets."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from sreda.assessment.access import APPEALS
from sreda.assessment.enums import AppealStatus
from sreda.assessment.models import Appeal, ItemResult
from sreda.assessment.queries import taking, teaching
from sreda.kernel import clock
from sreda.kernel.api import Actor, NavItem, Panel, add_nav, add_panel, kept, number_of
from sreda.registry.api import LEARNER_ROLES, Role

LEARNERS = frozenset(LEARNER_ROLES)
LEADERS = frozenset({Role.HEAD, Role.ADMINISTRATOR})
STAFF = frozenset({Role.HEAD, Role.ADMINISTRATOR, Role.TEACHER})
AUTHORS = frozenset({Role.OPERATOR, Role.EXPERT, Role.HEAD, Role.ADMINISTRATOR, Role.TEACHER})


def waiting(actor: Actor) -> dict[str, Any] | None:
    """Tests in work, to be begun or to come."""
    rows = taking.sittings_of(actor, clock.now())
    rows = [row for row in rows if row.state in {"working", "open", "coming"}][:6]
    return {"rows": rows} if rows else None


@kept
def _to_mark(actor: Actor) -> QuerySet[ItemResult, tuple[int]]:
    return number_of(teaching.to_mark(actor))


def to_mark(actor: Actor) -> dict[str, Any] | None:
    """Answers that wait for this person's mark."""
    count = _to_mark.number(actor)
    return {"count": count} if count else None


@kept
def _appeals(actor: Actor) -> QuerySet[Appeal, tuple[int]]:
    return number_of(APPEALS.all(actor, "decide").filter(status=AppealStatus.OPEN))


def appeals(actor: Actor) -> dict[str, Any] | None:
    """Appeals that wait for this person's decision."""
    count = _appeals.number(actor)
    return {"count": count} if count else None


def children(actor: Actor) -> dict[str, Any] | None:
    """Tests that wait for children, and those they have handed in with the marks that may be
    told."""
    attempts = taking.attempts_of_children(actor)
    rows = [(one, taking.may_tell(one, one.sitting)) for one in attempts]
    coming = taking.coming_to_children(actor, clock.now())[: taking.LATEST]
    return {"rows": rows, "coming": coming} if rows or coming else None


add_nav(
    NavItem(
        _("Tests and marks"), "assessment:sittings", "clipboard-check",
        roles=STAFF | {Role.OPERATOR}, section=_("Learning"), order=41,
    ),
    NavItem(
        _("My tests"), "assessment:mine", "clipboard-list",
        roles=LEARNERS, section=_("Learning"), order=40,
    ),
    NavItem(
        _("Tests of the children"), "assessment:children", "clipboard-check",
        roles=frozenset({Role.PARENT}), section=_("Learning"), order=40,
    ),
)  # fmt: skip
add_nav(
    NavItem(
        _("Item bank"), "assessment:items", "library",
        roles=AUTHORS, section=_("Learning"), order=42,
    ),
    NavItem(
        _("Bank of tests"), "assessment:quizzes", "list-check",
        roles=AUTHORS, section=_("Learning"), order=43,
    ),
)  # fmt: skip
add_panel(
    Panel(
        "assessment.waiting",
        "assessment/panels/waiting.html",
        waiting,
        LEARNERS,
        order=10,
        asks=lambda actor: [taking.ask_sittings(actor)],
    )
)
add_panel(
    Panel(
        "assessment.to_mark", "assessment/panels/to_mark.html", to_mark,
        STAFF | {Role.EXPERT}, order=30,
        asks=lambda actor: [_to_mark.ask(actor)],
    )
)  # fmt: skip
add_panel(
    Panel(
        "assessment.appeals", "assessment/panels/appeals.html", appeals, LEADERS, order=31,
        asks=lambda actor: [_appeals.ask(actor)],
    )
)  # fmt: skip
add_panel(
    Panel(
        "assessment.children", "assessment/panels/children.html", children,
        frozenset({Role.PARENT}), order=30,
        asks=lambda actor: [taking.ask_attempts_of_children(actor)],
    )
)  # fmt: skip
