"""The cabinets: each role's home page, seats, own data, invitations, the audit page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

import sreda
from sreda.kernel import clock, prepared
from sreda.kernel.api import Ask, AuditEntry, audit, together
from sreda.registry.api import LEARNER_ROLES, Person, Role, Teaching, User
from tests.factories import (
    ClassGroupFactory,
    EnrolmentFactory,
    GuardianshipFactory,
    MunicipalityFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def signed_in(person: Person) -> Client:
    client = Client()
    user = User.objects.filter(person=person).first() or UserFactory(person=person)
    client.force_login(user)
    return client


def scope(role: str) -> dict[str, object]:
    if role == Role.COORDINATOR:
        return {"organisation": None, "municipality": MunicipalityFactory()}
    return {"organisation": None} if role in {Role.OPERATOR, Role.EXPERT} else {}


def home(client: Client) -> str:
    response = client.get(reverse("cabinet"))
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (Role.OPERATOR, ["Муниципалитеты", "Качество данных", "Последние изменения"]),
        (Role.COORDINATOR, ["Организации муниципалитета"]),
        (Role.HEAD, ["Что дополнить", "Муниципалитет"]),
        (Role.ADMINISTRATOR, ["Что дополнить"]),
        (Role.TEACHER, ["Мои классы"]),
        (Role.EXPERT, ["Экспертиза"]),
    ],
)
def test_home_of_each_post_shows_its_own_cards(role: str, words: list[str]) -> None:
    post = PostFactory(role=role, **scope(role))
    if post.organisation:
        from sreda.registry.api import Facilities

        Facilities.objects.create(organisation=post.organisation, as_of="2026-09-01")
    page = home(signed_in(post.person))
    for word in words:
        assert word in page
    assert ("Журнал действий" in page) is (role == Role.OPERATOR)


def test_a_learner_sees_class_and_teachers() -> None:
    place = EnrolmentFactory()
    post = PostFactory(organisation=place.organisation)
    Teaching.objects.create(post=post, group=place.group, subject="Физика", homeroom=True)
    page = home(signed_in(place.person))
    assert place.group.name in page
    assert "Физика" in page
    assert post.person.full_name in page


def test_a_parent_sees_every_child_and_nobody_elses() -> None:
    mother = PersonFactory()
    first, second, stranger = EnrolmentFactory(), EnrolmentFactory(), EnrolmentFactory()
    for place in (first, second):
        GuardianshipFactory(guardian=mother, child=place.person)
    page = home(signed_in(mother))
    assert first.group.name in page
    assert second.group.name in page
    assert stranger.person.full_name not in page


def test_a_teacher_sees_own_classes_with_counted_learners() -> None:
    post = PostFactory()
    mine = ClassGroupFactory(organisation=post.organisation, name="7-Альфа")
    ClassGroupFactory(organisation=post.organisation, name="7-Бета")
    EnrolmentFactory.create_batch(3, group=mine)
    EnrolmentFactory(group=mine, until="2026-10-01")
    Teaching.objects.create(post=post, group=mine, subject="Алгебра")
    page = home(signed_in(post.person))
    assert "7-Альфа" in page
    assert "7-Бета" not in page
    assert re.search(r'<td class="num" data-label="[^"]+">3</td>', page)


def test_figures_do_not_cost_a_query_each(django_assert_max_num_queries: object) -> None:
    from sreda.registry.api import OrganisationSize

    operator = PostFactory(role=Role.OPERATOR, organisation=None)
    coordinator = PostFactory(
        role=Role.COORDINATOR, organisation=None, municipality=MunicipalityFactory()
    )
    parent = PersonFactory()
    for _n in range(12):
        OrganisationSize.objects.create(
            organisation=OrganisationFactory(municipality=coordinator.municipality),
            learners=10,
            counted_at=clock.now(),
        )
        OrganisationFactory()
        GuardianshipFactory(guardian=parent, child=EnrolmentFactory().person)
    for person in (operator.person, coordinator.person, parent):
        client = signed_in(person)
        home(client)
        with django_assert_max_num_queries(15):  # type: ignore[operator]
            home(client)


@pytest.mark.parametrize("role", [r.value for r in Role])
def test_what_is_asked_together_is_what_the_page_asks(
    role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[dict[object, object]] = []
    sent: list[int] = []

    @contextmanager
    def watched(asks: Iterable[Ask | None]) -> Iterator[None]:
        with together(asks):
            known = prepared._together.get() or {}
            sent.append(len(known))
            yield
            left.append(known)

    monkeypatch.setattr("sreda.portal.web.cabinet.home.together", watched)
    if role == Role.PARENT:
        person = GuardianshipFactory(child=EnrolmentFactory().person).guardian
    elif role in LEARNER_ROLES:
        person = EnrolmentFactory(role=role).person
    else:
        person = PostFactory(role=role, **scope(role)).person
    home(signed_in(person))
    assert sent[0] >= 3
    assert left == [{}]


def test_without_a_seat_the_page_says_whom_to_ask() -> None:
    page = home(signed_in(PersonFactory()))
    assert "Сегодня за вами не числится ни одной должности" in page
    assert "К кому обратиться" in page


def test_an_ended_post_gives_no_rights_and_is_told_of() -> None:
    yesterday = clock.today() - timedelta(days=1)
    ended = PostFactory(role=Role.OPERATOR, organisation=None, until=yesterday)
    PostFactory(person=ended.person)
    client = signed_in(ended.person)
    page = home(client)
    assert "Муниципалитеты" not in page
    assert "срок истёк" in page
    assert client.get(reverse("audit")).status_code == 404


class TestSeats:
    def test_switching_is_kept_and_audited(self) -> None:
        post = PostFactory(role=Role.HEAD)
        other = PostFactory(person=post.person, role=Role.TEACHER)
        client = signed_in(post.person)
        answer = client.post(reverse("seat"), {"seat": f"post:{other.pk}"})
        assert answer.url == reverse("cabinet")
        assert "Мои классы" in home(client)
        entry = AuditEntry.objects.get(action="portal.seat.taken")
        assert entry.data == {"seat": f"post:{other.pk}"}

    def test_a_seat_of_another_does_not_exist(self) -> None:
        client = signed_in(PostFactory().person)
        foreign = PostFactory(role=Role.OPERATOR, organisation=None)
        answer = client.post(reverse("seat"), {"seat": f"post:{foreign.pk}"})
        assert answer.status_code == 404

    def test_one_stays_on_a_page_the_new_seat_may_see_and_leaves_another(self) -> None:
        post = PostFactory(role=Role.OPERATOR, organisation=None)
        other = PostFactory(person=post.person)
        client = signed_in(post.person)

        def switch(to: object, page: str) -> str:
            came = f"http://testserver{page}"
            answer = client.post(
                reverse("seat"), {"seat": f"post:{to.pk}"}, headers={"Referer": came}
            )  # type: ignore[attr-defined]
            return str(answer.url)

        assert switch(other, reverse("profile")) == reverse("profile")
        assert switch(post, reverse("profile") + "?x=1") == reverse("profile") + "?x=1"
        assert switch(other, reverse("audit")) == reverse("cabinet")
        assert switch(post, "/no/such/page") == reverse("cabinet")
        came = "http://elsewhere.example/cabinet/"
        answer = client.post(
            reverse("seat"), {"seat": f"post:{other.pk}"}, headers={"Referer": came}
        )
        assert answer.url == reverse("cabinet")


class TestSecondFactor:
    @pytest.fixture(autouse=True)
    def required(self, settings: object) -> None:
        settings.REQUIRE_MFA = frozenset({"operator"})  # type: ignore[attr-defined]

    def test_a_post_waits_for_it(self) -> None:
        post = PostFactory(role=Role.OPERATOR, organisation=None)
        client = signed_in(post.person)
        page = home(client)
        assert "Нужен второй фактор" in page
        assert "Муниципалитеты" not in page
        assert client.get(reverse("audit")).status_code == 404

    def test_the_other_posts_work_meanwhile(self) -> None:
        post = PostFactory(role=Role.OPERATOR, organisation=None)
        PostFactory(person=post.person)
        page = home(signed_in(post.person))
        assert "Нужен второй фактор" in page
        assert "Мои классы" in page

    def test_the_mark_of_one_user_serves_no_other(self) -> None:
        post = PostFactory(role=Role.OPERATOR, organisation=None)
        client = signed_in(post.person)
        session = client.session
        session["second_factor"] = str(UserFactory().pk)
        session.save()
        assert "Нужен второй фактор" in home(client)
        session["second_factor"] = str(User.objects.get(person=post.person).pk)
        session.save()
        assert "Муниципалитеты" in home(client)


def test_a_head_sees_staff_who_cannot_sign_in_yet() -> None:
    head = PostFactory(role=Role.HEAD)
    teacher, stranger = PostFactory(organisation=head.organisation), PostFactory()
    client = signed_in(head.person)
    page = client.get(reverse("invitations")).content.decode()
    assert teacher.person.full_name in page
    assert reverse("registry:person_invite", args=[teacher.person.pk]) in page
    assert stranger.person.full_name not in page
    UserFactory(person=teacher.person)
    assert teacher.person.full_name not in client.get(reverse("invitations")).content.decode()


def test_profile_and_security_show_own_data_only() -> None:
    post = PostFactory(until="2027-01-01")
    head = PostFactory(role=Role.HEAD, organisation=post.organisation)
    client = signed_in(post.person)
    page = client.get(reverse("profile")).content.decode()
    assert post.person.full_name in page
    assert head.person.full_name in page  # whom to ask
    page = client.get(reverse("security")).content.decode()
    assert post.person.user.username in page


class TestAudit:
    def test_filters_and_history(self) -> None:
        operator = PostFactory(role=Role.OPERATOR, organisation=None)
        client = signed_in(operator.person)
        post = PostFactory()
        audit("registry.account.opened", post, actor=None, at=clock.now(), note="один")
        audit("registry.person.invited", operator, actor=None, at=clock.now(), note="два")
        page = client.get(reverse("audit")).content.decode()
        assert "Учётная запись открыта" in page
        page = client.get(reverse("audit"), {"action": "registry.person.invited"})
        assert [e.action for e in page.context["listing"].page] == ["registry.person.invited"]
        page = client.get(reverse("audit"), {"object": f"registry.post:{post.pk}"})
        assert [e.action for e in page.context["listing"].page] == ["registry.account.opened"]
        tomorrow = clock.today() + timedelta(days=1)
        assert not client.get(reverse("audit"), {"since": tomorrow.isoformat()}).context["rows"]
        assert client.get(reverse("audit"), {"since": "never"}).status_code == 200

    @pytest.mark.django_db(transaction=True)
    def test_entries_stand_in_the_order_the_chain_proves(self) -> None:
        operator = PostFactory(role=Role.OPERATOR, organisation=None)
        client = signed_in(operator.person)
        for note in ("один", "два", "три"):
            audit("registry.person.invited", operator, actor=None, at=clock.now(), note=note)
        first, *_, last = AuditEntry.objects.order_by("position").values_list("pk", flat=True)
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE kernel_auditentry DISABLE TRIGGER kernel_audit_guard")
            for old, new in ((first, -1), (last, first), (-1, last)):
                cursor.execute("UPDATE kernel_auditentry SET id = %s WHERE id = %s", [new, old])
            cursor.execute("ALTER TABLE kernel_auditentry ENABLE TRIGGER kernel_audit_guard")
        for address in (
            reverse("audit"),
            reverse("audit") + f"?object=registry.post:{operator.pk}",
        ):
            shown = [e.position for e in client.get(address).context["listing"].page]
            assert len(shown) > 2
            assert shown == sorted(shown, reverse=True)

    def test_an_entry_shows_its_link_and_export_holds_all(self) -> None:
        operator = PostFactory(role=Role.OPERATOR, organisation=None)
        client = signed_in(operator.person)
        entry = AuditEntry.objects.get(action="portal.session.opened")
        page = client.get(reverse("audit_entry", args=[entry.pk])).content.decode()
        assert "portal.session.opened" in page
        rows = b"".join(client.get(reverse("audit"), {"export": "csv"})).decode()
        assert "Вход в систему" in rows


def test_every_action_of_the_log_has_words() -> None:
    """Whoever writes a new kind of entry says in words what it is."""
    from sreda.kernel.api import action_words

    source = Path(sreda.__file__).parent
    written = {
        code
        for path in source.rglob("*.py")
        for code in re.findall(r'\baudit\(\s*"([a-z_.-]+)"', path.read_text(encoding="utf-8"))
    }
    assert len(written) > 10
    assert written - {*action_words()} == set()


def test_every_step_of_a_report_has_words_in_the_log() -> None:
    from sreda.kernel.api import action_words
    from sreda.reporting.enums import StepKind

    steps = {f"reporting.report.{kind.value}" for kind in StepKind}
    assert {*steps, "reporting.campaign.reopened"} <= set(action_words())
