"""Who may open what: every address of the site × every role, asked for real.

TABLE says what comes back. One line is `METHOD name  anonymous | everyone signed in`, then the
roles that get something else. An address that no line names fails the test: whoever adds one
says here who may open it.

    ok      200                     no      404, exactly as if it did not exist
    login   to the sign-in page     refused 403, with the reason
    go      302 elsewhere           405     this method is not for this address
    bad     422, errors in a form

Addresses with parts are opened on objects of the *own* school of the head, administrator,
teacher, pupil and parent, which lies in the coordinator's municipality; `foreign` is the head
of a school elsewhere, `ended` a head whose post ended yesterday.

An app may keep its lines in `tests/<app>/matrix.py`: TABLE, PARTS and SENT as here, and
`prepare(world)`, which makes the objects they speak of.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from sreda.kernel import clock
from sreda.kernel.api import AuditEntry, StoredFile, notices_of, notify, store
from sreda.programme.api import load_demo_programme
from sreda.programme.models import (
    Act,
    Decision,
    Evidence,
    Implementation,
    Membership,
    Scenario,
)
from sreda.registry.api import ManagementCost, Person, Qualification, Role, Teaching, User
from sreda.registry.models import (
    DuplicatePair,
    DuplicateSearch,
    ImportJob,
    Merge,
    Municipality,
    TableImport,
)
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

ROLES = [
    "operator",
    "coordinator",
    "head",
    "administrator",
    "teacher",
    "expert",
    "pupil",
    "student",
    "parent",
    "foreign",
    "ended",
]

TABLE = """
GET  healthz                              ok    | ok
GET  robots                               ok    | ok
GET  sitemap                              ok    | ok

GET  home                                 ok    | ok
GET  organisations                        ok    | ok
GET  organisations_suggest                ok    | ok
GET  organisation                         ok    | ok
GET  organisation_vcard                   ok    | ok
GET  municipalities                       ok    | ok
GET  open_data                            ok    | ok
GET  open_data_package                    ok    | ok
GET  open_data_csv_metadata               ok    | ok
GET  open_data_file                       ok    | ok
GET  open_dataset                         ok    | ok
GET  about                                ok    | ok
GET  accessibility                        ok    | ok

GET  cabinet                              login | ok
POST seat                                 login | go      ended=no
GET  seat                                 405   | 405
GET  profile                              login | ok
GET  security                             login | ok
GET  invitations                          login | no      head=ok foreign=ok
GET  audit                                login | no      operator=ok
GET  audit_entry                          login | no      operator=ok

