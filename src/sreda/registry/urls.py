"""Addresses of the registry."""

from django.urls import path

from sreda.registry.web import (
    family,
    imports,
    merging,
    municipalities,
    organisations,
    people,
    picking,
    posts,
    records,
)

app_name = "registry"
urlpatterns = [
    path("organisations/", organisations.organisation_list, name="organisations"),
    path("organisations/add/", organisations.organisation_add, name="organisation_add"),
    path("organisations/<uuid:pk>/", organisations.organisation, name="organisation"),
    path(
        "organisations/<uuid:pk>/edit/", organisations.organisation_edit, name="organisation_edit"
    ),
    path(
        "organisations/<uuid:pk>/close/",
        organisations.organisation_close,
        name="organisation_close",
    ),
    path(
        "organisations/<uuid:pk>/reopen/",
        organisations.organisation_reopen,
        name="organisation_reopen",
    ),
    path(
        "organisations/<uuid:pk>/history/",
        organisations.organisation_history,
        name="organisation_history",
    ),
    path(
        "organisations/<uuid:pk>/facilities/add/",
        organisations.facilities_add,
        name="facilities_add",
    ),
    path("organisations/<uuid:pk>/costs/add/", records.costs_add, name="costs_add"),
    path("costs/<uuid:pk>/edit/", records.costs_edit, name="costs_edit"),
    path("costs/<uuid:pk>/remove/", records.costs_remove, name="costs_remove"),
    path("municipalities/", municipalities.municipality_list, name="municipalities"),
    path("municipalities/add/", municipalities.municipality_add, name="municipality_add"),
    path(
        "municipalities/<uuid:pk>/edit/", municipalities.municipality_edit, name="municipality_edit"
    ),
    path(
        "municipalities/<uuid:pk>/remove/",
        municipalities.municipality_remove,
        name="municipality_remove",
    ),
    path("pick/organisation/", picking.pick_organisation, name="pick_organisation"),
    path("pick/guardian/", picking.pick_guardian, name="pick_guardian"),
    path("pick/child/", picking.pick_child, name="pick_child"),
    path("groups/", organisations.group_list, name="groups"),
    path("groups/<uuid:pk>/", organisations.group, name="group"),
    path("groups/<uuid:pk>/history/", records.group_history, name="group_history"),
    path("groups/<uuid:pk>/teaching/add/", records.teaching_add, name="teaching_add"),
    path("teaching/<uuid:pk>/edit/", records.teaching_edit, name="teaching_edit"),
    path("teaching/<uuid:pk>/remove/", records.teaching_remove, name="teaching_remove"),
    path("people/", people.person_list, name="people"),
    path("people/add/", people.person_add, name="person_add"),
    path("people/duplicates/", merging.duplicates, name="duplicates"),
    path("people/duplicates/search/", merging.duplicates_search, name="duplicates_search"),
    path("people/duplicates/dismissed/", merging.duplicates_dismissed, name="duplicates_dismissed"),
    path(
        "people/duplicates/<int:pk>/restore/", merging.duplicate_restore, name="duplicate_restore"
    ),
    path("people/duplicates/<int:pk>/", merging.duplicate_dismiss, name="duplicate_dismiss"),
    path("people/<uuid:pk>/", people.person, name="person"),
    path("people/<uuid:pk>/edit/", people.person_edit, name="person_edit"),
    path("people/<uuid:pk>/history/", people.person_history, name="person_history"),
    path("people/<uuid:pk>/account/", people.person_invite, name="person_invite"),
    path(
        "people/<uuid:pk>/account/allow/",
        people.person_sign_in,
        {"allowed": True},
        name="sign_in_allow",
    ),
    path(
        "people/<uuid:pk>/account/forbid/",
        people.person_sign_in,
        {"allowed": False},
        name="sign_in_forbid",
    ),
    path(
        "people/<uuid:pk>/account/second-factor/",
        people.person_second_factor,
        name="second_factor_drop",
    ),
    path("people/<uuid:pk>/posts/add/", posts.post_add, name="post_add"),
    path("people/<uuid:pk>/enrolments/add/", posts.enrolment_add, name="enrolment_add"),
    path("people/<uuid:pk>/guardians/add/", family.guardian_add, name="guardian_add"),
    path("people/<uuid:pk>/guardians/new/", family.guardian_new, name="guardian_new"),
    path("people/<uuid:pk>/children/add/", family.child_add, name="child_add"),
    path("guardianships/<uuid:pk>/edit/", family.guardianship_edit, name="guardianship_edit"),
    path("guardianships/<uuid:pk>/end/", family.guardianship_end, name="guardianship_end"),
    path("people/<uuid:pk>/courses/add/", records.qualification_add, name="qualification_add"),
    path("courses/<uuid:pk>/edit/", records.qualification_edit, name="qualification_edit"),
    path("courses/<uuid:pk>/remove/", records.qualification_remove, name="qualification_remove"),
    path("people/<uuid:pk>/merge/", merging.merge_pick, name="merge_pick"),
    path("people/<uuid:kept>/merge/<uuid:merged>/", merging.merge, name="merge"),
    path("posts/<uuid:pk>/edit/", posts.post_edit, name="post_edit"),
    path("posts/<uuid:pk>/end/", posts.post_end, name="post_end"),
    path("enrolments/<uuid:pk>/end/", posts.enrolment_end, name="enrolment_end"),
    path("import/people/", imports.people, name="import_people"),
    path("import/municipalities/", imports.municipalities, name="import_municipalities"),
    path("import/organisations/", imports.organisations, name="import_organisations"),
    path("import/courses/", imports.qualifications, name="import_qualifications"),
    path("import/guardians/", imports.guardians, name="import_guardians"),
    path("import/job/<uuid:pk>/", imports.job, name="import_job"),
    path("import/<uuid:pk>/", imports.show, name="import"),
    path("import/<uuid:pk>/decide/", imports.decide, name="import_decide"),
    path("import/<uuid:pk>/faulty/", imports.bad, name="import_bad"),
    path("merges/", merging.merge_list, name="merges"),
    path("merges/<uuid:pk>/undo/", merging.merge_undo, name="merge_undo"),
]
