"""The registry's forms. They read and offer; the domain decides and explains."""

from sreda.registry.web.forms.base import (
    Conflict,
    CorrectionForm,
    EndForm,
    ReasonForm,
    Sectioned,
)
from sreda.registry.web.forms.family import (
    ChildForm,
    GuardianForm,
    GuardianshipChangeForm,
    GuardianshipForm,
)
from sreda.registry.web.forms.municipalities import MunicipalityChangeForm, MunicipalityForm
from sreda.registry.web.forms.organisations import (
    FacilitiesForm,
    OrganisationChangeForm,
    OrganisationForm,
)
from sreda.registry.web.forms.people import (
    InviteForm,
    MergeForm,
    PersonChangeForm,
    PersonForm,
)
from sreda.registry.web.forms.places import (
    EnrolmentForm,
    FirstPlaceForm,
    PostChangeForm,
    PostForm,
    school_year,
)
from sreda.registry.web.forms.records import (
    CostsChangeForm,
    CostsForm,
    QualificationChangeForm,
    QualificationForm,
    TeachingChangeForm,
    TeachingForm,
)

__all__ = [
    "ChildForm",
    "Conflict",
    "CorrectionForm",
    "CostsChangeForm",
    "CostsForm",
    "EndForm",
    "EnrolmentForm",
    "FacilitiesForm",
    "FirstPlaceForm",
    "GuardianForm",
    "GuardianshipChangeForm",
    "GuardianshipForm",
    "InviteForm",
    "MergeForm",
    "MunicipalityChangeForm",
    "MunicipalityForm",
    "OrganisationChangeForm",
    "OrganisationForm",
    "PersonChangeForm",
    "PersonForm",
    "PostChangeForm",
    "PostForm",
    "QualificationChangeForm",
    "QualificationForm",
    "ReasonForm",
    "Sectioned",
    "TeachingChangeForm",
    "TeachingForm",
    "school_year",
]
