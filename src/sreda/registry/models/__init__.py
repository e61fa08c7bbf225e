"""Organisations, people, posts, infrastructure: what the region knows and never asks again."""

from sreda.registry.models.directory import DirectoryChange, DirectoryEntry, DirectoryWord
from sreda.registry.models.duplicates import DuplicatePair, DuplicateSearch
from sreda.registry.models.imports import (
    BadRow,
    ImportJob,
    ImportStatus,
    JobStatus,
    PeopleImport,
    TableImport,
)
from sreda.registry.models.learners import ClassGroup, Enrolment, Guardianship, Teaching
from sreda.registry.models.organisations import (
    Facilities,
    ManagementCost,
    Municipality,
    Organisation,
    OrganisationSize,
)
from sreda.registry.models.people import Merge, Person, Post, Qualification
from sreda.registry.models.places import PersonPlace, PlaceCount
from sreda.registry.models.sites import SiteCheck, SiteOutcome
from sreda.registry.models.user import User

__all__ = [
    "BadRow",
    "ClassGroup",
    "DirectoryChange",
    "DirectoryEntry",
    "DirectoryWord",
    "DuplicatePair",
    "DuplicateSearch",
    "Enrolment",
    "Facilities",
    "Guardianship",
    "ImportJob",
    "ImportStatus",
    "JobStatus",
    "ManagementCost",
    "Merge",
    "Municipality",
    "Organisation",
    "OrganisationSize",
    "PeopleImport",
    "Person",
    "PersonPlace",
    "PlaceCount",
    "Post",
    "Qualification",
    "SiteCheck",
    "SiteOutcome",
    "TableImport",
    "Teaching",
    "User",
]
