"""Dashboards: shown to whom they may be, arranged, exported, mailed once, framed where allowed."""

# ruff: noqa: F401, F811 - fixtures of the other files

import email
import re
from datetime import date, timedelta
from email import policy
from html import unescape
from smtplib import SMTPAuthenticationError, SMTPRecipientsRefused
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.urls import reverse

from sreda.kernel.models import Notice
from sreda.registry.api import Role, User
from sreda.reporting.domain import dashboards as domain
from sreda.reporting.domain import freshness, mailings
from sreda.reporting.domain.indicators import change_indicator
from sreda.reporting.domain.shipping import add_shipped
from sreda.reporting.models import Dashboard, Indicator, Mailing, Widget
from tests.factories import (
    MunicipalityFactory,
    OrganisationFactory,
    PersonFactory,
    PostFactory,
    UserFactory,
    actor_for,
)
from tests.ports import free_port
from tests.reporting.test_indicator_pages import (
    figures,
    page,
    pk,
    sign_in,
    today,
)
from tests.reporting.test_indicators import (
    AT,
    HIGHER,
    RATIO,
    TODAY,
    indicator,
    operator,
    region,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def board(figures):
    made = Dashboard.objects.create(title="Среда региона", level="region", shared=True, made_at=AT)
    for number, kind in enumerate(("figure", "table", "tiles", "chart", "multiples"), 1):
        Widget.objects.create(
            dashboard=made, number=number, kind=kind, title=f"Часть {kind}",
            sources=[{"indicator": "higher"}, {"indicator": "ratio"}],
        )  # fmt: skip
    return made


def test_every_kind_of_part_is_drawn_at_every_level(board, figures, sign_in):
    first, second = figures
    client = sign_in(Role.OPERATOR)
    text = page(client, "dashboard", board.pk)
    assert "66,67" in text
    assert first.municipality.name in text
    text = page(client, "dashboard", board.pk, municipality=second.municipality.pk)
    assert "50" in text
    assert second.short_name in text
    text = page(client, "dashboard", board.pk, organisation=first.pk)
    assert "75" in text


def test_a_kind_and_a_past_day_are_computed_for_the_question(board, figures, sign_in):
    first, _second = figures
    first.kind = "college"
    first.save()
    client = sign_in(Role.OPERATOR)
    assert "75,00" in page(client, "dashboard", board.pk, kind="college")
    assert "50,00" in page(client, "dashboard", board.pk, kind="school")
    assert "нет данных: " in page(client, "dashboard", board.pk, on="2020-08-01")


def test_the_page_costs_the_same_for_any_number_of_places(
    board,
    sign_in,
    django_assert_max_num_queries,
    django_assert_num_queries,
):
    client = sign_in(Role.OPERATOR)
    page(client, "dashboard", board.pk)
    with django_assert_max_num_queries(60) as first:
        page(client, "dashboard", board.pk)
    for _n in range(4):
        OrganisationFactory()
    freshness.mark({"higher", "ratio"})
    freshness.recompute(at=AT)
    with django_assert_num_queries(len(first)):
        page(client, "dashboard", board.pk)


def test_a_head_sees_of_single_schools_only_their_own(board, figures, sign_in):
    first, second = figures
    client = sign_in(Role.HEAD, organisation=first)
    text = page(client, "dashboard", board.pk, municipality=second.municipality.pk)
    assert second.short_name not in text
    own = Dashboard.objects.create(title="Моя", level="organisation", shared=False, made_at=AT)
    assert client.get(reverse("reporting:dashboard", args=[own.pk])).status_code == 404
    teacher = sign_in(Role.TEACHER, organisation=first)
    assert teacher.get(reverse("reporting:dashboards")).status_code == 404


def test_one_makes_arranges_and_copies_ones_own(board, figures, sign_in):
    first, _second = figures
    client = sign_in(Role.HEAD, organisation=first)
    for _again in range(2):
        sent = {"title": "Моя", "level": "organisation", "_key": "k", "public": "on"}
        client.post(reverse("reporting:dashboard_add"), sent)
    mine = Dashboard.objects.get(title="Моя")
    assert not mine.public  # a head cannot publish
    add = reverse("reporting:widget_add", args=[mine.pk])
    for kind in ("figure", "table"):
        mine.refresh_from_db()
        sent = {"kind": kind, "indicators": ["higher"], "months": "6", "edition": mine.edition}
        assert client.post(add, sent).status_code == 302
    one, _other = mine.widgets.all()
    stale = {"do": "down", "edition": "1"}
    client.post(reverse("reporting:widget_arrange", args=[mine.pk, one.pk]), stale)
    assert list(mine.widgets.values_list("kind", flat=True)) == ["figure", "table"]
    mine.refresh_from_db()
    moved = {"do": "down", "edition": mine.edition}
    client.post(reverse("reporting:widget_arrange", args=[mine.pk, one.pk]), moved)
    assert list(mine.widgets.values_list("kind", flat=True)) == ["table", "figure"]
    assert client.post(add, {"kind": "figure", "months": "6", "edition": "9"}).status_code == 422
    copied = client.post(reverse("reporting:dashboard_copy", args=[board.pk]))
    made = Dashboard.objects.get(title="Среда региона (копия)")
    assert copied.url.endswith(f"{made.pk}/edit/")
    assert made.widgets.count() == 5
    assert client.get(reverse("reporting:dashboard_edit", args=[board.pk])).status_code == 403
    client.post(reverse("reporting:dashboard_delete", args=[mine.pk]))
    assert not Dashboard.objects.filter(pk=mine.pk).exists()


def test_a_lost_indicator_shows_as_missing(board, sign_in, operator):
    Indicator.objects.get(code="higher").delete()
    client = sign_in(Role.OPERATOR)
    assert "Нет источника" in page(client, "dashboard", board.pk)


def test_a_dashboard_and_any_part_of_it_is_exported(board, sign_in):
    client = sign_in(Role.OPERATOR)
    for form, begins in (("pdf", b"%PDF-"), ("xlsx", b"PK"), ("csv", "\ufeff".encode())):
        url = reverse("reporting:dashboard_export", args=[board.pk, form])
        assert client.get(url).content.startswith(begins)
    url = reverse("reporting:dashboard_export", args=[board.pk, "csv"])
    part = board.widgets.get(kind="table")
    text = client.get(url, {"widget": str(part.pk)}).content.decode("utf-8-sig")
    assert "Часть table" in text
    assert "Часть figure" not in text
    assert client.get(url, {"widget": "x"}).status_code == 404


# ---- for everyone


def test_only_public_indicators_can_be_published(board, operator):
    with pytest.raises(ValidationError):
        domain.change_dashboard(
            dashboard=board.pk, edition=1, fields={"public": True}, at=AT, actor=operator
        )
    board.widgets.exclude(kind="table").delete()
    board.widgets.update(sources=[{"indicator": "ratio"}])
    domain.change_dashboard(
        dashboard=board.pk, edition=1, fields={"public": True}, at=AT, actor=operator
    )
    with pytest.raises(ValidationError):
        domain.keep_widget(
            dashboard=board.pk, edition=2, widget=None, at=AT, actor=operator,
            fields={"kind": "figure", "title": "", "months": 1,
                    "sources": [{"indicator": "higher"}]},
        )  # fmt: skip


def test_a_frame_holds_only_what_is_public_and_only_where_allowed(
    board,
    figures,
    client,
    settings,
):
    url = reverse("reporting:embed", args=[board.pk])
    assert client.get(url).status_code == 404
    Dashboard.objects.filter(pk=board.pk).update(public=True)
    settings.EMBED_HOSTS = ["https://school.example"]
    response = client.get(url)
    text = response.content.decode()
    assert "66,67" not in text  # "higher" is not public, even on a public dashboard
    assert "1,50" in text  # six learners, four computers
    assert figures[0].short_name not in text
    assert "higher" not in text, "nor is it said that something is missing"
    assert "Нет источника" not in text
    policy_ = response.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self' https://school.example" in policy_
    assert "X-Frame-Options" not in response.headers
    assert response.headers["Cache-Control"].startswith("public")
    assert "Set-Cookie" not in response.headers
    again = client.get(url, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    elsewhere = client.get(reverse("reporting:public"))
    assert "frame-ancestors 'none'" in elsewhere.headers["Content-Security-Policy"]
    assert "66,67" not in elsewhere.content.decode()
    page_of = client.get(url, {"organisation": figures[0].pk, "municipality": "x"})
    assert page_of.status_code == 404


def test_what_is_taken_off_the_portal_says_so_in_the_frame(board, figures, client, settings):
    settings.EMBED_HOSTS = ["https://school.example"]
    Dashboard.objects.filter(pk=board.pk).update(public=True)
    url = reverse("reporting:embed", args=[board.pk])
    etag = client.get(url).headers["ETag"]
    ratio = Indicator.objects.get(code="ratio")
    # a figure that is not public any more is gone from the next look on, kept copy or not
    change_indicator(indicator=ratio.pk, edition=ratio.edition, fields={"public": False}, at=AT,
                     actor=None)  # fmt: skip
    response = client.get(url, headers={"If-None-Match": etag})
    assert response.status_code == 200
    assert "1,50" not in response.content.decode()
    Dashboard.objects.filter(pk=board.pk).update(public=False)
    gone, never = client.get(url), client.get(reverse("reporting:embed", args=[uuid4()]))
    for response in (gone, never):
        assert response.status_code == 404
        assert "https://school.example" in response.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in response.headers
        assert "Этой панели на портале нет" in response.content.decode()
    assert gone.content == never.content


def test_statistics_without_signing_in_are_the_public_ones(board, client):
    rows = client.get(reverse("reporting:indicator_values", args=["sdmx-csv"])).content.decode()
    assert "RATIO" in rows
    assert "HIGHER" not in rows


def test_the_shipped_dashboards_open(sign_in, region):
    add_shipped(at=AT, actor=None)
    freshness.recompute(at=AT)
    client = sign_in(Role.OPERATOR)
    for found in Dashboard.objects.all():
        page(client, "dashboard", found.pk)
    assert client.get(reverse("reporting:public")).status_code == 200


# ---- by mail


class Kept(Message):
    def __init__(self):
        super().__init__()
        self.letters = []

    def handle_message(self, message):
        self.letters.append(email.message_from_bytes(message.as_bytes(), policy=policy.default))


@pytest.fixture
def server():
    kept = Kept()
    controller = Controller(kept, hostname="127.0.0.1", port=free_port(), ready_timeout=60)
    controller.start()
    yield controller, kept.letters
    controller.stop()


@pytest.fixture
def subscribed(board):
    person = PersonFactory()
    PostFactory(person=person, role=Role.OPERATOR, organisation=None, since=date(2020, 1, 1))
    actor = actor_for(person, on=TODAY)
    User.objects.filter(person=person).update(email="operator@example.org")
    return mailings.add_mailing(
        dashboard=board, frequency="daily", format="pdf", at=AT, actor=actor
    )


def over(controller):
    backend = "django.core.mail.backends.smtp.EmailBackend"
    port = controller.port

    def send(letter):
        letter.connection = get_connection(backend, host="127.0.0.1", port=port)
        return letter.send()

    return send


def test_a_report_goes_out_once_a_day_by_a_real_server(subscribed, server):
    controller, letters = server
    send = over(controller)
    assert mailings.send_due(on=TODAY, at=AT, send=send) == 1
    assert mailings.send_due(on=TODAY, at=AT, send=send) == 0  # however often the job runs
    [letter] = letters
    assert letter["To"] == "operator@example.org"
    assert letter["Subject"].strip() == "Среда региона, Весь регион: 20.11.2026"
    words = letter.get_body().get_content()
    assert "Отчёт «Среда региона» — во вложении. Весь регион, на 20\xa0ноября\xa02026." in words
    assert "Приходит: каждый день. Прекратить эти письма: http" in words
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert subscribed.token in letter["List-Unsubscribe"]
    [attached] = letter.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content().startswith(b"%PDF-")
    assert mailings.send_due(on=TODAY + timedelta(days=1), at=AT, send=send) == 1
    assert letters[0]["Message-ID"] != letters[1]["Message-ID"]


def test_one_letter_that_cannot_be_made_keeps_no_other_waiting(subscribed, board):
    board.title = "Среда\rрегиона"  # a title is no way into the headers
    board.save()
    other = mailings.add_mailing(
        dashboard=board, frequency="weekly", format="csv", at=AT,
        actor=actor_for(subscribed.user.person, on=TODAY),
    )  # fmt: skip
    sent = []

    def send(letter):
        letter.message()
        if not sent:
            sent.append(None)
            raise ValueError("a letter none can send")
        sent.append(letter)

    monday = TODAY + timedelta(days=7 - TODAY.weekday())
    assert mailings.send_due(on=monday, at=AT, send=send) == 1
    other.refresh_from_db()
    assert other.sent_for == monday


def test_a_server_that_is_down_is_tried_again(subscribed, server):
    controller, letters = server

    def down(letter):
        raise ConnectionRefusedError("no server")

    assert mailings.send_due(on=TODAY, at=AT, send=down) == 0
    found = Mailing.objects.get()
    assert found.failed_at
    assert found.sent_for is None
    assert found.why == "Почтовый сервер не отвечает."
    assert mailings.send_due(on=TODAY, at=AT, send=over(controller)) == 1
    assert Mailing.objects.get().failed_at is None
    assert len(letters) == 1


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (SMTPRecipientsRefused({"a@b": (550, b"no such user")}), "не принимает письма на этот"),
        (SMTPAuthenticationError(535, b"5.7.8 Error"), "отказался принять письмо (код 535)"),
        (TimeoutError("timed out"), "не отвечает"),
    ],
)
def test_a_refusal_is_told_in_words(subscribed, client, error, why):
    def refuse(letter):
        raise error

    assert mailings.send_due(on=TODAY, at=AT, send=refuse) == 0
    client.force_login(subscribed.user)
    page = client.get(reverse("reporting:dashboards")).content.decode()
    assert why in page
    assert "Отправка повторяется каждый час" in page
    told = Mailing.objects.get().why
    assert told in unescape(page)
    assert not re.search(r"550|timed|Error", told)


