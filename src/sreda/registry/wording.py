"""What entries of the audit log say of the registry."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import name_actions, name_objects

name_actions(
    {
        "registry.account.allowed": _("Signing in allowed"),
        "registry.account.factor_dropped": _("Second factor taken off"),
        "registry.account.forbidden": _("Signing in forbidden"),
        "registry.account.invited": _("Invitation given out"),
        "registry.account.opened": _("Account opened"),
        "registry.costs.recorded": _("Management costs recorded"),
        "registry.costs.removed": _("Management costs removed"),
        "registry.duplicate.dismissed": _("Like records found to be two people"),
        "registry.duplicate.doubted": _("Records found to be two people are doubted again"),
        "registry.enrolment.ended": _("Enrolment ended"),
        "registry.enrolment.opened": _("Learner enrolled"),
        "registry.facilities.recorded": _("Facilities recorded"),
        "registry.guardians_import.applied": _("Table of parents and guardians taken over"),
        "registry.guardians_import.cancelled": _("Table of parents and guardians dropped"),
        "registry.guardians_import.staged": _("Table of parents and guardians handed in"),
        "registry.guardianship.ended": _("Guardianship ended"),
        "registry.guardianship.recorded": _("Parent or guardian recorded"),
        "registry.municipalities_import.applied": _("Table of municipalities taken over"),
        "registry.municipalities_import.cancelled": _("Table of municipalities dropped"),
        "registry.municipalities_import.staged": _("Table of municipalities handed in"),
        "registry.municipality.recorded": _("Municipality recorded"),
        "registry.municipality.removed": _("Municipality removed"),
        "registry.organisation.added": _("Organisation added"),
        "registry.organisation.changed": _("Organisation changed"),
        "registry.organisation.closed": _("Organisation closed"),
        "registry.organisation.reopened": _("Organisation reopened"),
        "registry.organisations_import.applied": _("Table of organisations taken over"),
        "registry.organisations_import.cancelled": _("Table of organisations dropped"),
        "registry.organisations_import.staged": _("Table of organisations handed in"),
        "registry.people.merge_undone": _("Merge of records undone"),
        "registry.people.merged": _("Records of one person merged"),
        "registry.people.unmerged": _("Merge of records undone"),
        "registry.people_import.applied": _("Table of people taken over"),
        "registry.people_import.cancelled": _("Table of people dropped"),
        "registry.people_import.staged": _("Table of people handed in"),
        "registry.person.added": _("Person added"),
        "registry.person.changed": _("Person changed"),
        "registry.person.invited": _("Invitation given out"),
        "registry.post.changed": _("Post changed"),
        "registry.post.ended": _("Post ended"),
        "registry.post.given": _("Post given"),
        "registry.qualification.recorded": _("Finished course recorded"),
        "registry.qualification.removed": _("Finished course removed"),
        "registry.qualifications_import.applied": _("Table of finished courses taken over"),
        "registry.qualifications_import.cancelled": _("Table of finished courses dropped"),
        "registry.qualifications_import.staged": _("Table of finished courses handed in"),
        "registry.region.generated": _("Demo region made"),
        "registry.site.died": _("Official site stopped answering"),
        "registry.site.revived": _("Official site answers again"),
        "registry.teaching.recorded": _("Teaching in a class recorded"),
        "registry.teaching.removed": _("Teaching in a class removed"),
    }
)
name_objects(
    {
        "registry.managementcost": _("cost of management"),
        "registry.merge": _("merge"),
        "registry.organisationsimport": _("import of a table"),
        "registry.peopleimport": _("import of a table"),
        "registry.qualification": _("professional development"),
        "registry.tableimport": _("import of a table"),
        "registry.user": _("account"),
    }
)
