"""The registry's public face."""

from sreda.registry.access import GROUPS, ORGANISATIONS, PEOPLE, POSTS
from sreda.registry.enums import (
    LEARNER_ROLES,
    Category,
    GuardianKind,
    MunicipalityKind,
    OrganisationKind,
    Ownership,
    Role,
    Sex,
)
from sreda.registry.models import (
    ClassGroup,
    Enrolment,
    Facilities,
    Guardianship,
    ManagementCost,
    Municipality,
    Organisation,
    OrganisationSize,
    Person,
    Post,
    Qualification,
    Teaching,
    User,
)
from sreda.registry.models.periods import on_day, ordered_term, period
from sreda.registry.queries.seats import seats_of

__all__ = [
    "GROUPS",
    "LEARNER_ROLES",
    "ORGANISATIONS",
    "PEOPLE",
    "POSTS",
    "Category",
    "ClassGroup",
    "Enrolment",
    "Facilities",
    "GuardianKind",
    "Guardianship",
    "ManagementCost",
    "Municipality",
    "MunicipalityKind",
    "Organisation",
    "OrganisationKind",
    "OrganisationSize",
    "Ownership",
    "Person",
    "Post",
    "Qualification",
    "Role",
    "Sex",
    "Teaching",
    "User",
    "on_day",
    "ordered_term",
    "period",
    "seats_of",
]