def test_it_is_stopped_from_the_letter_without_signing_in(subscribed, client):
    url = reverse("reporting:mailing_stop", args=[subscribed.token])
    assert client.get(url).status_code == 200
    assert Mailing.objects.get().stopped_at is None  # a link that is only opened stops nothing
    assert client.post(url).status_code == 200
    assert Mailing.objects.get().stopped_at
    assert mailings.send_due(on=TODAY, at=AT) == 0
    assert client.get(reverse("reporting:mailing_stop", args=["x" * 43])).status_code == 404


def test_who_has_left_the_post_gets_nothing(subscribed):
    subscribed.user.person.posts.update(until=date(2026, 11, 19))
    assert mailings.send_due(on=TODAY, at=AT) == 0
    assert Mailing.objects.get().stopped_at
    told = Notice.objects.get(addressee=subscribed.user.person_id)
    assert told.subject == "Отчёт больше не приходит по почте: Среда региона"
    assert "больше не занимаете должность" in told.text


@pytest.mark.parametrize("how", ["hidden", "deleted", "address"])
def test_whoever_waits_for_a_report_learns_why_it_comes_no_more(subscribed, board, how):
    match how:
        case "hidden":
            Dashboard.objects.filter(pk=board.pk).update(shared=False, owner=UserFactory())
        case "deleted":
            domain.delete_dashboard(dashboard=board.pk, at=AT, actor=actor_for(PersonFactory()))
        case "address":
            User.objects.filter(pk=subscribed.user_id).update(email="")
            type(subscribed.user.person).objects.update(email="")
    assert mailings.send_due(on=TODAY, at=AT) == 0
    told = Notice.objects.get(addressee=subscribed.user.person_id)
    assert {
        "hidden": "вам больше не открыта", "deleted": "удалена", "address": "нет адреса",
    }[how] in told.text  # fmt: skip
    assert mailings.send_due(on=TODAY, at=AT) == 0
    assert Notice.objects.count() == 1