GET  registry:organisations               login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  registry:organisation_add            login | no      operator=ok
GET  registry:organisation                login | go      operator=ok coordinator=ok head=ok administrator=ok
GET  registry:organisation_edit           login | refused operator=ok coordinator=ok head=ok administrator=ok
GET  registry:organisation_close          login | refused operator=ok
GET  registry:organisation_reopen         login | refused operator=ok
GET  registry:organisation_history        login | refused operator=ok coordinator=ok head=ok administrator=ok
GET  registry:facilities_add              login | refused operator=ok coordinator=ok head=ok administrator=ok
GET  registry:costs_add                   login | refused operator=ok coordinator=ok head=ok administrator=ok
GET  registry:costs_edit                  login | no      operator=ok coordinator=ok head=ok administrator=ok
GET  registry:costs_remove                login | no      operator=ok coordinator=ok head=ok administrator=ok
GET  registry:municipalities              login | no      operator=ok
GET  registry:municipality_add            login | no      operator=ok
GET  registry:municipality_edit           login | no      operator=ok
GET  registry:municipality_remove         login | no      operator=ok
GET  registry:pick_organisation           login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  registry:pick_guardian               login | no      operator=ok head=ok administrator=ok foreign=ok
GET  registry:pick_child                  login | no      operator=ok head=ok administrator=ok foreign=ok
GET  registry:groups                      login | ok      expert=no pupil=no student=no parent=no ended=no
GET  registry:group                       login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=ok
GET  registry:group_history               login | no      operator=ok coordinator=refused head=ok administrator=ok teacher=refused
GET  registry:teaching_add                login | no      operator=ok coordinator=refused head=ok administrator=ok teacher=refused
GET  registry:teaching_edit               login | no      operator=ok coordinator=refused head=ok administrator=ok
GET  registry:teaching_remove             login | no      operator=ok coordinator=refused head=ok administrator=ok
GET  registry:people                      login | ok
GET  registry:person_add                  login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  registry:duplicates                  login | no      operator=ok
GET  registry:duplicates_search           login | no      operator=ok
GET  registry:duplicate_dismiss           login | no      operator=ok
GET  registry:duplicates_dismissed        login | no      operator=ok
GET  registry:duplicate_restore           login | no      operator=ok
GET  registry:guardian_add                login | ok      coordinator=refused teacher=refused expert=no pupil=refused student=no parent=refused foreign=no ended=no
GET  registry:guardian_new                login | ok      coordinator=refused teacher=refused expert=no pupil=refused student=no parent=refused foreign=no ended=no
GET  registry:child_add                   login | no      operator=ok head=ok administrator=ok
GET  registry:guardianship_edit           login | no      operator=ok coordinator=refused head=ok administrator=ok pupil=refused parent=refused
GET  registry:guardianship_end            login | no      operator=ok coordinator=refused head=ok administrator=ok pupil=refused parent=refused
GET  registry:qualification_add           login | no      operator=ok coordinator=refused head=ok administrator=ok
GET  registry:qualification_edit          login | no      operator=ok coordinator=refused head=ok administrator=ok
GET  registry:qualification_remove        login | no      operator=ok coordinator=refused head=ok administrator=ok
GET  registry:person                      login | ok      expert=no student=no foreign=no ended=no
GET  registry:person_edit                 login | ok      teacher=refused expert=no pupil=refused student=no parent=refused foreign=no ended=no
GET  registry:person_history              login | ok      teacher=refused expert=no student=no foreign=no ended=no
GET  registry:person_invite               login | no      operator=ok coordinator=ok head=ok administrator=refused
GET  registry:sign_in_allow               login | no      operator=ok coordinator=ok head=ok administrator=refused teacher=refused
GET  registry:sign_in_forbid              login | no      operator=ok coordinator=ok head=ok administrator=refused teacher=refused
GET  registry:second_factor_drop          login | no      operator=ok coordinator=ok head=ok administrator=refused
GET  registry:post_add                    login | no      operator=ok coordinator=ok head=ok administrator=ok
GET  registry:enrolment_add               login | ok      teacher=refused expert=no pupil=refused student=no parent=refused foreign=no ended=no
GET  registry:merge_pick                  login | refused operator=ok expert=no student=no foreign=no ended=no
GET  registry:merge                       login | refused operator=ok expert=no student=no foreign=no ended=no
GET  registry:post_edit                   login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=refused
GET  registry:post_end                    login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=refused
GET  registry:enrolment_end               login | ok      teacher=refused expert=no pupil=refused student=no parent=refused foreign=no ended=no
GET  registry:merges                      login | no      operator=ok
POST registry:merge_undo                  login | no      operator=ok
GET  registry:import_people               login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  registry:import_municipalities       login | no      operator=ok
GET  registry:import_organisations        login | no      operator=ok
GET  registry:import_qualifications       login | no      operator=ok head=ok administrator=ok foreign=ok
GET  registry:import_guardians            login | no      operator=ok head=ok administrator=ok foreign=ok
GET  registry:import                      login | no      operator=ok
POST registry:import_decide               login | no      operator=go
GET  registry:import_bad                  login | no      operator=ok
GET  registry:import_job                  login | no      operator=ok
POST registry:import_job                  login | no      operator=go

