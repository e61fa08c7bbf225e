"""Who may do what in reporting."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Func, JSONField, Q, Subquery, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from sreda.kernel.api import SIGNED_IN, Actor, Permissions, Rule, own, seated, where
from sreda.registry.api import Enrolment, Organisation, Role, on_day
from sreda.reporting.models import (
    Campaign,
    Consolidation,
    Dashboard,
    Delegation,
    Dictionary,
    Form,
    FormVersion,
    Indicator,
    IndicatorValue,
    Mailing,
    Participation,
    Proposal,
    Submission,
)

OPERATOR = seated(Role.OPERATOR)
COORDINATOR = seated(Role.COORDINATOR)
HEAD = seated(Role.HEAD)
LEADERS = seated(Role.HEAD, Role.ADMINISTRATOR)
OWN_ORGANISATION = own("organisation_id", "organisation_id")
OWN_MUNICIPALITY = own("municipality_id", "municipality_id")
OPENED = ~Q(campaign__status="planned")


def _delegated(actor: Actor) -> Q | bool:
    """Reports of the seat's organisation of which a part was given to the actor."""
    if actor.person_id is None or actor.organisation_id is None:
        return False
    given = Delegation.objects.filter(
        person_id=actor.person_id, submission__organisation_id=actor.organisation_id
    )
    return Q(pk__in=given.order_by().values("submission_id"))


def _asked(actor: Actor) -> Q | bool:
    """Campaigns that ask the actor's organisation or municipality."""
    if actor.organisation_id is not None:
        theirs = Submission.objects.filter(organisation_id=actor.organisation_id)
    elif actor.municipality_id is not None:
        theirs = Submission.objects.filter(municipality_id=actor.municipality_id)
    else:
        return False
    return Q(pk__in=theirs.order_by().values("campaign_id")) & ~Q(status="planned")


FORMS: Permissions[Form] = Permissions(
    Form,
    {"view": OPERATOR, "add": OPERATOR, "change": OPERATOR},
)

VERSIONS: Permissions[FormVersion] = Permissions(
    FormVersion,
    {"view": OPERATOR, "change": OPERATOR & where(status="draft"), "publish": OPERATOR},
)

DICTIONARIES: Permissions[Dictionary] = Permissions(
    Dictionary, {"view": OPERATOR, "change": OPERATOR}
)

CAMPAIGNS: Permissions[Campaign] = Permissions(
    Campaign,
    {
        "view": OPERATOR | (COORDINATOR | LEADERS | seated(Role.TEACHER)) & Rule(_asked),
        "manage": OPERATOR,
        "watch": OPERATOR | COORDINATOR & Rule(_asked),
    },
)

# `fill` also asks the state of the report and, of a colleague, the section: see domain/filling.
SUBMISSIONS: Permissions[Submission] = Permissions(
    Submission,
    {
        "view": OPERATOR
        | COORDINATOR & OWN_MUNICIPALITY & Rule(lambda actor: OPENED)
        | LEADERS & OWN_ORGANISATION & Rule(lambda actor: OPENED)
        | seated(Role.TEACHER) & Rule(_delegated),
        "fill": LEADERS & OWN_ORGANISATION | seated(Role.TEACHER) & Rule(_delegated),
        "delegate": LEADERS & OWN_ORGANISATION,
        "submit": HEAD & OWN_ORGANISATION,
        "review": OPERATOR | COORDINATOR & OWN_MUNICIPALITY,
    },
)

CONSOLIDATIONS: Permissions[Consolidation] = Permissions(
    Consolidation,
    {
        "view": OPERATOR | COORDINATOR & OWN_MUNICIPALITY,
        "submit": COORDINATOR & OWN_MUNICIPALITY,
    },
)

PROPOSALS: Permissions[Proposal] = Permissions(
    Proposal,
    {
        "view": OPERATOR
        | COORDINATOR & own("submission__municipality_id", "municipality_id")
        | LEADERS & own("submission__organisation_id", "organisation_id"),
        "decide": OPERATOR | LEADERS & own("submission__organisation_id", "organisation_id"),
    },
)

INDICATORS: Permissions[Indicator] = Permissions(
    Indicator,
    {
        "publish": where(public=True),
        "view": OPERATOR | COORDINATOR | LEADERS | SIGNED_IN & where(public=True),
        "manage": OPERATOR,
    },
)


def organisations_seen(actor: Actor) -> Q | bool:
    """Of which single organisations (as rows of Organisation) the actor sees the figures."""
    match actor.role:
        case Role.OPERATOR:
            return True
        case Role.COORDINATOR if actor.municipality_id:
            return Q(municipality_id=actor.municipality_id)
        case Role.HEAD | Role.ADMINISTRATOR if actor.organisation_id:
            return Q(pk=actor.organisation_id)
    return False


def _own_places(actor: Actor) -> Q:
    """The region and all municipalities; of single organisations one's own."""
    seen = organisations_seen(actor)
    wide = Q(organisation=None)
    if isinstance(seen, bool):
        return wide
    return wide | Q(organisation__in=Organisation.objects.filter(seen).order_by().values("pk"))


