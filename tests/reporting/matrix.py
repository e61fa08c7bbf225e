"""Who may open what in reporting: lines of the access matrix."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sreda.kernel import clock
from sreda.registry.api import User
from sreda.reporting.domain.delegation import delegate
from sreda.reporting.domain.dictionaries import add_dictionary
from sreda.reporting.domain.filling import Change, save_changes
from sreda.reporting.domain.forms import DEFAULTS, add_form
from sreda.reporting.domain.freshness import recompute
from sreda.reporting.domain.handing_in import say
from sreda.reporting.domain.indicators import add_indicator
from sreda.reporting.domain.surveys import open_survey
from sreda.reporting.forms import Option, Schema
from sreda.reporting.models import (
    Dashboard,
    Dictionary,
    Form,
    FormVersion,
    Indicator,
    Mailing,
    Proposal,
    Widget,
)
from tests.factories import actor_for
from tests.reporting.forms import QUESTIONS
from tests.reporting.world import opened, published, report

# The indicator is a public one: signed in, everybody sees it; by organisations, those with a place.
TABLE = """
GET  reporting:indicators                 login | ok
GET  reporting:indicator                  login | ok
GET  reporting:indicator_values           ok    | ok
GET  reporting:indicator_export           login | ok
GET  reporting:indicator_organisations    login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  reporting:indicator_records          login | ok      teacher=no pupil=no student=no
GET  reporting:indicator_add              login | no      operator=ok
GET  reporting:indicator_edit             login | refused operator=ok
GET  reporting:indicator_delete           login | refused operator=ok
POST reporting:indicator_check            login | no      operator=ok
POST reporting:indicators_ship            login | no      operator=go

GET  reporting:reports                    login | no      head=ok administrator=ok teacher=ok foreign=ok
GET  reporting:report                     login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=ok
GET  reporting:state                      login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=ok
POST reporting:save                       login | no      operator=refused coordinator=refused head=400 administrator=400 teacher=400
GET  reporting:check                      login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=ok
POST reporting:submit                     login | no      operator=refused coordinator=refused head=bad administrator=refused teacher=refused
POST reporting:withdraw                   login | no      operator=refused coordinator=refused head=go administrator=refused teacher=refused
POST reporting:review                     login | no      operator=go coordinator=go head=refused administrator=refused teacher=refused
POST reporting:comment                    login | no      operator=go coordinator=go head=go administrator=go teacher=go
POST reporting:settle                     login | no      operator=go coordinator=go head=go administrator=go teacher=go
GET  reporting:delegate                   login | no      operator=refused coordinator=refused head=ok administrator=ok teacher=refused
POST reporting:revoke                     login | no      operator=refused coordinator=refused head=go administrator=go teacher=refused
POST reporting:part_done                  login | no      operator=refused coordinator=refused head=go administrator=go teacher=go
GET  reporting:file                       login | no
POST reporting:file                       login | no      operator=refused coordinator=refused head=go administrator=go teacher=go
GET  reporting:history                    login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=ok
GET  reporting:cell                       login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=ok
GET  reporting:records                    login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=ok
GET  reporting:xlsx                       login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=ok
GET  reporting:pdf                        login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=ok
POST reporting:upload                     login | no      operator=refused coordinator=refused head=go administrator=go teacher=go
GET  reporting:paper                      login | no      operator=ok coordinator=ok head=ok administrator=ok teacher=ok

