"""Actions and objects of the audit log in words. The log itself keeps their lasting codes."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import action_words

ACTIONS: dict[str, Any] = {
    "portal.session.opened": _("Signed in"),
    "portal.session.closed": _("Signed out"),
    "portal.seat.taken": _("Switched to another post"),
    "portal.password.changed": _("Password changed"),
    "portal.second-factor.added": _("Second factor added"),
    "portal.second-factor.removed": _("Second factor removed"),
    "portal.outside-account.linked": _("Outside account linked"),
    "portal.outside-account.unlinked": _("Outside account unlinked"),
    "programme.act.recorded": _("Document recorded"),
    "programme.action.moved": _("State of a measure changed"),
    "programme.action.noted": _("Note on a measure changed"),
    "programme.action.owner-set": _("Owner of a measure changed"),
    "programme.action.term-set": _("Term of a measure changed"),
    "programme.body.changed": _("Dates of a body changed"),
    "programme.decision.recorded": _("Decision recorded"),
    "programme.dependency.added": _("Dependency added"),
    "programme.dependency.removed": _("Dependency removed"),
    "programme.evidence.added": _("Evidence added"),
    "programme.evidence.removed": _("Evidence removed"),
    "programme.membership.added": _("Place in a body given"),
    "programme.membership.ended": _("Place in a body ended"),
    "programme.occurrence.added": _("Term added"),
    "programme.occurrence.done": _("Term done"),
    "programme.occurrence.reopened": _("Term opened again"),
    "programme.entry.matched": _("Entry of the list matched with an organisation"),
    "programme.finding.decided": _("Finding decided"),
    "programme.finding.reopened": _("Finding reopened"),
    "programme.implementation.recorded": _("Implementation recorded"),
    "programme.implementation.withdrawn": _("Implementation withdrawn"),
    "programme.scenario.saved": _("Scenario saved"),
    "programme.scenario.dropped": _("Scenario deleted"),
    "programme.pack.cancelled": _("Loading of a pack cancelled"),
    "programme.pack.loaded": _("Pack loaded"),
    "programme.pack.staged": _("Pack put up for loading"),
    "records.credential.made": _("Credential of a source made"),
    "records.credential.revoked": _("Credential of a source revoked"),
    "registry.account.opened": _("Account opened"),
    "registry.account.invited": _("Invitation given out"),
    "registry.account.allowed": _("Signing in allowed"),
    "registry.account.forbidden": _("Signing in forbidden"),
    "registry.duplicate.dismissed": _("Like records found to be two people"),
    "registry.duplicate.doubted": _("Records found to be two people are doubted again"),
    "registry.costs.recorded": _("Management costs recorded"),
    "registry.costs.removed": _("Management costs removed"),
    "registry.guardianship.recorded": _("Parent or guardian recorded"),
    "registry.guardianship.ended": _("Guardianship ended"),
    "registry.qualification.recorded": _("Finished course recorded"),
    "registry.qualification.removed": _("Finished course removed"),
    "registry.teaching.recorded": _("Teaching in a class recorded"),
    "registry.teaching.removed": _("Teaching in a class removed"),
    "registry.enrolment.ended": _("Enrolment ended"),
    "registry.enrolment.opened": _("Learner enrolled"),
    "registry.facilities.recorded": _("Facilities recorded"),
    "registry.organisation.added": _("Organisation added"),
    "registry.organisation.changed": _("Organisation changed"),
    "registry.organisation.closed": _("Organisation closed"),
    "registry.organisation.reopened": _("Organisation reopened"),
    "registry.people.merged": _("Records of one person merged"),
    "registry.people.unmerged": _("Merge of records undone"),
    "registry.people.merge_undone": _("Merge of records undone"),
    "registry.person.added": _("Person added"),
    "registry.person.changed": _("Person changed"),
    "registry.person.invited": _("Invitation given out"),
    "registry.post.changed": _("Post changed"),
    "registry.post.ended": _("Post ended"),
    "registry.post.given": _("Post given"),
    "kernel.file.removed": _("File removed when its term was over"),
    "kernel.files.swept": _("Leftover files removed"),
    "registry.people_import.staged": _("Table of people handed in"),
    "registry.people_import.applied": _("Table of people taken over"),
    "registry.people_import.cancelled": _("Table of people dropped"),
    "registry.organisations_import.staged": _("Table of organisations handed in"),
    "registry.organisations_import.applied": _("Table of organisations taken over"),
    "registry.organisations_import.cancelled": _("Table of organisations dropped"),
    "programme.indicator.computation_chosen": _("Computation of an indicator chosen"),
    "registry.site.died": _("Official site stopped answering"),
    "registry.site.revived": _("Official site answers again"),
    "registry.region.generated": _("Demo region made"),
}

# Models that carry no name of their own in words.
OBJECTS: dict[str, Any] = {
    "assessment.appeal": _("appeal against a mark"),
    "assessment.attempt": _("attempt at a test"),
    "assessment.itemresult": _("result of an item"),
    "programme.action": _("measure or step"),
    "programme.act": _("act of the programme"),
    "programme.body": _("body of the programme"),
    "programme.correction": _("correction"),
    "programme.decision": _("decision on a measure"),
    "programme.evidence": _("evidence"),
    "programme.finding": _("finding"),
    "programme.implementation": _("implementation"),
    "programme.indicator": _("indicator"),
    "programme.listentry": _("entry of the list"),
    "programme.membership": _("membership of a body"),
    "programme.packload": _("load of a pack"),
    "programme.programme": _("programme"),
    "programme.scenario": _("scenario"),
    "reporting.consolidation": _("municipality's report"),
    "reporting.formversion": _("version of a form"),
    "registry.organisationsimport": _("import of a table"),
    "registry.peopleimport": _("import of a table"),
    "registry.managementcost": _("cost of management"),
    "registry.merge": _("merge"),
    "registry.qualification": _("professional development"),
    "registry.user": _("account"),
}

# Words of the sign-in library whose Russian we say better; the catalogue is all they are here for.
_OURS = (_("Email"), _("Name"), _("Master key"))


def action_label(code: str) -> str:
    return str(ACTIONS.get(code) or action_words().get(code, code))


def object_label(label: str) -> str:
    """The object's kind in words, from its "app.model" label."""
    if label.lower() in OBJECTS:
        return str(OBJECTS[label.lower()]).capitalize()
    try:
        return str(apps.get_model(label)._meta.verbose_name).capitalize() if label else ""
    except LookupError:  # an app that is not installed any more
        return label
