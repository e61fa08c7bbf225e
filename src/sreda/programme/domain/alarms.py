"""Alarms before a term, and after it: who answers for an action is told in time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from sreda.kernel.api import notify
from sreda.programme.enums import ActionStatus
from sreda.programme.models import Action, Occurrence
from sreda.programme.queries.actions import label
from sreda.registry.api import Post, Role, on_day

AHEAD = (30, 7, 1)  # days before the last one
OVER = (ActionStatus.DONE, ActionStatus.DROPPED)
PAST = "past"


@dataclass(frozen=True, slots=True)
class Alarm:
    """`threshold` is the narrowest of AHEAD that the term has come into, or PAST."""

    action: Action
    due: date
    threshold: str

    @property
    def key(self) -> str:
        return f"programme.term:{self.action.pk}:{self.due}:{self.threshold}"


def alarms(on: date) -> Iterator[Alarm]:
    """Every open term that is near or over on a day."""
    for action, due in _open_terms():
        left = (due - on).days
        if left < 0:
            yield Alarm(action, due, PAST)
        elif passed := [days for days in AHEAD if left <= days]:
            yield Alarm(action, due, str(min(passed)))


def _open_terms() -> Iterator[tuple[Action, date]]:
    rows = Action.objects.filter(gone_at=None).exclude(status__in=OVER)
    once = rows.filter(due__isnull=False, occurrences=None)
    for action in once.select_related("programme"):
        assert action.due is not None
        yield action, action.due
    repeated = Occurrence.objects.filter(done_on=None, action__in=rows)
    for term in repeated.select_related("action__programme"):
        yield term.action, term.due


def raise_alarms(*, at: datetime) -> int:
    """Tell the owners, and the operators where there is no owner; each once a threshold.

    Returns how many notices are new. A moved term is another occasion.
    """
    on = timezone.localtime(at).date()
    operators = set(
        Post.objects.filter(on_day(on), role=Role.OPERATOR).values_list("person", flat=True)
    )
    told = 0
    with transaction.atomic(), override(settings.LANGUAGE_CODE):
        for alarm in alarms(on):
            owner = alarm.action.owner_id
            addressees: set[UUID] = {owner} if owner else operators
            told += notify(
                addressees,
                key=alarm.key,
                subject=_subject(alarm, on),
                text=_text(alarm),
                link=reverse("programme:action", args=[alarm.action.pk]),
                at=at,
            )
    return told


def _subject(alarm: Alarm, on: date) -> str:
    left = (alarm.due - on).days
    what = label(alarm.action)
    if left < 0:
        return _("The term is over: %s") % what
    if left == 0:
        return _("The term ends today: %s") % what
    return ngettext(
        "%(days)s day to the end of the term: %(what)s",
        "%(days)s days to the end of the term: %(what)s",
        left,
    ) % {"days": left, "what": what}


def _text(alarm: Alarm) -> str:
    return _("%(name)s\nLast day: %(due)s. State: %(state)s.") % {
        "name": alarm.action.name,
        "due": alarm.due.strftime("%d.%m.%Y"),
        "state": alarm.action.get_status_display(),
    }
