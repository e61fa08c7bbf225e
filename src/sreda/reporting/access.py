"""Who may do what in reporting."""

from __future__ import annotations

from django.db.models import Q

from sreda.kernel.api import SIGNED_IN, Actor, Permissions, Rule, own, seated, where
from sreda.registry.api import Organisation, Role
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