def test_each_place_and_kind_is_a_report_of_its_own(subscribed, board, server, client):
    controller, letters = server
    place = MunicipalityFactory(name="Кемеровский округ")
    actor = actor_for(subscribed.user.person, on=TODAY)
    mailings.add_mailing(
        dashboard=board, frequency="daily", format="csv", at=AT, actor=actor,
        municipality=place.pk, kind="school",
    )  # fmt: skip
    mailings.add_mailing(
        dashboard=board, frequency="daily", format="pdf", at=AT, actor=actor,
        municipality=place.pk,
    )  # fmt: skip
    assert mailings.send_due(on=TODAY, at=AT, send=over(controller)) == 3
    subjects = sorted(letter["Subject"].strip() for letter in letters)
    assert subjects == [
        "Среда региона, Весь регион: 20.11.2026",
        "Среда региона, Кемеровский округ, Общеобразовательная организация: 20.11.2026",
        "Среда региона, Кемеровский округ: 20.11.2026",
    ]
    words = next(m for m in letters if "организация" in m["Subject"]).get_body().get_content()
    assert f"municipality={place.pk}&kind=school&on=2026-11-20" in words
    client.force_login(subscribed.user)
    page = client.get(reverse("reporting:dashboards")).content.decode()
    assert "Кемеровский округ, Общеобразовательная организация" in page