GET  reporting:campaigns                  login | no      operator=ok coordinator=ok
GET  reporting:campaign_add               login | no      operator=ok
GET  reporting:campaign                   login | no      operator=ok coordinator=ok
GET  reporting:campaign_state             login | no      operator=ok coordinator=ok
POST reporting:campaign_open              login | no      operator=go coordinator=refused
POST reporting:campaign_cancel            login | no      operator=go coordinator=refused
POST reporting:campaign_remind            login | no      operator=go coordinator=refused
POST reporting:campaign_close             login | no      operator=go coordinator=refused
POST reporting:campaign_reopen            login | no      operator=go coordinator=refused
GET  reporting:consolidated               login | no      operator=ok coordinator=ok
GET  reporting:consolidated_cell          login | no      operator=ok coordinator=ok
POST reporting:consolidation_submit       login | no      operator=no coordinator=go
GET  reporting:proposals                  login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
POST reporting:decide                     login | no      operator=go coordinator=refused head=go administrator=go
GET  reporting:forms                      login | no      operator=ok
GET  reporting:form_add                   login | no      operator=ok
POST reporting:form_add                   login | no      operator=bad
GET  reporting:form_import                login | no      operator=ok
POST reporting:form_import                login | no      operator=bad
POST reporting:forms_shipped              login | no      operator=go
GET  reporting:form                       login | no      operator=ok
GET  reporting:form_edit                  login | no      operator=ok
POST reporting:draft_begin                login | no      operator=go
POST reporting:form_withdraw              login | no      operator=go
GET  reporting:version                    login | no      operator=ok
GET  reporting:part                       login | no      operator=go
GET  reporting:part_add                   login | no      operator=go
GET  reporting:lines                      login | no      operator=go
GET  reporting:table_cell                 login | no      operator=go
POST reporting:part_act                   login | no
GET  reporting:attempt                    login | no      operator=ok
GET  reporting:build                      login | no      operator=ok
GET  reporting:preview                    login | no      operator=ok
GET  reporting:publishing                 login | no      operator=ok
POST reporting:publish                    login | no      operator=go
POST reporting:fill_from                  login | no      operator=go
POST reporting:repeat                     login | no      operator=go
POST reporting:connect                    login | no      operator=go
GET  reporting:carry                      login | no
POST reporting:carry_over                 login | no
GET  reporting:imported                   login | no      operator=go
GET  reporting:form_export                login | no      operator=ok
POST reporting:draft_delete               login | no      operator=go
GET  reporting:dictionaries               login | no      operator=ok
GET  reporting:dictionary_add             login | no      operator=ok
POST reporting:dictionary_add             login | no      operator=bad
GET  reporting:dictionary                 login | no      operator=ok
POST reporting:dictionary_delete          login | no      operator=go
GET  reporting:dashboards                 login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  reporting:dashboard                  login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  reporting:dashboard_export           login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  reporting:dashboard_add              login | no      operator=ok coordinator=ok head=ok administrator=ok foreign=ok
GET  reporting:dashboard_edit             login | no      operator=ok coordinator=refused head=refused administrator=refused foreign=refused
GET  reporting:widget_add                 login | no      operator=ok coordinator=refused head=refused administrator=refused foreign=refused
GET  reporting:widget_edit                login | no      operator=ok coordinator=refused head=refused administrator=refused foreign=refused
POST reporting:widget_arrange             login | no      operator=go coordinator=refused head=refused administrator=refused foreign=refused
POST reporting:dashboard_copy             login | no      operator=go coordinator=go head=go administrator=go foreign=go
POST reporting:mailing_add                login | no      operator=go coordinator=go head=go administrator=go foreign=go
POST reporting:mailing_drop               login | no      operator=go
POST reporting:dashboard_delete           login | no      operator=go coordinator=refused head=refused administrator=refused foreign=refused
GET  reporting:mailing_stop               ok    | ok
GET  reporting:analytics                  login | no      operator=ok
GET  reporting:analytics_file             login | no      operator=ok
GET  reporting:surveys                    login | ok
GET  reporting:survey                     login | no      teacher=ok
GET  reporting:surveys_all                login | no      operator=ok
GET  reporting:survey_add                 login | no      operator=ok
POST reporting:survey_add                 login | no      operator=bad
GET  reporting:survey_results             login | no      operator=ok
GET  reporting:survey_edit                login | no      operator=ok
GET  reporting:survey_silent              login | no
POST reporting:survey_open                login | no      operator=go
POST reporting:survey_remind              login | no      operator=go
POST reporting:survey_close               login | no      operator=go
POST reporting:survey_cancel              login | no      operator=go
GET  reporting:public                     ok    | ok
GET  reporting:embed                      ok    | ok
"""  # noqa: E501


class Asked:
    """One campaign of a small form, with all that its addresses name; made once a world."""

    def __init__(self, w: Any) -> None:
        at = clock.now()
        self.campaign = opened(title="Матрица", year=2025, as_of=clock.today())
        self.report = report(self.campaign, w.school)
        head = seats_actor(w.people["head"])
        self.delegation = delegate(
            self.report, "general", w.people["teacher"].pk, actor=head, at=at
        )
        self.comment = say(self.report, place="base.shifts", text="?", actor=head, at=at)
        change = Change("pupils.g7.total", "99", reason="Проверка")
        save_changes(self.report, edition=10_000, changes=[change], actor=head, at=at, key=uuid4())
        self.proposal = Proposal.objects.get(submission=self.report)


def seats_actor(person: Any) -> Any:
    return actor_for(person, on=clock.today())


def asked(w: Any) -> Asked:
    if not hasattr(w, "asked"):
        w.asked = Asked(w)
    found: Asked = w.asked
    return found


def _report(w: Any) -> dict[str, Any]:
    return {"pk": asked(w).report.pk}


def _campaign(w: Any) -> dict[str, Any]:
    return {"pk": asked(w).campaign.pk}


def _survey(w: Any) -> dict[str, Any]:
    """A survey that asks the school's teachers."""
    if not hasattr(w, "survey"):
        w.survey = open_survey(
            published(QUESTIONS, code="matrix_survey", kind="survey"),
            title="Матрица", opens_on=clock.today(), due_on=clock.today(), anonymous=True,
            audience={"roles": ["teacher"], "organisations": [str(w.school.pk)]},
            actor=None, at=clock.now(),
        )  # fmt: skip
    return {"pk": w.survey.pk}