GET  programme:public                     ok    | ok
GET  programme:public_list                ok    | ok
GET  programme:public_findings            ok    | ok
GET  programme:pack_xlsx                  ok    | ok
GET  programme:empty_pack                 ok    | ok
GET  programme:overview                   login | no      operator=ok
GET  programme:packs                      login | no      operator=ok
POST programme:example                    login | no      operator=go
GET  programme:pack                       login | no      operator=ok
GET  programme:load_xlsx                  login | no      operator=ok
GET  programme:original                   login | no
GET  programme:issues                     login | no      operator=ok
GET  programme:findings                   login | no      operator=ok
GET  programme:finding                    login | no      operator=ok
GET  programme:entries                    login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  programme:entry                      login | no      operator=ok
GET  programme:budget                     login | no      operator=ok
GET  programme:indicators                 login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  programme:indicator                  login | refused operator=ok coordinator=ok head=ok administrator=ok foreign=ok
POST programme:computation                login | refused operator=go
GET  programme:implementations            login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  programme:scenario                   login | no      operator=ok
GET  programme:scenario_kept              login | no      operator=go
POST programme:packs                      login | no      operator=bad
POST programme:finding                    login | no      operator=bad
POST programme:entry                      login | no      operator=go
POST programme:choose                     login | no      operator=go
POST programme:confirm                    login | no      operator=go
POST programme:cancel                     login | no      operator=go
POST programme:again                      login | no      operator=go
GET  programme:recheck                    login | no      operator=ok
POST programme:recheck                    login | no      operator=go
POST programme:decide_many                login | no      operator=bad
POST programme:reopen                     login | no      operator=go
POST programme:withdraw                   login | refused operator=go
POST programme:scenario_save              login | no      operator=go
POST programme:scenario_drop              login | no      operator=go
GET  programme:actions                    login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  programme:board                      login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  programme:gantt                      login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  programme:bodies                     login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  programme:action                     login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  programme:body                       login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
POST programme:action_state               login | no      operator=bad coordinator=refused head=refused administrator=refused foreign=refused
POST programme:action_term                login | no      operator=bad coordinator=refused head=refused administrator=refused foreign=refused
POST programme:action_owner               login | no      operator=go coordinator=refused head=refused administrator=refused foreign=refused
POST programme:action_note                login | no      operator=go coordinator=refused head=refused administrator=refused foreign=refused
POST programme:action_needs               login | no      operator=bad coordinator=refused head=refused administrator=refused foreign=refused
POST programme:action_needs_drop          login | no      operator=go coordinator=refused head=refused administrator=refused foreign=refused
POST programme:action_evidence            login | no      operator=bad coordinator=refused head=refused administrator=refused foreign=refused
POST programme:action_decision            login | no      operator=bad coordinator=refused head=refused administrator=refused foreign=refused
POST programme:occurrence_add             login | no      operator=bad coordinator=refused head=refused administrator=refused foreign=refused
POST programme:occurrence                 login | no      operator=go coordinator=refused head=refused administrator=refused foreign=refused
POST programme:evidence_remove            login | no      operator=go coordinator=refused head=refused administrator=refused foreign=refused
POST programme:alarm                      login | no      operator=go coordinator=refused head=refused administrator=refused foreign=refused
POST programme:body_change                login | no      operator=go coordinator=refused head=refused administrator=refused foreign=refused
POST programme:body_member                login | no      operator=bad coordinator=refused head=refused administrator=refused foreign=refused
POST programme:body_act                   login | no      operator=bad coordinator=refused head=refused administrator=refused foreign=refused
POST programme:body_decision              login | no      operator=bad coordinator=refused head=refused administrator=refused foreign=refused
POST programme:member_end                 login | no      operator=bad coordinator=refused head=refused administrator=refused foreign=refused
GET  programme:evidence_file              login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  programme:decision_file              login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  programme:act_file                   login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  notices                              login | ok
POST notices_read                         login | go
POST notice                               login | no      operator=go


GET  account_login                        ok    | go
GET  account_logout                       go    | ok
POST account_logout                       go    | go
GET  account_signup                       ok    | go
POST account_signup                       ok    | go
GET  account_inactive                     ok    | ok
GET  account_reauthenticate               login | ok
GET  account_email                        login | ok
GET  account_email_verification_sent      ok    | ok
GET  account_confirm_email                ok    | ok
GET  account_change_password              login | ok
GET  account_set_password                 login | go
GET  account_reset_password               ok    | ok
GET  account_reset_password_done          ok    | ok
GET  account_reset_password_from_key      ok    | ok
GET  account_reset_password_from_key_done ok    | ok
GET  account_confirm_login_code           go    | go
GET  mfa_index                            login | ok
GET  mfa_authenticate                     go    | go
GET  mfa_reauthenticate                   login | go
GET  mfa_activate_totp                    login | go
GET  mfa_deactivate_totp                  login | no
GET  mfa_view_recovery_codes              login | no
GET  mfa_generate_recovery_codes          login | go
GET  mfa_download_recovery_codes          login | no
GET  mfa_list_webauthn                    login | ok
GET  mfa_add_webauthn                     login | go
GET  mfa_reauthenticate_webauthn          login | go
GET  mfa_remove_webauthn                  login | go
GET  mfa_edit_webauthn                    login | go
GET  mfa_login_webauthn                   go    | go
GET  usersessions_list                    login | ok
GET  socialaccount_login_cancelled        ok    | ok
GET  socialaccount_login_error            401   | 401
GET  socialaccount_signup                 go    | go
GET  socialaccount_connections            login | ok
GET  openid_connect_login                 no    | no
GET  openid_connect_callback              no    | no

