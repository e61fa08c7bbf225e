"""What entries of the audit log say of reporting."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sreda.kernel.api import name_actions, name_objects

name_actions(
    {
        "reporting.analyst.added": _("Access of an analyst opened"),
        "reporting.analyst.dropped": _("Access of an analyst closed"),
        "reporting.campaign.carried": _("Campaign carried to a new version"),
        "reporting.campaign.closed": _("Campaign closed"),
        "reporting.campaign.opened": _("Campaign opened"),
        "reporting.campaign.planned": _("Campaign planned"),
        "reporting.campaign.cancelled": _("Campaign taken back before it opened"),
        "reporting.campaign.reminded": _("Reminder of a campaign sent"),
        "reporting.campaign.reopened": _("Campaign opened again"),
        "reporting.cells.corrected": _("Cells filled from records corrected"),
        "reporting.consolidation.reopened": _("Municipality's report opened again"),
        "reporting.consolidation.submitted": _("Municipality's report handed in"),
        "reporting.dashboard.added": _("Dashboard added"),
        "reporting.dashboard.arranged": _("Dashboard arranged anew"),
        "reporting.dashboard.changed": _("Dashboard changed"),
        "reporting.dashboard.copied": _("Dashboard copied"),
        "reporting.dashboard.deleted": _("Dashboard deleted"),
        "reporting.dashboard.shipped": _("Shipped dashboards loaded"),
        "reporting.dictionary.added": _("Dictionary added"),
        "reporting.dictionary.changed": _("Dictionary changed"),
        "reporting.dictionary.deleted": _("Dictionary deleted"),
        "reporting.form.added": _("Form added"),
        "reporting.form.changed": _("Form changed"),
        "reporting.form.deleted": _("Form deleted"),
        "reporting.form.restored": _("Form brought back"),
        "reporting.form.withdrawn": _("Form withdrawn"),
        "reporting.indicator.added": _("Indicator added"),
        "reporting.indicator.changed": _("Indicator changed"),
        "reporting.indicator.deleted": _("Indicator deleted"),
        "reporting.mailing.added": _("Mailing of a dashboard added"),
        "reporting.mailing.stopped": _("Mailing of a dashboard stopped"),
        "reporting.proposal.decided": _("Proposed change of the records decided"),
        "reporting.report.accepted": _("Report accepted"),
        "reporting.report.carried": _("Report moved to a new version of the form"),
        "reporting.report.opened": _("Report opened for filling"),
        "reporting.report.reopened": _("Report opened again"),
        "reporting.report.returned": _("Report returned with comments"),
        "reporting.report.submitted": _("Report signed and handed in"),
        "reporting.report.withdrawn": _("Report taken back by the sender"),
        "reporting.section.delegated": _("Part of a report given to a colleague"),
        "reporting.section.revoked": _("Part of a report taken back"),
        "reporting.survey.answered": _("Survey answered"),
        "reporting.survey.cancelled": _("Survey taken back before it opened"),
        "reporting.survey.changed": _("Survey changed"),
        "reporting.survey.reminded": _("Reminder of a survey sent"),
        "reporting.version.begun": _("New version of a form begun"),
        "reporting.version.changed": _("Draft of a form changed"),
        "reporting.version.connected": _("Cells of a form connected to records"),
        "reporting.version.deleted": _("Draft of a form deleted"),
        "reporting.version.published": _("Version of a form put in force"),
        "reporting.version.redone": _("Change of a form's draft brought back"),
        "reporting.version.repeat_decided": _("Likely repeat in a form decided"),
        "reporting.version.undone": _("Change of a form's draft undone"),
    }
)
name_objects(
    {
        "reporting.consolidation": _("municipality's report"),
        "reporting.formversion": _("version of a form"),
    }
)
