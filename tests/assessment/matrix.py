"""Who may open what in assessment: lines of the access matrix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sreda.assessment.domain import attempts
from sreda.kernel import clock
from tests.assessment.bank import School, actor_for, choice_xml

TABLE = """
POST assessment:answers                   400   | 400
GET  assessment:answers                   405   | 405
GET  assessment:mine                      login | no      pupil=ok student=ok
GET  assessment:sitting                   login | no      pupil=ok
POST assessment:sitting                   login | no      pupil=go
GET  assessment:attempt                   login | no      operator=refused head=refused administrator=refused teacher=refused pupil=ok parent=refused
POST assessment:attempt                   login | no      operator=refused head=refused administrator=refused teacher=refused pupil=go parent=refused
GET  assessment:ticket                    login | no      operator=refused head=refused administrator=refused teacher=refused pupil=ok parent=refused
GET  assessment:result                    login | no      operator=ok head=ok administrator=ok teacher=ok pupil=ok parent=ok
GET  assessment:resource                  login | no
POST assessment:appeal                    login | no      pupil=go
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


PARTS = {
    "assessment:sitting": lambda w: {"pk": w.sitting.pk},
    "assessment:attempt": lambda w: {"pk": w.open.pk},
    "assessment:ticket": lambda w: {"pk": w.open.pk},
    "assessment:result": lambda w: {"pk": w.done.pk},
    "assessment:resource": lambda w: {"pk": w.done.pk, "ref": "Q1", "href": "no.png"},
    "assessment:appeal": lambda w: {"pk": w.result.pk},
}
