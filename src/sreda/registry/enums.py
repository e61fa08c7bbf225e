"""The registry's fixed vocabularies; names follow OneRoster 1.2 where it has them."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OrganisationKind(TextChoices):
    SCHOOL = "school", _("General education school")
    COLLEGE = "college", _("Vocational college")
    DEPARTMENT = "department", _("Regional department of education")
    AUTHORITY = "authority", _("Municipal education authority")
    CENTRE = "centre", _("Centre of support or training")


class Ownership(TextChoices):
    MUNICIPAL = "municipal", _("Municipal")
    STATE = "state", pgettext_lazy("ownership", "State")
    PRIVATE = "private", _("Private")


class MunicipalityKind(TextChoices):
    URBAN = "urban", _("Urban district")
    DISTRICT = "district", _("Municipal district")


class Sex(TextChoices):
    FEMALE = "female", _("Female")
    MALE = "male", _("Male")


class Role(TextChoices):
    """A seat a person may act from. The first six are posts; the others follow from records."""

    OPERATOR = "operator", _("Regional operator")
    COORDINATOR = "coordinator", _("Municipal coordinator")
    HEAD = "head", _("Head of an organisation")
    ADMINISTRATOR = "administrator", _("Administrator of an organisation")
    TEACHER = "teacher", _("Teacher")
    EXPERT = "expert", _("Expert")
    PUPIL = "pupil", _("Pupil")
    STUDENT = "student", _("Student")
    PARENT = "parent", _("Parent")


POST_ROLES = (
    Role.OPERATOR,
    Role.COORDINATOR,
    Role.HEAD,
    Role.ADMINISTRATOR,
    Role.TEACHER,
    Role.EXPERT,
)
LEARNER_ROLES = (Role.PUPIL, Role.STUDENT)


class Category(TextChoices):
    """Qualification category of a teacher."""

    NONE = "none", _("No category")
    SUITABLE = "suitable", _("Attested as suitable for the post")
    FIRST = "first", _("First category")
    HIGHEST = "highest", _("Highest category")


class GuardianKind(TextChoices):
    MOTHER = "mother", _("Mother")
    FATHER = "father", _("Father")
    GUARDIAN = "guardian", _("Guardian")


class Topic(TextChoices):
    """What a finished course was about. The target model asks staff for the first."""

    DIGITAL = "digital-environment", _("Digital educational environment")
    SUBJECT = "subject", _("Teaching of a subject")
    METHODS = "methods", _("Methods of teaching and upbringing")
    INCLUSION = "inclusion", _("Inclusive education")
    SAFETY = "safety", _("Safety and first aid")
    MANAGEMENT = "management", _("Management of an organisation")
    OTHER = "other", pgettext_lazy("topic", "Other")
