"""Who may open what in assessment: lines of the access matrix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sreda.assessment.domain import attempts, bank, tests
from sreda.assessment.models import Appeal, Rescoring
from sreda.kernel import clock
from tests.assessment.bank import School, actor_for, choice_xml

TABLE = """
POST assessment:answers                   400   | 400
GET  assessment:answers                   405   | 405
GET  assessment:mine                      login | no      pupil=ok student=ok
GET  assessment:children                  login | no      parent=ok
GET  assessment:sitting                   login | no      pupil=ok
POST assessment:sitting                   login | no      pupil=go
GET  assessment:attempt                   login | no      operator=refused head=refused administrator=refused teacher=refused pupil=ok parent=refused
POST assessment:attempt                   login | no      operator=refused head=refused administrator=refused teacher=refused pupil=go parent=refused
GET  assessment:ticket                    login | no      operator=refused head=refused administrator=refused teacher=refused pupil=ok parent=refused
GET  assessment:result                    login | no      operator=ok head=ok administrator=ok teacher=ok pupil=ok parent=ok
GET  assessment:material                  login | no
GET  assessment:resource                  login | no
GET  assessment:portable                  no    | no
GET  assessment:portable_file             no    | no
POST assessment:appeal                    login | no      pupil=go parent=go
GET  assessment:sittings                  login | no      operator=ok head=ok administrator=ok teacher=ok foreign=ok
GET  assessment:sitting_add               login | no      head=ok administrator=ok teacher=ok foreign=ok
GET  assessment:watch                     login | no      operator=ok head=ok administrator=ok teacher=ok
GET  assessment:sitting_edit              login | no      operator=refused head=ok administrator=ok teacher=ok
GET  assessment:quality                   login | no      operator=ok head=ok administrator=ok teacher=ok
GET  assessment:rescore                   login | no      operator=refused head=ok administrator=ok teacher=ok
POST assessment:act                       login | no      operator=refused head=go administrator=go teacher=go
GET  assessment:rescoring                 login | no      operator=refused head=ok administrator=ok teacher=ok
GET  assessment:work                      login | no      head=ok administrator=ok teacher=ok
GET  assessment:queue                     login | no      head=ok administrator=ok teacher=ok expert=ok foreign=ok
GET  assessment:appeals                   login | no      head=ok administrator=ok teacher=ok foreign=ok
POST assessment:decide                    login | no      operator=refused head=bad administrator=bad teacher=refused pupil=refused
GET  assessment:mark                      login | no      operator=refused head=ok administrator=ok teacher=ok pupil=refused parent=refused
GET  assessment:sent                      login | no
GET  assessment:own_file                  login | no
GET  assessment:items                     login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok foreign=ok
GET  assessment:item_new                  login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok foreign=ok
POST assessment:item_new                  login | no      operator=bad head=bad administrator=bad teacher=bad expert=bad foreign=bad
GET  assessment:item                      login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok
POST assessment:item_act                  login | no      operator=go head=go administrator=go teacher=go expert=refused
GET  assessment:item_edit                 login | no      operator=ok head=ok administrator=ok teacher=ok expert=refused
POST assessment:item_edit                 login | no      operator=bad head=bad administrator=bad teacher=bad expert=refused
POST assessment:item_preview              login | no      operator=ok head=ok administrator=ok teacher=ok expert=refused
GET  assessment:item_version              login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok
GET  assessment:item_try                  login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok
POST assessment:item_try                  login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok
GET  assessment:item_file                 login | no
GET  assessment:stimulus_file             login | no
GET  assessment:package_new               login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok foreign=ok
POST assessment:package_new               login | no      operator=bad head=bad administrator=bad teacher=bad expert=bad foreign=bad
GET  assessment:package                   login | no
GET  assessment:package_out               login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok foreign=go
GET  assessment:quizzes                   login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok foreign=ok
GET  assessment:quiz_new                  login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok foreign=ok
POST assessment:quiz_new                  login | no      operator=bad head=bad administrator=bad teacher=bad expert=bad foreign=bad
GET  assessment:quiz                      login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok
POST assessment:quiz_act                  login | no      operator=go head=go administrator=go teacher=go expert=refused
GET  assessment:quiz_edit                 login | no      operator=ok head=ok administrator=ok teacher=ok expert=refused
POST assessment:quiz_edit                 login | no      operator=bad head=bad administrator=bad teacher=bad expert=refused
GET  assessment:test_out                  login | no      operator=ok head=ok administrator=ok teacher=ok expert=ok
"""  # noqa: E501


def prepare(world: Any) -> None:
    """A sitting of the own school's class: the pupil has handed in one attempt, another is open."""
    at = clock.now()
    school = School(at)
    school.group, school.organisation = world.group, world.school
    teacher = world.people["teacher"]
    school.teacher = actor_for(teacher, "teacher", at, organisation_id=world.school.pk)
    sitting = school.sitting(school.test([school.item(choice_xml())]), attempts=3)
    learner = actor_for(world.people["pupil"], "pupil", at, organisation_id=world.school.pk)
    done = attempts.begin(sitting, actor=learner, at=at)
    attempts.hand_in(done, actor=learner, at=at + timedelta(seconds=1))
    world.sitting, world.done = sitting, done
    world.open = attempts.begin(sitting, actor=learner, at=at)
    world.result = done.results.get()
    world.appeal = Appeal.objects.create(
        result=world.result, text="?", by=learner.person_id, by_name="?", at=at
    )
    world.item = school.item(choice_xml("bank"))
    world.rescoring = Rescoring.objects.create(
        sitting=sitting, before=world.result.item_version, after=world.item.current, reason="?",
        made_at=at, made_by_name="?", asked_at=at, status="listed",
    )  # fmt: skip
    bank.draft_of(world.item, actor=school.teacher, at=at)
    world.quiz = sitting.version.test
    tests.draft_of(world.quiz, actor=school.teacher, at=at)


