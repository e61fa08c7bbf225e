"""Who may do what, as predicates that one database filter decides.

An app keeps one table (`access.py`): action -> rule. The same rule answers "may I?" for
one object and "which are mine?" for a list, so that the two cannot differ:

    ORGANISATIONS = Permissions(Organisation, {
        "view": ANYONE,
        "change": seated(Role.OPERATOR) | seated(Role.HEAD) & own("pk", "organisation_id"),
    })
    ORGANISATIONS.all(actor, "change")          # a queryset
    ORGANISATIONS.get(actor, "change", pk=pk)   # the object, Http404 or Refused
    ORGANISATIONS.may(actor, "change", thing)   # a bool
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Seat:
    """One capacity in which a person acts: a role, and the place it holds for."""

    key: str
    role: str
    label: str
    place: str = ""
    organisation_id: UUID | None = None
    municipality_id: UUID | None = None
    group_id: UUID | None = None
    child_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking, on which day, and in which of their seats (None: nobody in particular)."""

    on: date
    user_id: UUID | None = None
    person_id: UUID | None = None
    name: str = ""
    seats: tuple[Seat, ...] = ()
    seat: Seat | None = None

    @property
    def signed_in(self) -> bool:
        return self.user_id is not None

    @property
    def role(self) -> str:
        return self.seat.role if self.seat else ""

    @property
    def standing(self) -> tuple[object, ...]:
        """The role, and which numbers there are."""
        seat = self.seat
        there = seat and (seat.organisation_id, seat.municipality_id, seat.group_id, seat.child_id)
        return (
            self.role,
            self.user_id is None,
            self.person_id is None,
            there and tuple([number is None for number in there]),
        )

    @property
    def organisation_id(self) -> UUID | None:
        return self.seat.organisation_id if self.seat else None

    @property
    def municipality_id(self) -> UUID | None:
        return self.seat.municipality_id if self.seat else None


class Refused(PermissionDenied):
    """A refusal of something the person can see: says why and what to do instead."""

    def __init__(self, reason: str, way_on: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.way_on = way_on


Predicate = Callable[[Actor], Q | bool]


@dataclass(frozen=True, slots=True)
class Rule:
    """A predicate over an actor: a filter, or True/False where no row needs to be asked."""

    decide: Predicate

    def __or__(self, other: Rule) -> Rule:
        def either(actor: Actor) -> Q | bool:
            left, right = self.decide(actor), other.decide(actor)
            if left is True or right is True:
                return True
            if left is False:
                return right
            return left if right is False else _q(left) | _q(right)

        return Rule(either)

    def __and__(self, other: Rule) -> Rule:
        def both(actor: Actor) -> Q | bool:
            left = self.decide(actor)
            if left is False:
                return False
            right = other.decide(actor)
            if right is False or left is True:
                return right
            return left if right is True else _q(left) & _q(right)

        return Rule(both)


def _q(decided: Q | bool) -> Q:
    assert isinstance(decided, Q)
    return decided


ANYONE = Rule(lambda actor: True)
NOBODY = Rule(lambda actor: False)
SIGNED_IN = Rule(lambda actor: actor.signed_in)


def seated(*roles: str) -> Rule:
    """The actor sits in one of these roles now."""
    return Rule(lambda actor: actor.role in roles)


def own(field: str, attribute: str) -> Rule:
    """Rows whose `field` equals an attribute of the actor or of their seat, when it has one."""

    def filtered(actor: Actor) -> Q | bool:
        value = getattr(actor, attribute, None)
        if value is None and actor.seat is not None:
            value = getattr(actor.seat, attribute, None)
        return False if value is None else Q(**{field: value})

    return Rule(filtered)


def where(**lookup: Any) -> Rule:
    """Rows of this kind, whoever asks."""
    return Rule(lambda actor: Q(**lookup))


class Permissions(Generic[M]):
    """One model's table of rules. Every table has "view"; other actions imply it.

    Whether an actor may do something at all follows from their role and from which numbers they
    have, not from the numbers: a rule that depends on these is a filter. So it is worked out once.
    """

    def __init__(self, model: type[M], table: Mapping[str, Rule]) -> None:
        self.model = model
        self.table = dict(table)
        self._at_all: dict[object, bool] = {}

    def all(self, actor: Actor, action: str = "view") -> QuerySet[M]:
        """Every row on which the actor may do this (distinct where the rule joins)."""
        rows: QuerySet[M] = self.model._default_manager.all()
        decided = self.table[action].decide(actor)
        if decided is True:
            return rows
        if decided is False:
            return rows.none()
        matching = self.model._default_manager.filter(decided).values("pk")
        return rows.filter(decided) if _single_valued(decided) else rows.filter(pk__in=matching)

    def get(self, actor: Actor, action: str = "view", **lookup: Any) -> M:
        """The object; Http404 when it is not theirs to see, Refused when only the act is not."""
        try:
            thing = self.all(actor, "view").get(**lookup)
        except (ObjectDoesNotExist, ValidationError, ValueError) as missing:
            raise Http404 from missing
        self.require(actor, action, thing)
        return thing

    def may(self, actor: Actor, action: str, thing: M | None = None) -> bool:
        """Without `thing`: may the actor do this at all, to any row that exists or will?"""
        if thing is None:
            return self._may_at_all(actor, action)
        decided = self.table[action].decide(actor)
        if isinstance(decided, bool):
            return decided
        return self.all(actor, action).filter(pk=thing.pk).exists()

    def _may_at_all(self, actor: Actor, action: str) -> bool:
        key = action, actor.standing
        try:
            return self._at_all[key]
        except KeyError:
            return self._at_all.setdefault(key, self.table[action].decide(actor) is not False)

    def require(self, actor: Actor, action: str, thing: M | None = None) -> None:
        if not self.may(actor, action, thing):
            raise Refused(
                _("Your present post does not allow this."),
                _("Switch to another of your posts, or ask the regional operator."),
            )


def _single_valued(condition: Q) -> bool:
    """True when the filter stays on the row itself or one step away, and cannot repeat rows."""
    for child in condition.children:
        if isinstance(child, Q):
            if not _single_valued(child):
                return False
        elif isinstance(child, tuple) and str(child[0]).count("__") > 1:
            return False
    return True