def test_the_first_day_is_told():
    assert mailings.first_due("daily", TODAY) == TODAY
    assert mailings.first_due("weekly", TODAY) == date(2026, 11, 23)
    assert mailings.first_due("weekly", date(2026, 11, 23)) == date(2026, 11, 23)
    assert mailings.first_due("monthly", TODAY) == date(2026, 12, 1)
    assert mailings.first_due("monthly", date(2027, 1, 31)) == date(2027, 2, 1)


def test_days_on_which_a_report_is_due():
    assert mailings.last_due("daily", TODAY) == TODAY
    assert mailings.last_due("weekly", TODAY) == date(2026, 11, 16)  # a Monday
    assert mailings.last_due("monthly", TODAY) == date(2026, 11, 1)


def test_the_same_twice_and_no_address_are_refused(board, subscribed):
    actor = actor_for(subscribed.user.person, on=TODAY)
    again = {"dashboard": board, "frequency": "daily", "format": "pdf", "at": AT, "actor": actor}
    with pytest.raises(ValidationError):
        mailings.add_mailing(**again)
    User.objects.filter(pk=subscribed.user_id).update(email="")
    subscribed.user.person.email = ""
    subscribed.user.person.save()
    with pytest.raises(ValidationError):
        mailings.add_mailing(**{**again, "frequency": "weekly"})