PARTS = {
    "assessment:sitting": lambda w: {"pk": w.sitting.pk},
    "assessment:attempt": lambda w: {"pk": w.open.pk},
    "assessment:ticket": lambda w: {"pk": w.open.pk},
    "assessment:result": lambda w: {"pk": w.done.pk},
    "assessment:material": lambda w: {
        "pk": w.done.pk,
        "ref": "Q1",
        "stimulus": w.done.pk,
        "href": "no.png",
    },
    "assessment:resource": lambda w: {"pk": w.done.pk, "ref": "Q1", "href": "no.png"},
    **dict.fromkeys(("assessment:appeal", "assessment:mark"), lambda w: {"pk": w.result.pk}),
    "assessment:sent": lambda w: {"pk": w.result.pk, "file": UUID(int=1)},
    "assessment:own_file": lambda w: {"pk": w.done.pk, "file": UUID(int=1)},
    **dict.fromkeys(
        (
            "assessment:watch",
            "assessment:sitting_edit",
            "assessment:quality",
            "assessment:rescore",
        ),
        lambda w: {"pk": w.sitting.pk},
    ),
    "assessment:act": lambda w: {"pk": w.sitting.pk, "what": "close"},
    "assessment:rescoring": lambda w: {"pk": w.rescoring.pk},
    "assessment:work": lambda w: {"pk": w.done.pk},
    "assessment:decide": lambda w: {"pk": w.appeal.pk},
    "assessment:portable": lambda w: {"ticket": "no"},
    "assessment:portable_file": lambda w: {"ticket": "no", "href": "modules/a.js"},
    "assessment:package": lambda w: {"pk": w.item.pk},
    **dict.fromkeys(
        (
            "assessment:quiz",
            "assessment:quiz_act",
            "assessment:quiz_edit",
            "assessment:test_out",
        ),
        lambda w: {"pk": w.quiz.pk},
    ),
    "assessment:item": lambda w: {"pk": w.item.pk},
    "assessment:item_act": lambda w: {"pk": w.item.pk},
    "assessment:item_edit": lambda w: {"pk": w.item.pk},
    "assessment:item_preview": lambda w: {"pk": w.item.pk},
    "assessment:item_version": lambda w: {"pk": w.item.pk, "number": 1},
    "assessment:item_try": lambda w: {"pk": w.item.pk, "number": 1},
    "assessment:item_file": lambda w: {"pk": w.item.pk, "number": 1, "href": "no.png"},
    "assessment:stimulus_file": lambda w: {"pk": w.item.pk, "stimulus": UUID(int=1), "href": "x"},
}
