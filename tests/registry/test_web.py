"""The registry's pages: who sees them, what they write, how many queries they cost."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth import authenticate
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    GuardianshipFactory,
    MunicipalityFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    seated,
)

from sreda.kernel import clock
from sreda.kernel.api import Actor, AuditEntry
from sreda.kernel.models import OutboxEvent
from sreda.registry.api import Enrolment, Organisation, Person, Post, Role, User
from sreda.registry.domain import duplicates
from sreda.registry.models import DuplicatePair, DuplicateSearch, Merge
from sreda.registry.tasks import search_duplicates

pytestmark = pytest.mark.django_db


def signed_in(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def operator() -> Client:
    return signed_in(seated(Role.OPERATOR))


def hidden(client: Client, url: str) -> dict[str, str]:
    """The hidden fields a form page carries."""
    page = client.get(url).content.decode()
    found = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and value:
            found[name[1]] = value[1]
    return found


def url(name: str, *args: Any) -> str:
    return reverse(f"registry:{name}", args=args)


PERSON = {
    "family_name": "Берёзкина",
    "given_name": "Мария",
    "patronymic": "Олеговна",
    "birth_date": "1990-02-03",
    "sex": "female",
}


# ---- who sees what


def test_the_unsigned_are_sent_to_sign_in() -> None:
    for name in ("organisations", "people", "groups", "duplicates", "merges"):
        assert Client().get(url(name)).status_code == 302


@pytest.mark.parametrize(
    ("role", "open_to"),
    [
        (
            Role.OPERATOR,
            {"organisations", "people", "groups", "duplicates", "merges", "person_add"},
        ),
        (Role.COORDINATOR, {"organisations", "people", "groups", "person_add"}),
        (Role.HEAD, {"organisations", "people", "groups", "person_add"}),
        (Role.ADMINISTRATOR, {"organisations", "people", "groups", "person_add"}),
        (Role.TEACHER, {"people", "groups"}),
        (Role.EXPERT, {"people"}),
    ],
)
def test_pages_of_each_role(role: str, open_to: set[str]) -> None:
    client = signed_in(seated(role))
    names = ("organisations", "people", "groups", "duplicates", "merges", "person_add")
    assert {n for n in names if client.get(url(n)).status_code == 200} == open_to
    closed = {n for n in names if n not in open_to}
    assert all(client.get(url(n)).status_code == 404 for n in closed)


def test_a_coordinator_sees_one_municipality_and_a_head_one_organisation() -> None:
    here, there = MunicipalityFactory(), MunicipalityFactory()
    school, neighbour = (OrganisationFactory(municipality=here) for _ in range(2))
    stranger = PostFactory(organisation=OrganisationFactory(municipality=there)).person
    colleague = PostFactory(organisation=neighbour).person
    coordinator = signed_in(seated(Role.COORDINATOR, municipality=here))
    head = signed_in(seated(Role.HEAD, organisation=school))
    assert coordinator.get(url("person", colleague.pk)).status_code == 200
    assert coordinator.get(url("person", stranger.pk)).status_code == 404
    assert head.get(url("person", colleague.pk)).status_code == 404
    text = coordinator.get(url("organisations")).content.decode()
    assert school.short_name in text
    assert stranger.posts.get().organisation.short_name not in text
    shown = head.get(url("organisation", neighbour.pk))  # led to what everyone sees of it
    assert shown.url == reverse("organisation", args=[neighbour.code])
    assert head.get(url("organisation_edit", neighbour.pk)).status_code == 403
    assert head.get(url("organisation_add")).status_code == 404


def test_a_teacher_sees_a_learner_but_not_their_data() -> None:
    teacher = seated(Role.TEACHER)
    post = Post.objects.get(person_id=teacher.person_id)
    group = ClassGroupFactory(organisation=post.organisation)
    post.teaching.create(group=group, subject="Химия")
    learner = EnrolmentFactory(group=group).person
    GuardianshipFactory(child=learner, guardian__family_name="Родителева")
    page = signed_in(teacher).get(url("person", learner.pk)).content.decode()
    assert learner.family_name in page
    assert "Родителева" not in page
    assert "02.05.2013" not in page
    client = signed_in(teacher)
    assert client.get(url("person_history", learner.pk)).status_code == 403
    assert client.get(url("person_edit", learner.pk)).status_code == 403
    assert client.get(url("merge", learner.pk, teacher.person_id)).status_code == 403


def test_a_post_beyond_ones_rank_cannot_be_given_or_changed() -> None:
    head = seated(Role.HEAD)
    school = Post.objects.get(person_id=head.person_id).organisation
    person = PostFactory(organisation=school).person
    client = signed_in(head)
    data = {
        "role": "operator",
        "organisation": school.pk,
        "since": "2026-01-01",
        "category": "none",
    }
    answer = client.post(url("post_add", person.pk), data)
    assert answer.status_code == 422
    assert not Post.objects.filter(person=person, role="operator").exists()
    other = PostFactory(person=person, role=Role.HEAD, organisation=school)
    assert client.post(url("post_end", other.pk), {"on": "2026-01-01"}).status_code == 403
    elsewhere = OrganisationFactory()
    data |= {"role": "teacher", "organisation": elsewhere.pk}
    assert client.post(url("post_add", person.pk), data).status_code == 422


def test_who_left_is_seen_but_no_longer_changed() -> None:
    head = seated(Role.HEAD)
    school = Post.objects.get(person_id=head.person_id).organisation
    gone = PostFactory(organisation=school, until=date(2020, 1, 1)).person
    client = signed_in(head)
    assert client.get(url("person", gone.pk)).status_code == 200
    assert client.get(url("person_edit", gone.pk)).status_code == 403


# ---- writing


def test_adding_a_person_twice_by_a_double_click_makes_one() -> None:
    actor = seated(Role.HEAD)
    school = Post.objects.get(person_id=actor.person_id).organisation
    client = signed_in(actor)
    key = hidden(client, url("person_add"))["_key"]
    data = PERSON | {
        "_key": key,
        "first-place": "teacher",
        "first-title": "Учитель химии",
        "first-organisation": school.pk,
        "first-since": "2024-09-01",
    }
    answers = [client.post(url("person_add"), data) for _ in range(2)]
    person = Person.objects.get(family_name="Берёзкина")
    assert [a.headers.get("Location") for a in answers] == [url("person", person.pk)] * 2
    assert person.posts.count() == 1
    assert AuditEntry.objects.filter(action="registry.person.added").count() == 1
    assert OutboxEvent.objects.filter(type="registry.post.given").count() == 1
    assert client.get(url("person", person.pk)).status_code == 200


def test_a_key_cannot_name_somebody_elses_record() -> None:
    stranger = PersonFactory()
    client = signed_in(seated(Role.HEAD))
    school = Organisation.objects.first()
    assert school
    data = PERSON | {
        "_key": str(stranger.pk),
        "first-place": "teacher",
        "first-organisation": school.pk,
        "first-since": "2024-09-01",
    }
    client.post(url("person_add"), data)
    assert not stranger.posts.exists()


def test_a_head_must_say_what_a_new_person_is() -> None:
    client = signed_in(seated(Role.HEAD))
    assert client.post(url("person_add"), PERSON).status_code == 422
    assert not Person.objects.filter(family_name="Берёзкина").exists()


def test_a_learner_is_enrolled_into_a_class_by_its_name() -> None:
    actor = seated(Role.ADMINISTRATOR)
    school = Post.objects.get(person_id=actor.person_id).organisation
    group = ClassGroupFactory(organisation=school, name="7А", school_year=2026)
    client = signed_in(actor)
    data = PERSON | {
        "first-place": "pupil",
        "first-organisation": school.pk,
        "first-since": "2026-09-01",
        "first-group": "8Я",
    }
    answer = client.post(url("person_add"), data)
    assert answer.status_code == 422
    assert "7А" in answer.content.decode()  # which classes there are
    client.post(url("person_add"), data | {"first-group": "7а"})
    assert Enrolment.objects.get(person__family_name="Берёзкина").group == group


def change_form(client: Client, person: Person, **changed: str) -> dict[str, str]:
    page = url("person_edit", person.pk)
    values = {
        "family_name": person.family_name,
        "given_name": person.given_name,
        "patronymic": person.patronymic,
        "birth_date": "1985-03-14",
        "sex": person.sex,
        "phone": person.phone,
        "effective_on": "2026-10-01",
        "reason": "Приказ",
        "base": hidden(client, page)["base"],
    }
    return values | changed


def test_a_change_meanwhile_is_shown_and_nothing_typed_is_lost(operator: Client) -> None:
    person = PersonFactory(family_name="Первая")
    mine = change_form(operator, person, family_name="Моя")
    theirs = change_form(operator, person, family_name="Чужая", phone="+7 000")
    page = url("person_edit", person.pk)
    assert operator.post(page, theirs).status_code == 302
    answer = operator.post(page, mine)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Чужая" in text
    assert 'value="Моя"' in text
    assert 'value="+7 000"' in text  # untouched here: the saved value is taken over
    person.refresh_from_db()
    assert person.family_name == "Чужая"
    base = re.search(r'name="base" value="([^"]*)"', text)
    assert base
    again = mine | {"base": base[1], "phone": "+7 000"}
    assert operator.post(page, again).status_code == 302
    person.refresh_from_db()
    assert (person.family_name, person.phone) == ("Моя", "+7 000")


def test_the_same_change_sent_twice_is_one_change(operator: Client) -> None:
    person = PersonFactory()
    data = change_form(operator, person, family_name="Другая")
    page = url("person_edit", person.pk)
    assert [operator.post(page, data).status_code for _ in range(2)] == [302, 302]
    assert AuditEntry.objects.filter(action="registry.person.changed").count() == 1


def test_the_page_shows_the_state_of_a_day(operator: Client) -> None:
    person = PersonFactory(family_name="Старая")
    school = OrganisationFactory(short_name="Гимназия № 77")
    PostFactory(person=person, organisation=school, since=date(2015, 9, 1), until=date(2020, 8, 31))
    data = change_form(operator, person, family_name="Новая")
    operator.post(url("person_edit", person.pk), data)
    page = url("person", person.pk)
    now = operator.get(page).content.decode()
    then = operator.get(page, {"on": "2018-05-01"}).content.decode()
    assert "Новая" in now
    assert "<h1>Старая" in then
    assert "Гимназия № 77" not in now.split('<details class="mt-3">')[0]
    assert "Гимназия № 77" in then.split('<details class="mt-3">')[0]
    history = operator.get(url("person_history", person.pk)).content.decode()
    assert "Старая" in history
    assert "Приказ" in history


def test_a_damaged_form_is_refused(operator: Client) -> None:
    person = PersonFactory()
    data = change_form(operator, person, base="{}")
    assert operator.post(url("person_edit", person.pk), data).status_code == 422


def test_overlapping_posts_say_which_and_when(operator: Client) -> None:
    held = PostFactory(since=date(2015, 9, 1))
    data = {
        "role": "teacher",
        "organisation": held.organisation.pk,
        "since": "2020-01-01",
        "category": "none",
    }
    answer = operator.post(url("post_add", held.person.pk), data)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "01.09.2015" in text
    assert held.organisation.short_name.split()[-1] in text
    assert 'id="id_since_error"' in text


def test_a_post_is_changed_and_ended(operator: Client) -> None:
    post = PostFactory()
    page = url("post_edit", post.pk)
    data = {
        "role": "teacher",
        "organisation": post.organisation.pk,
        "title": "Учитель",
        "category": "highest",
        "since": "2015-09-01",
        "effective_on": "2026-11-01",
        "reason": "Аттестация",
        "base": hidden(operator, page)["base"],
    }
    assert operator.post(page, data).status_code == 302
    post.refresh_from_db()
    assert post.category == "highest"
    assert operator.post(page, data | {"category": "first"}).status_code == 422  # an old form
    end = {"on": "2026-11-15", "reason": "По желанию"}
    assert operator.post(url("post_end", post.pk), end).status_code == 302
    assert operator.post(url("post_end", post.pk), end).status_code == 302
    post.refresh_from_db()
    assert post.until == date(2026, 11, 15)
    assert AuditEntry.objects.filter(action="registry.post.ended").count() == 1


def test_an_organisation_is_added_changed_and_closed(operator: Client) -> None:
    municipality = MunicipalityFactory()
    data = {
        "code": "42-1",
        "kind": "school",
        "ownership": "municipal",
        "municipality": municipality.pk,
        "name": "Школа новая",
        "short_name": "МБОУ «Новая»",
        "locality": "Кемерово",
        "postcode": "65",
        "since": "2020-09-01",
        "_key": str(uuid.uuid4()),
    }
    answer = operator.post(url("organisation_add"), data)
    assert answer.status_code == 422
    assert 'id="id_postcode_error"' in answer.content.decode()
    for _ in range(2):
        assert operator.post(url("organisation_add"), data | {"postcode": ""}).status_code == 302
    made = Organisation.objects.get(code="42-1")
    again = data | {"postcode": "", "_key": str(uuid.uuid4())}
    answer = operator.post(url("organisation_add"), again)
    assert 'id="id_code_error"' in answer.content.decode()
    page = url("organisation_edit", made.pk)
    change = data | {
        "postcode": "650000",
        "short_name": "МБОУ «Новейшая»",
        "effective_on": "2025-09-01",
        "base": hidden(operator, page)["base"],
    }
    assert operator.post(page, change).status_code == 302
    shown = url("organisation", made.pk)
    assert "<h1>МБОУ «Новейшая»" in operator.get(shown).content.decode()
    assert "<h1>МБОУ «Новая»" in operator.get(shown, {"on": "2024-01-01"}).content.decode()
    post = PostFactory(organisation=made, since=date(2021, 9, 1))
    answer = operator.post(
        url("organisation_close", made.pk), {"on": "2026-06-30", "reason": "Приказ № 1"}
    )
    assert answer.status_code == 302
    post.refresh_from_db()
    made.refresh_from_db()
    assert (made.until, post.until) == (date(2026, 6, 30), date(2026, 6, 30))


def test_a_head_changes_contacts_but_not_identity() -> None:
    actor = seated(Role.HEAD)
    school = Post.objects.get(person_id=actor.person_id).organisation
    client = signed_in(actor)
    page = url("organisation_edit", school.pk)
    data = {
        "name": school.name,
        "short_name": school.short_name,
        "locality": school.locality,
        "postcode": "650000",
        "address": school.address,
        "phone": "+7 384",
        "code": "stolen",
        "effective_on": "2026-10-01",
        "base": hidden(client, page)["base"],
    }
    assert client.post(page, data).status_code == 302
    before = school.code
    school.refresh_from_db()
    assert (school.phone, school.code) == ("+7 384", before)


def test_facilities_are_recorded_and_corrected(operator: Client) -> None:
    school = OrganisationFactory()
    data = {
        "as_of": "2026-01-01",
        "link_mbps": "50",
        "computers_teaching": "30",
        "computers_admin": "4",
    }
    page = url("facilities_add", school.pk)
    assert operator.post(page, data).status_code == 302
    assert operator.post(page, data | {"link_mbps": "100"}).status_code == 302
    assert operator.post(page, data | {"link_mbps": "-1"}).status_code == 422
    assert str(school.facilities.get().link_mbps) == "100.00"


# ---- merging


def search_duplicates_now() -> None:
    search = duplicates.ask_search(actor=None, at=clock.now())
    assert search
    duplicates.run_search(search.pk, on=clock.today())


def test_merge_and_undo_by_the_pages(operator: Client) -> None:
    kept = PersonFactory(family_name="Дважды", phone="")
    merged = PersonFactory(family_name="Дважды", phone="+7 111")
    PostFactory(person=merged)
    search_duplicates_now()
    found = operator.get(url("duplicates")).content.decode()
    assert url("merge", kept.pk, merged.pk) in found or url("merge", merged.pk, kept.pk) in found
    page = url("merge", kept.pk, merged.pk)
    assert operator.get(page).status_code == 200
    answer = operator.post(page, {"take_phone": "merged", "reason": "Одно лицо"})
    assert answer.headers["Location"] == url("person", kept.pk)
    kept.refresh_from_db()
    assert kept.phone == "+7 111"
    old = operator.get(url("person", merged.pk), follow=True)
    assert old.redirect_chain[-1][0] == url("person", kept.pk)
    assert str(merged.pk) not in operator.get(url("duplicates")).content.decode()
    done = Merge.objects.get()
    assert operator.get(url("merges")).status_code == 200
    answer = operator.post(url("merge_undo", done.pk), {"reason": "Ошибка"})
    assert answer.status_code == 302
    kept.refresh_from_db()
    assert kept.phone == ""
    assert operator.get(url("person", merged.pk)).status_code == 200


def test_duplicates_are_found_by_slips_and_not_by_chance(operator: Client) -> None:
    born = date(1980, 1, 2)
    PersonFactory(
        family_name="Соловьёва", given_name="Ирина", patronymic="Петровна", birth_date=born
    )
    for names in (
        ("Соловьева", "Ирина", ""),
        ("Саловьева", "Ирина", "Петровна"),
        ("Кузнецова", "Ирина", "Петровна"),  # a family name may change
    ):
        family, given, patronymic = names
        PersonFactory(family_name=family, given_name=given, patronymic=patronymic, birth_date=born)
    PersonFactory(family_name="Соловьёва", given_name="Инна", birth_date=date(1981, 1, 2))
    PersonFactory(family_name="Жук", given_name="Ирина", patronymic="Львовна", birth_date=born)
    search_duplicates_now()
    text = operator.get(url("duplicates")).content.decode()
    assert "Саловьева" in text
    assert "Кузнецова" in text
    assert "Инна" not in text
    assert "Жук" not in text


def test_a_dismissed_pair_is_not_offered_again(operator: Client) -> None:
    one, two = (PersonFactory(family_name="Тёзка", birth_date=date(1980, 1, 2)) for _ in range(2))
    search_duplicates_now()
    pair = DuplicatePair.objects.get()
    assert {pair.first_id, pair.second_id} == {one.pk, two.pk}
    page = url("duplicate_dismiss", pair.pk)
    assert operator.post(page, {"reason": ""}).status_code == 422
    assert operator.post(page, {"reason": "Разные паспорта"}).status_code == 302
    search_duplicates_now()
    pair.refresh_from_db()
    assert pair.reason == "Разные паспорта"
    assert "Тёзка" not in operator.get(url("duplicates")).content.decode()
    assert operator.get(page).status_code == 404


def test_what_is_no_longer_alike_leaves_the_list(operator: Client) -> None:
    one, _two = (PersonFactory(family_name="Тёзка", birth_date=date(1980, 1, 2)) for _ in range(2))
    search_duplicates_now()
    one.birth_date = date(1981, 1, 2)
    one.save()
    search_duplicates_now()
    assert not DuplicatePair.objects.exists()


def test_one_search_at_a_time_and_its_progress(operator: Client) -> None:
    address = url("duplicates_search")
    assert operator.post(address).status_code == 302
    assert operator.post(address).status_code == 302
    search = DuplicateSearch.objects.get()
    assert "<progress" in operator.get(address).content.decode()
    duplicates.run_search(search.pk, on=date(2026, 9, 1))
    assert operator.get(address).headers["HX-Redirect"] == url("duplicates")
    search.refresh_from_db()
    assert (search.percent, search.found) == (100, 0)


def test_a_search_that_is_broken_off_is_taken_up_again_and_says_when_it_failed(
    operator: Client,
) -> None:
    operator.post(url("duplicates_search"))
    later = clock.now() + timedelta(minutes=1)
    search = DuplicateSearch.objects.get()
    assert duplicates.SEARCHES.lost(clock.now()) == []
    assert duplicates.SEARCHES.lost(later) == [search.pk]
    with patch.object(duplicates, "grown_up_by", side_effect=OSError):
        search_duplicates(search.pk)
    page = operator.get(url("duplicates")).content.decode()
    assert "Произошла ошибка" in page
    assert "<progress" not in page
    operator.post(url("duplicates_search"))
    DuplicateSearch.objects.filter(found=None).update(attempts=2)
    assert duplicates.SEARCHES.lost(later) == []
    assert "дважды" in operator.get(url("duplicates")).content.decode()
    operator.post(url("duplicates_search"))
    search_duplicates(DuplicateSearch.objects.get(found=None).pk)
    assert "дважды" not in operator.get(url("duplicates")).content.decode()


# ---- accounts


def test_an_invitation_lets_the_person_set_a_password_once(operator: Client) -> None:
    person = PostFactory(person__family_name="Щёголева").person
    page = url("person_invite", person.pk)
    answer = operator.post(page, {"username": "shchegoleva"})
    assert answer.headers["Cache-Control"] == "no-store"
    text = answer.content.decode()
    link = re.search(r"http://testserver(/account/[^\s\"<]+)", text)
    assert link
    visitor = Client()
    form = visitor.get(link[1], follow=True)
    where = form.redirect_chain[-1][0]
    secret = "сорок-два-тюленя"
    assert visitor.post(where, {"password1": secret, "password2": secret}).status_code == 302
    assert authenticate(None, username="shchegoleva", password=secret) is not None
    again = Client().get(link[1], follow=True)
    assert not again.redirect_chain
    user = User.objects.get(username="shchegoleva")
    operator.post(url("sign_in_forbid", person.pk), {"reason": "Уволена"})
    user.refresh_from_db()
    assert not user.is_active
    operator.post(url("sign_in_allow", person.pk), {"reason": "Вернулась"})
    user.refresh_from_db()
    assert user.is_active


def test_nobody_gets_the_account_of_a_higher_rank() -> None:
    head = seated(Role.HEAD)
    school = Post.objects.get(person_id=head.person_id).organisation
    both = PostFactory(organisation=school).person
    PostFactory(person=both, role=Role.OPERATOR, organisation=None)
    plain = PostFactory(organisation=school).person
    client = signed_in(head)
    assert client.get(url("person_invite", plain.pk)).status_code == 200
    assert client.get(url("person_invite", both.pk)).status_code == 403


# ---- words


def test_forms_and_history_speak_russian_alone(operator: Client) -> None:
    post = PostFactory()
    posts = url("post_edit", post.pk), url("post_add", post.person.pk)
    person = url("person_add"), url("person_edit", post.person.pk)
    school = url("organisation_add"), url("facilities_add", post.organisation.pk)
    other = (
        url("enrolment_add", post.person.pk),
        url("post_end", post.pk),
        url("person_history", post.person.pk),
    )
    for page in (*posts, *person, *school, *other):
        text = operator.get(page, headers={"accept-language": "ru"}).content.decode()
        labels = re.findall(r"<(?:label|legend)[^>]*>([^<]+)", text)
        assert not [w for w in labels if re.search(r"[A-Za-z]{4}", w)]


# ---- cost


def people(count: int) -> None:
    school, group = Organisation.objects.first(), ClassGroupFactory()
    for _ in range(count):
        person = PersonFactory()
        PostFactory(person=person, organisation=school)
        EnrolmentFactory(person=person, group=group)


def duplicated(count: int) -> None:
    for number in range(count):
        for _ in range(2):
            PersonFactory(family_name=f"Пара{number}", birth_date=date(1980, 1, 1 + number % 28))


def dismissed(count: int) -> None:
    duplicated(count)
    search_duplicates_now()
    judge = User.objects.values_list("pk", flat=True).first()
    DuplicatePair.objects.filter(dismissed_at=None).update(
        dismissed_at=clock.now(), dismissed_by=judge, reason="разные люди"
    )


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("people", people),
        ("organisations", lambda n: OrganisationFactory.create_batch(n)),
        ("groups", lambda n: ClassGroupFactory.create_batch(n)),
        ("duplicates", duplicated),
        ("duplicates_dismissed", dismissed),
    ],
)
def test_a_list_costs_the_same_for_one_row_and_for_fifty(
    operator: Client, name: str, make: Callable[[int], Any]
) -> None:
    OrganisationFactory()
    make(1)
    costs = []
    for _ in range(2):
        operator.get(url(name))  # what is looked up once per process
        with CaptureQueriesContext(connection) as asked:
            assert operator.get(url(name)).status_code == 200
        costs.append(len(asked))
        make(49)
    assert costs[0] == costs[1] < 20


@pytest.mark.parametrize("export", ["csv", "xlsx"])
def test_lists_are_exported(operator: Client, export: str) -> None:
    group = ClassGroupFactory()
    PostFactory(organisation=group.organisation)
    for name in ("people", "organisations", "groups"):
        answer = operator.get(url(name), {"export": export})
        assert answer.status_code == 200
        assert "attachment" in answer.headers["Content-Disposition"]
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert len(body) > 100


@pytest.mark.parametrize(
    ("text", "found"),
    [("берёз", True), ("берез мар", True), ("мария берёзкина", True), ("03.02.1990", True),
     ("A-1", True), ("берг", False), ("99.99.1990", False)],
)  # fmt: skip
def test_people_are_found_by_parts_of_names(operator: Client, text: str, found: bool) -> None:
    PersonFactory(
        family_name="Берёзкина", given_name="Мария", birth_date=date(1990, 2, 3), external_id="A-1"
    )
    assert ("Берёзкина" in operator.get(url("people"), {"q": text}).content.decode()) is found