VALUES: Permissions[IndicatorValue] = Permissions(
    IndicatorValue,
    {
        "publish": where(indicator__public=True, organisation=None),
        "view": OPERATOR
        | (COORDINATOR | LEADERS) & Rule(_own_places)
        | SIGNED_IN & where(indicator__public=True, organisation=None),
    },
)


def _of_own_level(actor: Actor) -> Q | bool:
    """Shared ones of the levels one has a place at, and one's own."""
    levels = ["region", "municipality"]
    if actor.organisation_id:
        levels.append("organisation")
    mine = Q(owner_id=actor.user_id) if actor.user_id else Q(pk=None)
    return Q(shared=True, level__in=levels) | mine


MINE = own("owner_id", "user_id")

DASHBOARDS: Permissions[Dashboard] = Permissions(
    Dashboard,
    {
        "publish": where(public=True),
        "view": OPERATOR & (where(shared=True) | MINE)
        | (COORDINATOR | LEADERS) & Rule(_of_own_level),
        "add": OPERATOR | COORDINATOR | LEADERS,
        "share": OPERATOR,
        "change": OPERATOR & (where(owner=None) | where(shared=True) | MINE)
        | (COORDINATOR | LEADERS) & MINE,
    },
)

MAILINGS: Permissions[Mailing] = Permissions(
    Mailing, {"view": own("user_id", "user_id"), "stop": own("user_id", "user_id")}
)


def seat_home(actor: Actor) -> tuple[UUID | None, UUID | None, str]:
    """Organisation, municipality and kind of organisation of the seat; a parent's are the
    child's."""
    organisation = actor.organisation_id
    if organisation is None and actor.seat is not None and actor.seat.child_id is not None:
        organisation = (
            Enrolment.objects.filter(on_day(actor.on), person_id=actor.seat.child_id)
            .values_list("organisation_id", flat=True)
            .first()
        )
    if organisation is None:
        return None, actor.municipality_id, ""
    place = Organisation.objects.filter(pk=organisation).values_list("municipality_id", "kind")
    municipality, kind = place.get()
    return organisation, municipality, kind


def _home(actor: Actor) -> tuple[Combinable | None, Combinable | None, Combinable | None]:
    """As `seat_home`, for a condition: nothing is asked before the condition itself is."""
    organisation: Value | Subquery | None = None
    if actor.organisation_id is not None:
        organisation = Value(actor.organisation_id)
    elif actor.seat is not None and actor.seat.child_id is not None:
        learning = Enrolment.objects.filter(on_day(actor.on), person_id=actor.seat.child_id)
        organisation = Subquery(learning.values("organisation_id")[:1])
    if organisation is None:
        place = actor.municipality_id
        return None, None if place is None else Value(place), None
    there = Organisation.objects.filter(pk=organisation)
    return organisation, Subquery(there.values("municipality")), Subquery(there.values("kind"))


def _named(part: str, value: Combinable | None) -> Q:
    """Of an audience: this part names the value."""
    if value is None:
        return Q(pk=None)
    text = Func(Cast(value, TextField()), function="to_jsonb", output_field=JSONField())
    return Q(**{f"audience__{part}__contains": text})


def _open_to(part: str) -> Q:
    """Of an audience: this part narrows nothing."""
    return Q(**{f"audience__{part}__isnull": True})


def _asked_of_person(actor: Actor) -> Q | bool:
    """Open surveys that ask whoever sits in the actor's present seat."""
    return Q(status="open", due_on__gte=actor.on) & _meant_for(actor)


def _asked_till_now(actor: Actor) -> Q | bool:
    """The same, and those that asked and take no more answers."""
    return ~Q(status="planned") & _meant_for(actor)


def _meant_for(actor: Actor) -> Q:
    if actor.person_id is None or actor.seat is None:
        return Q(pk=None)
    organisation, municipality, kind = _home(actor)
    return (
        Q(version__form__kind="survey")
        & (_open_to("roles") | _named("roles", Value(actor.role)))
        & (_open_to("kinds") | _named("kinds", kind))
        & (
            _open_to("municipalities") & _open_to("organisations")
            | _named("municipalities", municipality)
            | _named("organisations", organisation)
        )
    )


def _answered(actor: Actor) -> Q | bool:
    if actor.person_id is None:
        return False
    mine = Participation.objects.filter(person_id=actor.person_id)
    return Q(version__form__kind="survey", pk__in=mine.values("campaign_id"))


OF_PEOPLE = where(version__form__kind="survey")

# What a person sees are the surveys that ask them; their results are the operator's.
SURVEYS: Permissions[Campaign] = Permissions(
    Campaign,
    {
        "view": OPERATOR & OF_PEOPLE | Rule(_asked_of_person) | Rule(_answered),
        "answer": Rule(_asked_of_person),
        "see": Rule(_asked_of_person) | Rule(_answered),
        "asked": Rule(_asked_till_now),
        "manage": OPERATOR & OF_PEOPLE,
    },
)