GET  ui:gallery                           no    | no
POST ui:mode                              go    | go
POST ui:language                          go    | go
"""  # noqa: E501


def with_factor(w: World) -> Person:
    user = User.objects.filter(person=w.newcomer).first() or UserFactory(person=w.newcomer)
    Authenticator.objects.get_or_create(
        user=user, type=Authenticator.Type.TOTP, defaults={"data": {}}
    )
    return w.newcomer


def pair_of(w: World) -> DuplicatePair:
    first, second = sorted((w.people["pupil"], w.twin), key=lambda person: person.pk)
    search, _made = DuplicateSearch.objects.get_or_create(
        found=1, defaults={"asked_at": clock.now()}
    )
    pair, _made = DuplicatePair.objects.get_or_create(
        first=first, second=second, defaults={"score": 1, "search": search}
    )
    return pair


def dismissed_pair_of(w: World) -> DuplicatePair:
    pair = pair_of(w)
    pair.dismissed_at, pair.reason = clock.now(), "проверка"
    pair.save()
    return pair


# Parts of addresses, by the name of the address.
PARTS: dict[str, Callable[[World], dict[str, Any]]] = {
    "audit_entry": lambda w: {"pk": w.entry.pk},
    "account_confirm_email": lambda w: {"key": "none"},
    "account_reset_password_from_key": lambda w: {"uidb36": "0", "key": "none"},
    "organisation": lambda w: {"code": w.school.code},
    "organisation_vcard": lambda w: {"code": w.school.code},
    "open_data_csv_metadata": lambda w: {"name": "organisations"},
    "open_data_file": lambda w: {"name": "organisations", "form": "csv"},
    "open_dataset": lambda w: {"name": "organisations"},
    **dict.fromkeys(
        (
            "registry:organisation",
            "registry:organisation_edit",
            "registry:organisation_close",
            "registry:organisation_reopen",
            "registry:organisation_history",
            "registry:facilities_add",
            "registry:costs_add",
        ),
        lambda w: {"pk": w.school.pk},
    ),
    **dict.fromkeys(
        ("registry:group", "registry:group_history", "registry:teaching_add"),
        lambda w: {"pk": w.group.pk},
    ),
    **dict.fromkeys(("registry:costs_edit", "registry:costs_remove"), lambda w: {"pk": w.cost.pk}),
    **dict.fromkeys(
        ("registry:teaching_edit", "registry:teaching_remove"), lambda w: {"pk": w.teaching.pk}
    ),
    **dict.fromkeys(
        ("registry:guardianship_edit", "registry:guardianship_end"), lambda w: {"pk": w.tie.pk}
    ),
    **dict.fromkeys(
        ("registry:qualification_edit", "registry:qualification_remove"),
        lambda w: {"pk": w.course.pk},
    ),
    "registry:qualification_add": lambda w: {"pk": w.newcomer.pk},
    "registry:child_add": lambda w: {"pk": w.newcomer.pk},
    "registry:duplicate_restore": lambda w: {"pk": dismissed_pair_of(w).pk},
    **dict.fromkeys(
        (
            "registry:person",
            "registry:person_edit",
            "registry:person_history",
            "registry:enrolment_add",
            "registry:guardian_add",
            "registry:guardian_new",
            "registry:merge_pick",
        ),
        lambda w: {"pk": w.people["pupil"].pk},
    ),
    **dict.fromkeys(
        ("registry:person_invite", "registry:post_add"), lambda w: {"pk": w.newcomer.pk}
    ),
    **dict.fromkeys(
        ("registry:sign_in_allow", "registry:sign_in_forbid"),
        lambda w: {"pk": w.people["teacher"].pk},
    ),
    "registry:second_factor_drop": lambda w: {"pk": with_factor(w).pk},
    **dict.fromkeys(
        ("registry:municipality_edit", "registry:municipality_remove"),
        lambda w: {"pk": Municipality.objects.order_by("pk")[0].pk},
    ),
    "registry:duplicate_dismiss": lambda w: {"pk": pair_of(w).pk},
    "registry:merge": lambda w: {"kept": w.people["pupil"].pk, "merged": w.twin.pk},
    "registry:merge_undo": lambda w: {"pk": w.merge.pk},
    **dict.fromkeys(
        ("registry:post_edit", "registry:post_end"), lambda w: {"pk": w.teacher_post.pk}
    ),
    "registry:enrolment_end": lambda w: {"pk": w.pupil_place.pk},
    **dict.fromkeys(
        ("registry:import", "registry:import_decide", "registry:import_bad"),
        lambda w: {"pk": w.table.pk},
    ),
    "registry:import_job": lambda w: {"pk": w.job.pk},
    **dict.fromkeys(
        (
            "programme:pack",
            "programme:confirm",
            "programme:cancel",
            "programme:again",
            "programme:load_xlsx",
            "programme:original",
        ),
        lambda w: {"pk": w.programme.current_id},
    ),
    "programme:issues": lambda w: {"pk": w.programme.current_id, "form": "csv"},
    **dict.fromkeys(
        ("programme:finding", "programme:reopen"),
        lambda w: {"pk": w.programme.findings.first().pk},
    ),
    "programme:recheck": lambda w: {"pk": w.programme.pk},
    "programme:entry": lambda w: {"pk": w.programme.entries.first().pk},
    **dict.fromkeys(
        ("programme:indicator", "programme:computation"),
        lambda w: {"pk": w.programme.indicators.first().pk},
    ),
    "programme:withdraw": lambda w: {"pk": w.implementation.pk},
    **dict.fromkeys(
        ("programme:scenario_kept", "programme:scenario_drop"), lambda w: {"pk": w.scenario.pk}
    ),
    **dict.fromkeys(
        (
            "programme:action",
            "programme:action_state",
            "programme:action_term",
            "programme:action_owner",
            "programme:action_note",
            "programme:action_needs",
            "programme:action_needs_drop",
            "programme:action_evidence",
            "programme:action_decision",
            "programme:occurrence_add",
        ),
        lambda w: {"pk": w.action.pk},
    ),
    "programme:occurrence": lambda w: {"pk": w.term.pk},
    **dict.fromkeys(
        ("programme:evidence_file", "programme:evidence_remove"), lambda w: {"pk": w.evidence.pk}
    ),
    **dict.fromkeys(
        (
            "programme:body",
            "programme:body_change",
            "programme:body_member",
            "programme:body_act",
            "programme:body_decision",
        ),
        lambda w: {"pk": w.seat.body_id},
    ),
    "programme:member_end": lambda w: {"pk": w.seat.pk},
    "programme:decision_file": lambda w: {"pk": w.decision.pk},
    "programme:act_file": lambda w: {"pk": w.act.pk},
    "notice": lambda w: {"pk": w.notice.pk},
    "mfa_remove_webauthn": lambda w: {"pk": 1},
    "mfa_edit_webauthn": lambda w: {"pk": 1},
    "openid_connect_login": lambda w: {"provider_id": "none"},
    "openid_connect_callback": lambda w: {"provider_id": "none"},
}

# What is sent by POST; nothing otherwise.
SENT: dict[str, Callable[[World, str], dict[str, Any]]] = {
    "seat": lambda w, role: {"seat": w.seats.get(role, "")},
    "ui:language": lambda w, role: {"language": "ru"},
    "programme:action_owner": lambda w, role: {"edition": w.action.edition},
    "programme:action_note": lambda w, role: {"edition": w.action.edition, "note": "проверка"},
    "programme:action_needs_drop": lambda w, role: {"needs": uuid.uuid4()},
}

APPS = [
    import_module(f"tests.{path.parent.name}.matrix")
    for path in sorted(Path(__file__).parent.glob("*/matrix.py"))
]
for app in APPS:
    PARTS |= getattr(app, "PARTS", {})
    SENT |= getattr(app, "SENT", {})

# Addresses without a name, or that only lead on to another.
UNNAMED = {
    "xapi/",
    "account/social/login/cancelled/",
    "account/social/login/error/",
    "account/social/signup/",
    "account/social/connections/",
}


@dataclass
class World:
    """One school with its people, and the others who must see none of it."""

    people: dict[str, Person] = field(default_factory=dict)
    seats: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.municipality = MunicipalityFactory()
        self.school = OrganisationFactory(municipality=self.municipality)
        self.college = OrganisationFactory(municipality=self.municipality, kind="college")
        self.group = ClassGroupFactory(organisation=self.school)
        self.post("operator", Role.OPERATOR, organisation=None)
        self.post(
            "coordinator", Role.COORDINATOR, organisation=None, municipality=self.municipality
        )
        self.post("head", Role.HEAD, organisation=self.school)
        self.post("administrator", Role.ADMINISTRATOR, organisation=self.school)
        teacher = self.post("teacher", Role.TEACHER, organisation=self.school)
        self.teacher_post = teacher
        self.teaching = Teaching.objects.create(post=teacher, group=self.group, subject="Физика")
        self.cost = ManagementCost.objects.create(
            organisation=self.school, year=2020, total=100, management=10
        )
        self.post("expert", Role.EXPERT, organisation=None)
        self.post("foreign", Role.HEAD)
        yesterday = clock.today() - timedelta(days=1)
        self.post("ended", Role.HEAD, organisation=self.school, until=yesterday)
        self.newcomer = PostFactory(organisation=self.school).person
        self.course = Qualification.objects.create(
            person=self.newcomer, programme="Курс", topic="other", hours=36,
            completed_on=yesterday,
        )  # fmt: skip
        self.pupil_place = EnrolmentFactory(group=self.group)
        self.twin = EnrolmentFactory(group=self.group).person
        self.merge = Merge.objects.create(
            kept=self.twin, merged=PersonFactory(), reason="проверка", merged_at=clock.now()
        )
        self.people["pupil"] = self.pupil_place.person
        student = EnrolmentFactory(
            group=ClassGroupFactory(organisation=self.college), role=Role.STUDENT
        )
        self.people["student"] = student.person
        self.people["parent"] = PersonFactory()
        self.tie = GuardianshipFactory(guardian=self.people["parent"], child=self.people["pupil"])
        self.clients = {"anonymous": Client()}
        for role in ROLES:
            user = UserFactory(person=self.people[role])
            user.set_password("пароль")
            user.save()
            self.clients[role] = Client()
            self.clients[role].force_login(User.objects.get(pk=user.pk))
            from sreda.registry.api import seats_of

            seats = seats_of(self.people[role].pk, clock.today())
            self.seats[role] = seats[0].key if seats else ""
        self.programme = load_demo_programme(at=clock.now())
        self.implementation = Implementation.objects.create(
            programme=self.programme,
            organisation=self.school,
            since=clock.today(),
            recorded_at=clock.now(),
        )
        self.scenario = Scenario.objects.create(
            programme=self.programme, name="проверка", made_at=clock.now()
        )
        file = StoredFile.objects.create(
            name="a.csv", content_type="text/csv", size=1, sha256="0" * 64, stored_at=clock.now()
        )
        self.table = TableImport.objects.create(
            file=file,
            staged_at=clock.now(),
            staged_by=User.objects.get(person=self.people["operator"]).pk,
        )
        self.job = ImportJob.objects.create(
            file=file,
            digest=file.sha256,
            made_by=User.objects.get(person=self.people["operator"]).pk,
            made_at=clock.now(),
            beat_at=clock.now(),
        )
        self.act_on_the_programme()
        for app in APPS:
            if hasattr(app, "prepare"):
                app.prepare(self)
        self.entry = AuditEntry.objects.latest("pk")

    def act_on_the_programme(self) -> None:
        """An action with a term, evidence and a decision; a body with a member and an act."""
        at, day = clock.now(), clock.today()
        paper = store(SimpleUploadedFile("a.txt", b"a"), at=at, actor=None)
        self.action = self.programme.actions.get(key="M5")
        self.term = self.action.occurrences.first()
        self.evidence = Evidence.objects.create(
            action=self.action, file=paper, title="проверка", added_at=at
        )
        self.seat = Membership.objects.get(body__programme=self.programme, body__kind="cdo")
        recorded = {"programme": self.programme, "body": self.seat.body, "file": paper}
        self.decision = Decision.objects.create(
            **recorded, action=self.action, decided_on=day, text="проверка", recorded_at=at
        )
        self.act = Act.objects.create(**recorded, title="проверка", date=day, recorded_at=at)
        notify([self.people["operator"].pk], key="проверка", subject="проверка", at=at)
        self.notice = notices_of(self.people["operator"].pk).get()

    def post(self, name: str, role: str, **fields: Any) -> Any:
        made = PostFactory(role=role, **fields)
        self.people[name] = made.person
        return made

    def address(self, name: str, parts: dict[str, Any] | None = None) -> str:
        make = PARTS.get(name)
        return reverse(name, kwargs=parts or (make(self) if make else {}))

    def ask(self, method: str, name: str, role: str, parts: dict[str, Any] | None = None) -> Any:
        """One request whose writes are undone."""
        client, address = self.clients[role], self.address(name, parts)
        kept = client.cookies.output()
        try:
            with transaction.atomic():
                if method == "GET":
                    answer = client.get(address)
                else:
                    send = SENT.get(name)
                    answer = client.post(address, send(self, role) if send else {})
                if answer.streaming:
                    b"".join(answer.streaming_content)
                transaction.set_rollback(True)
        finally:
            if client.cookies.output() != kept:
                client.cookies.clear()
                client.cookies.load(kept.replace("Set-Cookie: ", ""))
        return answer


@dataclass(frozen=True)
class Line:
    method: str
    name: str
    expected: dict[str, str]


def lines() -> Iterator[Line]:
    for text in "\n".join([TABLE, *(app.TABLE for app in APPS)]).splitlines():
        if not text.strip():
            continue
        left, right = text.split("|")
        method, name, anonymous = left.split()
        everyone, *others = right.split()
        expected = {"anonymous": anonymous} | dict.fromkeys(ROLES, everyone)
        for other in others:
            role, code = other.split("=")
            assert role in ROLES, text
            expected[role] = code
        yield Line(method, name, expected)


def code_of(answer: Any) -> str:
    status = answer.status_code
    if status == 302 and answer.url.startswith(reverse(settings.LOGIN_URL) + "?next="):
        return "login"
    words = {200: "ok", 302: "go", 301: "go", 404: "no", 403: "refused", 422: "bad"}
    return words.get(status, str(status))


@pytest.fixture
def world(db: None) -> World:
    return World()


def test_everyone_gets_what_the_table_says(world: World) -> None:
    wrong = []
    for line in lines():
        for role in ("anonymous", *ROLES):
            found = code_of(world.ask(line.method, line.name, role))
            if found != line.expected[role]:
                wrong.append(
                    f"{line.method} {line.name} as {role}: {found}, not {line.expected[role]}"
                )
    assert not wrong, "\n" + "\n".join(wrong)


def test_what_one_may_not_see_looks_as_what_does_not_exist(world: World) -> None:
    """Status, headers and body are the same as for a number nobody has."""
    compared = 0
    for line in lines():
        make = PARTS.get(line.name)
        if make is None:
            continue
        own = make(world)
        other = {
            key: uuid.uuid4() if isinstance(value, uuid.UUID) else 987_654_321
            for key, value in own.items()
        }
        if not all(isinstance(v, uuid.UUID | int) for v in own.values()):
            continue
        for role in ROLES:
            if line.expected[role] != "no":
                continue
            hidden = world.ask(line.method, line.name, role)
            absent = world.ask(line.method, line.name, role, other)
            assert hidden.status_code == absent.status_code == 404
            assert plain(hidden, own) == plain(absent, other), f"{line.name} as {role}"
            assert sorted(hidden.headers) == sorted(absent.headers)
            compared += 1
    assert compared >= 10


def plain(answer: Any, parts: dict[str, Any]) -> str:
    """The body without what differs between any two requests, and without what was asked for."""
    body: str = answer.content.decode()
    for value in parts.values():
        body = body.replace(f"/{value}/", "/…/")
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", body)


def named(patterns: Any, prefix: str = "", space: str = "") -> Iterator[tuple[str, str]]:
    for item in patterns:
        if isinstance(item, URLResolver):
            inner = f"{space}{item.namespace}:" if item.namespace else space
            yield from named(item.url_patterns, prefix + str(item.pattern), inner)
        elif isinstance(item, URLPattern):
            yield f"{space}{item.name}" if item.name else "", prefix + str(item.pattern)


def test_the_table_names_every_address() -> None:
    known = {line.name for line in lines()}
    addresses = list(named(get_resolver().url_patterns))
    missing = [f"{name} ({path})" for name, path in addresses if name and name not in known]
    unnamed = {path for name, path in addresses if not name} - UNNAMED
    gone = known - {name for name, _path in addresses}
    assert not missing, "not in the table: " + ", ".join(missing)
    assert not unnamed, f"without a name: {unnamed}"
    assert not gone, f"in the table, but no address any more: {gone}"
