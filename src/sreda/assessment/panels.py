"""Assessment's part of the cabinets."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from sreda.assessment.models import ItemResult
from sreda.assessment.queries import taking, teaching
from sreda.kernel import clock
from sreda.kernel.api import Actor, NavItem, Panel, add_nav, add_panel, kept, number_of
from sreda.registry.api import LEARNER_ROLES, Role

LEARNERS = frozenset(LEARNER_ROLES)
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


add_nav(
    NavItem(
        _("Tests and marks"), "assessment:sittings", "clipboard-check",
        roles=STAFF | {Role.OPERATOR}, section=_("Learning"), order=41,
    ),
    NavItem(
        _("My tests"), "assessment:mine", "clipboard-list",
        roles=LEARNERS, section=_("Learning"), order=40,
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
        "assessment.to_mark", "assessment/panels/to_mark.html", to_mark, STAFF, order=30,
        asks=lambda actor: [_to_mark.ask(actor)],
    )
)  # fmt: skip
