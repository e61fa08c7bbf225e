"""One rule serves the object and the list."""

import pytest
from django.http import Http404

from sreda.kernel.api import ANYONE, NOBODY, Actor, Permissions, Refused, own, seated, where
from sreda.registry.api import Organisation, Role
from tests.factories import TODAY, OrganisationFactory
from tests.factories import seated as actor_seated

TABLE = Permissions(
    Organisation,
    {
        "view": where(kind="school") | own("pk", "organisation_id"),
        "change": seated(Role.HEAD) & own("pk", "organisation_id") | seated(Role.OPERATOR),
        "burn": NOBODY,
        "read": ANYONE,
    },
)


@pytest.mark.django_db
def test_list_and_object_agree():
    school, college = OrganisationFactory(), OrganisationFactory(kind="college")
    head = actor_seated(Role.HEAD, organisation=college)
    operator = actor_seated(Role.OPERATOR)
    stranger = Actor(on=TODAY)
    for actor in (head, operator, stranger):
        for action in TABLE.table:
            listed = set(TABLE.all(actor, action))
            for thing in (school, college):
                assert (thing in listed) == TABLE.may(actor, action, thing), (actor, action)
    assert set(TABLE.all(head, "view")) == {school, college}
    assert set(TABLE.all(stranger, "view")) == {school}


@pytest.mark.django_db
def test_what_is_not_seen_does_not_exist_and_what_is_seen_is_refused():
    school, college = OrganisationFactory(), OrganisationFactory(kind="college")
    stranger = Actor(on=TODAY)
    with pytest.raises(Http404):
        TABLE.get(stranger, "change", pk=college.pk)
    with pytest.raises(Http404):
        TABLE.get(stranger, "change", pk="no uuid")
    with pytest.raises(Refused) as refusal:
        TABLE.get(stranger, "change", pk=school.pk)
    assert refusal.value.reason
    assert refusal.value.way_on