def prepare(w: Any) -> None:
    asked(w)
    _survey(w)


def public_indicator() -> Indicator:
    found = Indicator.objects.filter(code="matrix").first()
    if found is None:
        fields: dict[str, Any] = {
            "code": "matrix",
            "title": "Школы",
            "formula": 'count("passport")',
            "levels": ["region", "municipality", "organisation"],
            "public": True,
        }
        found = add_indicator(fields=fields, at=clock.now(), actor=None)
        recompute(at=clock.now())
    return found


def board() -> Dashboard:
    public_indicator()
    made, new = Dashboard.objects.get_or_create(
        title="Матрица", level="region", shared=True, public=True,
        defaults={"made_at": clock.now()},
    )  # fmt: skip
    if new:
        sources = [{"indicator": "matrix"}]
        Widget.objects.create(dashboard=made, number=1, kind="figure", sources=sources)
    return made


def _mailing(w: Any) -> Mailing:
    user = User.objects.get(person=w.people["operator"])
    return Mailing.objects.get_or_create(
        dashboard=board(), user=user, frequency="weekly", format="csv", token="matrix",
        defaults={"seat": "-", "since": clock.today()},
    )[0]  # fmt: skip


def _board(w: Any) -> dict[str, Any]:
    return {"pk": board().pk}


def _part(w: Any) -> dict[str, Any]:
    found = board()
    return {"pk": found.pk, "part": found.widgets.first().pk}


def _indicator(w: Any) -> dict[str, Any]:
    return {"pk": public_indicator().pk}


REPORT = (
    "report", "state", "save", "check", "submit", "withdraw", "review", "comment", "delegate",
    "part_done", "file", "history", "cell", "records", "xlsx", "pdf", "upload", "paper",
)  # fmt: skip
CAMPAIGN = (
    "campaign", "campaign_state", "campaign_open", "campaign_cancel", "campaign_remind",
    "campaign_close",
    "campaign_reopen", "consolidated", "consolidated_cell", "consolidation_submit",
)  # fmt: skip


