"""What entries of the audit log say of the programme of change."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import name_actions, name_objects

name_actions(
    {
        "programme.act.recorded": _("Document recorded"),
        "programme.action.moved": _("State of a measure changed"),
        "programme.action.noted": _("Note on a measure changed"),
        "programme.action.owner-set": _("Owner of a measure changed"),
        "programme.action.term-set": _("Term of a measure changed"),
        "programme.body.changed": _("Dates of a body changed"),
        "programme.decision.recorded": _("Decision recorded"),
        "programme.dependency.added": _("Dependency added"),
        "programme.dependency.removed": _("Dependency removed"),
        "programme.entry.matched": _("Entry of the list matched with an organisation"),
        "programme.evidence.added": _("Evidence added"),
        "programme.evidence.removed": _("Evidence removed"),
        "programme.finding.decided": _("Finding decided"),
        "programme.finding.reopened": _("Finding reopened"),
        "programme.implementation.recorded": _("Implementation recorded"),
        "programme.implementation.withdrawn": _("Implementation withdrawn"),
        "programme.indicator.computation_chosen": _("Computation of an indicator chosen"),
        "programme.membership.added": _("Place in a body given"),
        "programme.membership.ended": _("Place in a body ended"),
        "programme.occurrence.added": _("Term added"),
        "programme.occurrence.done": _("Term done"),
        "programme.occurrence.reopened": _("Term opened again"),
        "programme.pack.cancelled": _("Loading of a pack cancelled"),
        "programme.pack.loaded": _("Pack loaded"),
        "programme.pack.staged": _("Pack put up for loading"),
        "programme.scenario.dropped": _("Scenario deleted"),
        "programme.scenario.saved": _("Scenario saved"),
    }
)
name_objects(
    {
        "programme.act": _("act of the programme"),
        "programme.action": _("measure or step"),
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
    }
)