def draft(w: Any) -> FormVersion:
    """Of a form that never was in force."""
    form = Form.objects.filter(code="matrix_form").first() or add_form(
        code="matrix_form", values={**DEFAULTS, "title": "Проверка"}, schema=Schema(),
        actor=None, at=clock.now(),
    )  # fmt: skip
    return form.versions.get()


def dictionary(w: Any) -> Dictionary:
    return Dictionary.objects.filter(code="matrix_list").first() or add_dictionary(
        code="matrix_list", title="Проверка", options=[Option("a", "А")], actor=None,
        at=clock.now(),
    )  # fmt: skip


def _form(w: Any) -> dict[str, Any]:
    return {"pk": draft(w).form_id}


def _version(w: Any) -> dict[str, Any]:
    return {"pk": draft(w).pk}


NO_CAMPAIGN = uuid4()
OF_FORMS = ("form", "form_edit", "draft_begin", "form_withdraw")
OF_VERSIONS = (
    "version", "part", "part_add", "lines", "table_cell", "part_act", "attempt", "build", "preview",
    "publishing", "publish", "fill_from", "repeat", "connect", "imported", "draft_delete",
)  # fmt: skip
PARTS = {
    "reporting:analytics_file": lambda w: {"name": "indicators"},
    **{f"reporting:{name}": _report for name in REPORT},
    **{f"reporting:{name}": _campaign for name in CAMPAIGN},
    "reporting:settle": lambda w: {**_report(w), "comment_pk": asked(w).comment.pk},
    "reporting:revoke": lambda w: {**_report(w), "given_pk": asked(w).delegation.pk},
    "reporting:decide": lambda w: {"pk": asked(w).proposal.pk},
    **{f"reporting:{name}": _form for name in OF_FORMS},
    **{f"reporting:{name}": _version for name in OF_VERSIONS},
    "reporting:form_export": lambda w: {"shape": "json", **_version(w)},
    "reporting:carry": lambda w: {"campaign": NO_CAMPAIGN, **_version(w)},
    "reporting:carry_over": lambda w: {"campaign": NO_CAMPAIGN, **_version(w)},
    "reporting:dictionary": lambda w: {"pk": dictionary(w).pk},
    "reporting:dictionary_delete": lambda w: {"pk": dictionary(w).pk},
    **dict.fromkeys(
        (
            "reporting:dashboard",
            "reporting:dashboard_edit",
            "reporting:dashboard_copy",
            "reporting:dashboard_delete",
            "reporting:mailing_add",
            "reporting:widget_add",
            "reporting:embed",
        ),
        _board,
    ),
    **dict.fromkeys(("reporting:widget_edit", "reporting:widget_arrange"), _part),
    "reporting:dashboard_export": lambda w: {"form": "csv", **_board(w)},
    "reporting:mailing_drop": lambda w: {"pk": _mailing(w).pk},
    "reporting:mailing_stop": lambda w: {"token": _mailing(w).token},
    **dict.fromkeys(
        [
            f"reporting:survey{end}"
            for end in ("", "_results", "_edit", "_silent", "_open", "_remind", "_close", "_cancel")
        ],
        _survey,
    ),
    "reporting:indicator": _indicator,
    "reporting:indicator_organisations": _indicator,
    "reporting:indicator_edit": _indicator,
    "reporting:indicator_delete": _indicator,
    "reporting:indicator_values": lambda w: {"form": "sdmx-csv"},
    "reporting:indicator_export": lambda w: {"form": "csv", **_indicator(w)},
    "reporting:indicator_records": lambda w: {"number": 0, **_indicator(w)},
}
SENT = {"reporting:indicator_check": lambda w, role: {"formula": 'count("passport")'}}
